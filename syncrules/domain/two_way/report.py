"""The report of a two-way test: checks, each with what was expected, what was seen, and its cases as evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from syncrules.domain.cases import BLANK, Unread

#: So many failed cases of a check are kept with the report, and so many that passed.
KEPT_BAD, KEPT_GOOD = 100, 20


class Case(NamedTuple):
    """One thing that was looked at. ``row`` is the number of the worksheet's row, None where none is meant."""

    about: str
    field: str
    row: int | None
    expected: str
    seen: str
    passed: bool


class Check(NamedTuple):
    """One of the eight. ``evidence`` is JSON: ``expected``, ``seen``, ``cases`` and how many of them there were."""

    number: int
    title: str
    passed: bool
    evidence: dict[str, Any]


def check(number: int, title: str, expected: str, seen: str, cases: Sequence[Case]) -> Check:
    """A check passes when all of its cases do. Those that failed stand first in the evidence."""
    bad = [case for case in cases if not case.passed]
    good = [case for case in cases if case.passed]
    kept = [case._asdict() for case in (*bad[:KEPT_BAD], *good[:KEPT_GOOD])]
    evidence = {"expected": expected, "seen": seen, "cases": kept, "looked_at": len(cases), "failed": len(bad)}
    return Check(number, title, not bad, evidence)


def shown(value: Any) -> str:
    """A value as people read it."""
    if value is None or value is BLANK or value == "":
        return "nothing"
    if isinstance(value, Unread):
        return f"“{value.text}”, which is not understood"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
