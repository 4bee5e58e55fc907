"""Files that hold several tables, each with a title and a header of its own (Zoom's webinar reports).

They are told by their structure, not by line numbers: a line with one filled cell, the title, and below
it a wider line of known column names. Zoom changes its preamble often, and translates its titles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .headers import Record, is_address, is_data, known_names
from .layout import Section

_TITLE_CHARS = 100
#: Titles of the people who came or registered, in the languages of the synonyms.
_ATTENDEES = re.compile(
    "attendee|registrant|teilnehmer|participant|asistente|partecipant|deelnemer|uczestni", re.IGNORECASE
)
#: "Other Attended" lists those who dialled in by phone, without an address.
_NOT_USUAL = re.compile("other|host|panelist", re.IGNORECASE)
#: A weight above any number of addresses in the part that is looked at.
_TITLE_WEIGHT = 10_000_000


@dataclass(frozen=True)
class Table:
    """A section as found: its title, the index of its header among the records, and the end of its rows."""

    title: str
    header: int
    end: int


def is_start(title: Sequence[str], header: Sequence[str]) -> bool:
    """Whether two records that follow each other are the title and the header of a section."""
    if not title or len(title[0]) > _TITLE_CHARS or not title[0].strip() or any(map(str.strip, title[1:])):
        return False
    if is_data(title[0].strip()) or len(header) < 2:
        return False
    cells = [cell for cell in header if cell.strip()]
    return len(cells) >= 2 and known_names(header) >= 2 and not any(map(is_data, cells))


def find_tables(records: Sequence[Record]) -> list[Table]:
    """The sections among ``records``; none for an ordinary file with or without title lines.

    One section alone counts only below another table: else its title is just a title.
    """
    pairs = range(len(records) - 1)
    starts = [i for i in pairs if is_start(records[i].values, records[i + 1].values)]
    if not starts:
        return []
    if len(starts) == 1 and not any(len(record.filled) > 1 for record in records[: starts[0]]):
        return []
    ends = [*starts[1:], len(records)]
    titles = _distinct([records[start].values[0].strip() for start in starts])
    return [Table(title, start + 1, end) for title, start, end in zip(titles, starts, ends, strict=True)]


def _distinct(titles: list[str]) -> list[str]:
    """Titles that can tell sections apart: a repeated one gets a number."""
    return [f"{t} ({titles[:i].count(t) + 1})" if t in titles[:i] else t for i, t in enumerate(titles)]


def describe(records: Sequence[Record], tables: Sequence[Table], scale: float) -> tuple[Section, ...]:
    """The sections for people. ``scale`` is how much longer the file is than what was looked at."""
    if not tables:
        return ()
    weights = [_weight(records, table) for table in tables]
    usual = weights.index(max(weights))
    last = len(tables) - 1
    return tuple(
        Section(
            name=table.title,
            header_row=records[table.header].line,
            rows_hint=round((table.end - table.header - 1) * (scale if i == last else 1)),
            usual=i == usual,
        )
        for i, table in enumerate(tables)
    )


def _weight(records: Sequence[Record], table: Table) -> int:
    """How likely a section is the one that people mean: by its title, then by its addresses."""
    rows = records[table.header + 1 : table.end]
    addresses = sum(any(map(is_address, record.values)) for record in rows)
    if _NOT_USUAL.search(table.title):
        return addresses - _TITLE_WEIGHT
    return addresses + (_TITLE_WEIGHT if _ATTENDEES.search(table.title) else 0)
