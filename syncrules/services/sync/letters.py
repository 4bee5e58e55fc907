"""What is said to a MAP about one row of the outbox, and what it answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from syncrules.connectors.base import Record, Written
from syncrules.domain.records import Judged
from syncrules.models import Link
from syncrules.services.links import NewLink
from syncrules.services.sync.outbox import Leased


class Sort(Enum):
    """What is asked of the MAP; letters of one sort share calls."""

    CHANGE = "change"  # values of a record
    MAKE = "make"  # a record for a contact that has none
    MERGE = "merge"  # two records into one
    OPT_OUT = "opt-out"  # an address
    DELETE = "delete"  # a record
    ERASE = "erase"  # a record, for good


@dataclass
class Letter:
    """One row of the outbox, judged: ``texts`` by MAP field, and the addresses to opt out before anything else.

    ``out`` is what the MAP's own opt-out property shows once that is done; it is never written itself. ``link`` is
    the link as it was judged, ``others`` are links of the same contact whose records go into its record.
    """

    row: Leased
    sort: Sort
    texts: Mapping[str, str] = field(default_factory=dict)
    opt_outs: tuple[str, ...] = ()
    out: Mapping[str, str] = field(default_factory=dict)
    contact: int | None = None
    version: int = 0
    email: str = ""
    link: Link | None = None
    others: tuple[Link, ...] = ()
    judged: list[Judged] = field(default_factory=list)
    lost: list[Judged] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What the MAP calls the thing: a record's id, or an address."""
        return self.link.record_id if self.link else self.email or self.row.subject


@dataclass
class Answer:
    """What came of a letter: what the MAP said, or the record that it ``found`` where one was to be made.

    ``stored`` is what the MAP holds afterwards of the fields that were sent; ``refused`` is by field why a value was
    left out so that the others could be stored. ``link`` is the new link where one was made.
    """

    letter: Letter
    written: Written | None = None
    found: Record | None = None
    stored: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, Written] = field(default_factory=dict)
    link: NewLink | None = None


@dataclass
class Parcel:
    """Letters of one sort that are sent together; then with their answers, and how many calls that took."""

    sort: Sort
    letters: list[Letter]
    answers: list[Answer] = field(default_factory=list)
    calls: int = 0

    def add(self, other: Parcel) -> None:
        """Take over what another one holds."""
        self.letters += other.letters
        self.answers += other.answers
        self.calls += other.calls
