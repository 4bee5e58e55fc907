"""How a file is read: what ``inspect`` finds out and a worker later reads by."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Section:
    """One table of a file that holds several, each with its own title and header (Zoom's reports).

    ``header_row`` counts from 1 like ``Layout.header_row``. ``rows_hint`` is the number of rows seen in
    the part that was looked at, scaled up for a section that goes on after it. ``usual`` marks the one
    that people mean when they upload such a file: the attendees.
    """

    name: str
    header_row: int
    rows_hint: int
    usual: bool


#: Fields of a layout that are lists in JSON.
LISTS = ("columns", "notes", "sheets")


@dataclass(frozen=True)
class Layout:
    """How a file is read. Goes to JSON and back, so that a worker reads the file the same way later.

    ``encoding`` is a name that both people and Python's codecs know ("Windows-1252"); ``header_row`` is
    the 1-based line (CSV) or sheet row (XLSX) of the header; ``section`` is "" for the whole file;
    ``sheet`` is "" for CSV and ``sheets`` empty; ``notes`` are sentences worth showing before anything is imported.
    """

    format: Literal["csv", "xlsx"]
    encoding: str
    encoding_sure: bool
    delimiter: str
    header_row: int
    columns: tuple[str, ...]
    section: str = ""
    sections: tuple[Section, ...] = ()
    sheet: str = ""
    notes: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The layout as JSON-able values."""
        plain = asdict(self)
        plain |= {name: list(plain[name]) for name in LISTS}
        plain["sections"] = [asdict(section) for section in self.sections]
        return plain

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Layout:
        """The layout that ``to_dict`` gave."""
        sections = tuple(Section(**section) for section in plain["sections"])
        lists = {name: tuple(plain.get(name, ())) for name in LISTS}
        return cls(**{**plain, **lists, "sections": sections})
