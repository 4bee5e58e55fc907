"""What taking an import back does, as values: what goes, what is emptied, what stays and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

CHUNK = 1000  # contacts that are judged, and written, together
SHOWN = 100  # how many of each kind a plan names; it counts them all
#: Stands on the cases that were closed with the import.
NOTE = "the import was taken back"


class CannotUndo(Exception):
    """An import that can't be taken back; the text says why."""


class Removed(NamedTuple):
    """A contact that goes."""

    contact: int
    name: str


class Emptied(NamedTuple):
    """A value that goes, as people read it."""

    contact: int
    name: str
    field: str
    value: str


class Left(NamedTuple):
    """What stays, and why; without a field it is the whole contact."""

    contact: int
    name: str
    field: str
    reason: str


KINDS = {"removed": Removed, "emptied": Emptied, "left": Left}


@dataclass
class UndoPlan:
    """What taking back does: how many of each kind, and the first ``shown`` of them."""

    batch_id: int
    shown: int = SHOWN
    removed: list[Removed] = field(default_factory=list)
    emptied: list[Emptied] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: Counter(dict.fromkeys(KINDS, 0)))
    cases_closed: int = 0
    cases_left: int = 0

    def add(self, kind: str, found: Sequence[Any]) -> None:
        """Count what was found, and keep it while there is room."""
        kept = getattr(self, kind)
        kept.extend(found[: max(self.shown - len(kept), 0)])
        self.counts[kind] += len(found)

    def totals(self) -> dict[str, Any]:
        """The numbers alone, ready for JSON."""
        return {"counts": dict(self.counts), "cases_closed": self.cases_closed, "cases_left": self.cases_left}

    def to_json(self) -> dict[str, Any]:
        """All of it; ``from_json`` reads it, and reads the totals as well."""
        return self.totals() | {"shown": self.shown} | {kind: getattr(self, kind) for kind in KINDS}

    @classmethod
    def from_json(cls, batch_id: int, told: Mapping[str, Any]) -> UndoPlan:
        plan = cls(batch_id, told.get("shown", SHOWN))
        for kind, line in KINDS.items():
            setattr(plan, kind, [line(*parts) for parts in told.get(kind, [])])
        plan.counts.update(told.get("counts", {}))
        plan.cases_closed, plan.cases_left = told.get("cases_closed", 0), told.get("cases_left", 0)
        return plan
