"""``read_rows``: the data rows of a file, streamed."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Iterator
from itertools import chain, pairwise
from typing import NamedTuple

from . import limits, spool
from .errors import GONE, UnreadableFile
from .feed import END, Feed, reader
from .headers import is_blank
from .layout import Layout
from .sections import is_start

#: What Zoom writes where it knows nothing.
_NOTHING = "--"


class Row(NamedTuple):
    """A data row. ``number`` counts from 1; ``values`` are as many as there are columns; ``extra`` is what
    stands past the last column (empty if nothing but blanks does)."""

    number: int
    values: list[str]
    extra: tuple[str, ...]


def read_rows(path: str | os.PathLike[str], layout: Layout, *, skip: int = 0) -> Iterator[Row]:
    """The rows below the header, or those of the layout's section, from row ``skip`` + 1 on.

    Values have no control characters, else they are as in the file. Memory stays bounded. Raises
    ``UnreadableFile`` naming the row for a cell that is too long, an unclosed quote or undecodable bytes.
    """
    with _opened(path, layout) as (feed, records):
        if layout.section:
            yield from _section_rows(feed, records, layout, skip)
        else:
            yield from _plain_rows(feed, records, layout, skip)


@contextlib.contextmanager
def _opened(path: str | os.PathLike[str], layout: Layout) -> Iterator[tuple[Feed, Iterator[list[str]]]]:
    """The feed and the records below the header; csv's errors, and a file that is gone, become sentences."""
    if not os.path.isfile(path):
        raise UnreadableFile(GONE)
    with contextlib.ExitStack() as stack:
        if layout.format == "xlsx":
            opened = stack.enter_context(spool.open_spool(path, layout.sheet))
            feed, file, skipped = Feed(path, "utf-8", offset=opened.offset), opened.file, layout.header_row
        else:
            file = stack.enter_context(open(path, "rb"))
            feed, skipped = Feed(path, layout.encoding, first_line=layout.header_row), 1
        records = reader(feed.lines(file), layout.delimiter)
        try:
            for _ in range(skipped):
                next(records, None)
            yield feed, records
        except csv.Error as error:
            raise _sentence(error, feed) from error


def _sentence(error: csv.Error, feed: Feed) -> UnreadableFile:
    """What csv's error means. Its only one here is the limit on a cell, which an open quote runs into."""
    if "field larger" in str(error):
        return UnreadableFile(
            f"Row {feed.row + 1:,} has a cell of more than {limits.MAX_CELL_CHARS:,} characters: "
            'shorten it, or look there for a quotation mark (") that is never closed.'
        )
    return UnreadableFile(f"Row {feed.row + 1:,} can't be read ({error}): save the file as UTF-8 CSV and try again.")


def _plain_rows(feed: Feed, records: Iterator[list[str]], layout: Layout, skip: int) -> Iterator[Row]:
    """Rows to the end of the file. The loop is kept short: it runs a million times."""
    width, number = len(layout.columns), 0
    for values in records:
        count = len(values)
        if count != width or count == 1:
            if is_blank(values) or _is_end(values, number):
                feed.piled = 0
                continue
            number += 1
            values, extra = _fitted(values, width, number)
        else:
            number += 1
            extra = ()
        feed.row = number
        if number > skip:
            if END in values[-1]:
                raise _unclosed(number)
            yield Row(number, values, extra)


def _section_rows(feed: Feed, records: Iterator[list[str]], layout: Layout, skip: int) -> Iterator[Row]:
    """Rows to the title of the next section; "--" is nothing there."""
    width = len(layout.columns)
    rows = (values for values in records if not is_blank(values))
    for number, (values, following) in enumerate(pairwise(chain(rows, ([],))), 1):
        if _is_end(values, number - 1) or is_start(values, following):
            return
        feed.row = number
        if number > skip:
            cells = ["" if value.strip() == _NOTHING else value for value in values]
            yield Row(number, *_fitted(cells, width, number))


def _is_end(values: list[str], number: int) -> bool:
    """Whether this is the mark behind the last line; raises if an open quote swallowed it."""
    if not values[-1].endswith(END):
        return False
    if values != [END]:
        raise _unclosed(number + 1)
    return True


def _fitted(values: list[str], width: int, number: int) -> tuple[list[str], tuple[str, ...]]:
    """A row's cells padded to the columns, and those past them."""
    count = len(values)
    if count <= width:
        return values + [""] * (width - count), ()
    if count > limits.MAX_COLUMNS:
        raise UnreadableFile(
            f"Row {number:,} has {count:,} cells, more than {limits.MAX_COLUMNS:,}: check the separator and that row."
        )
    extra = tuple(values[width:])
    return values[:width], extra if any(map(str.strip, extra)) else ()


def _unclosed(number: int) -> UnreadableFile:
    return UnreadableFile(
        f'Row {number:,} opens a quotation mark (") that is never closed: close or delete it and upload the file again.'
    )
