"""Turns the files that people have (CSV, TSV, XLSX) into a header and a stream of rows of text.

``inspect`` finds out how a file is read, ``survey`` proves that all of it can be read, ``match_columns``
says which column is which field, ``read_rows`` streams. Needs no Django and no database. Everything that
can be wrong with a file is an ``UnreadableFile``, whose text is a sentence for a person.
"""

from __future__ import annotations

from .errors import NO_ROOM, UnreadableFile
from .inspecting import inspect
from .layout import Layout, Section
from .matching import ColumnMatch, match_columns
from .moments import parse_moment
from .rows import Row, read_rows
from .shapes import Shape
from .spool import discard
from .surveying import Survey, survey

__all__ = [
    "NO_ROOM",
    "ColumnMatch",
    "Layout",
    "Row",
    "Section",
    "Shape",
    "Survey",
    "UnreadableFile",
    "discard",
    "inspect",
    "match_columns",
    "parse_moment",
    "read_rows",
    "survey",
]
