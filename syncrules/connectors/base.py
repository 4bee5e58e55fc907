"""The protocol of a connector: a MAP's properties, records and changes, in plain values.

A connector knows nothing of contacts, worksheets or the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from syncrules.domain.worksheet import FieldType


@dataclass(frozen=True)
class Record:
    """One record of a MAP. Values are text, as MAPs send them; a property without a value is absent or ""."""

    id: str
    values: Mapping[str, str]
    changed_at: str = ""


@dataclass(frozen=True)
class Page:
    """Some changed records, and the cursor to go on from. ``more`` says whether there are further ones now."""

    records: Sequence[Record]
    cursor: str
    more: bool


@dataclass(frozen=True)
class Written:
    """What came of one write: the record's id, or why it was not taken."""

    id: str
    error: str = ""


class Connector(Protocol):
    """One MAP."""

    def properties(self) -> Sequence[FieldType]:
        """The fields of its contacts that exist now, with their types and options."""

    def changes(self, cursor: str, limit: int) -> Page:
        """Records changed since ``cursor`` ("" is the beginning), the oldest change first; none is left out."""

    def read(self, ids: Iterable[str]) -> Mapping[str, Record]:
        """The records of these ids that exist."""

    def write(self, changes: Sequence[tuple[str, Mapping[str, str]]]) -> Sequence[Written]:
        """Store values of records by id, in order; one that fails does not keep the others from being written."""
