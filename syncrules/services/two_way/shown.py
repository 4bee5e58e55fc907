"""A two-way test as pages show it: the eight checks, each as it turns, with what was expected beside what was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from syncrules.models import Connection, TwoWayTest
from syncrules.services.two_way.starting import newest

TITLES = (
    "Test contacts in the hub",
    "Matching ones in the MAP, slightly different",
    "Sync for the test segment only",
    "Overwrites as the rows say, no duplicates",
    "New in the hub appears in the MAP",
    "New in the MAP appears in the hub",
    "Stage changed in the hub",
    "Stage changed in the MAP, nothing else overwritten",
)
Status = TwoWayTest.Status


@dataclass(frozen=True)
class Line:
    """One check: ``passed`` is None while nobody knows."""

    number: int
    title: str
    passed: bool | None
    expected: str = ""
    seen: str = ""
    failed: tuple[dict[str, Any], ...] = ()
    more: int = 0
    good: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Card:
    """A test and its checks."""

    test: TwoWayTest
    lines: list[Line]

    @property
    def active(self) -> bool:
        return self.test.cleaned_at is None

    @property
    def passed(self) -> int:
        return sum(line.passed is True for line in self.lines)

    @property
    def percent(self) -> int:
        return round(100 * self.test.done / self.test.of) if self.test.of else 0

    @property
    def seconds(self) -> int | None:
        if self.test.started_at is None or self.test.finished_at is None:
            return None
        return round((self.test.finished_at - self.test.started_at).total_seconds())


def card(connection: Connection) -> Card | None:
    """The newest test; None where there was none. One query."""
    test = newest(connection)
    return Card(test, lines_of(test)) if test else None


def lines_of(test: TwoWayTest) -> list[Line]:
    """The eight checks; those that were not made yet have titles alone."""
    made = {check["number"]: check for check in test.checks}
    return [_line(n, title, made.get(n)) for n, title in enumerate(TITLES, 1)]


def _line(number: int, title: str, check: dict[str, Any] | None) -> Line:
    if check is None:
        return Line(number, title, None)
    said = check["evidence"]
    bad = tuple(case for case in said["cases"] if not case["passed"])
    good = tuple(case for case in said["cases"] if case["passed"])
    return Line(
        number, title, check["passed"], said["expected"], said["seen"], bad, said["failed"] - len(bad), good[:10]
    )
