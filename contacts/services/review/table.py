"""The pieces of the comparison that a case's page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from contacts.domain.changes import Person
from contacts.domain.marking import Parts
from contacts.models import Contact
from contacts.services.review.cases import Offer

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Value:
    """A value in parts, each with whether it differs, and a note under it. ``pick`` is what choosing it sends."""

    parts: Parts
    note: str = ""
    pick: str = ""
    place: int = 0  # which of the row's choices it is


@dataclass(frozen=True)
class Cell:
    """What one side says of a field; without a value it is empty."""

    values: Sequence[Value]


@dataclass(frozen=True)
class Effect:
    """What a field would become: ``sign`` is fill, alias, keep, refuse, same or pick."""

    sign: str
    words: str
    why: str = ""
    place: int = 0


@dataclass(frozen=True)
class Row:
    """One field: what each side says, and what would become of it, for each choice there is."""

    name: str
    label: str
    cells: Sequence[Cell]
    effects: Sequence[Effect] = ()
    checked: int = -1  # the place of the choice that stands; below 0 there is nothing to choose

    @property
    def tall(self) -> bool:
        notes = any(value.note for cell in self.cells for value in cell.values)
        return notes or any(effect.why for effect in self.effects)


@dataclass(frozen=True)
class Column:
    """A contact that the case may be about."""

    letter: str
    number: int
    contact: Contact
    person: Person
    keys: Sequence[str]
    chosen: bool
    hangs: Sequence[str]  # what hangs on it, in words
    score: int | None = None
    sure: str = ""

    @property
    def sure_words(self) -> str:
        """ "very likely, 0.95"."""
        return f"{self.sure}, {self.score / 100:.2f}" if self.score is not None else ""


@dataclass
class Comparison:
    """The whole table, and what it says in a line."""

    offers: Sequence[Offer]
    columns: Sequence[Column]
    basis: str
    rows: list[Row] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
    apart: str = ""  # what "different people" would do
    problem: str = ""  # why it can't be decided as it stands
    warnings: list[str] = field(default_factory=list)

    @property
    def chosen(self) -> Column | None:
        return next((c for c in self.columns if c.chosen), None)
