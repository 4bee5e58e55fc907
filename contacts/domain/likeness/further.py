"""Further fields as evidence: what ops defined, such as a date of birth, a postcode or a customer number.

Nobody says how telling such a field is, so the data do: how rare a value is by counting, and how steady the field
is by looking at pairs that are sure without it. One that differs in every such pair costs nothing when it differs.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import log2
from zlib import crc32

from rapidfuzz.distance import OSA

from contacts.domain.identity import fold
from contacts.domain.likeness.profiles import FieldType, FurtherField
from contacts.domain.likeness.rarity import value_bits

SAME, NEAR, LIKE, OTHER, ELSEWHERE = range(5)
BLANK = 0

#: What is thought of a field before its data are seen: how often in pairs of one person its values are the same,
#: differ by one slip, are like each other, are others; and the share of a usual value.
_BEFORE: dict[FieldType, tuple[tuple[float, float, float, float], float]] = {
    "date": ((0.88, 0.07, 0.02, 0.03), 1 / 10_000),
    "number": ((0.55, 0.05, 0.05, 0.35), 1 / 500),
    "text": ((0.60, 0.10, 0.05, 0.25), 1 / 2000),
    "choice": ((0.60, 0.00, 0.00, 0.40), 1 / 5),
}
_COUNTS_FOR = 20
_MOST_BITS = 16.0
_LEAST_BITS = -6.0
_SLIP_FROM = 4
_SAMPLE = 300
_LEAST_BY_CHANCE = 1e-5
#: A date that differs in pairs of one person this rarely tells people apart.
TELLS_APART = -3.0


class FurtherColumn:
    """The values of one further field: each value once, and the number of it that each contact has."""

    def __init__(self, field: FurtherField) -> None:
        self.field = field
        self.values = array("i")
        self.shown: list[str] = [""]
        self._folded: list[str] = [""]
        self._numbers: dict[str, int] = {"": BLANK}
        self._counts = array("i", [0])
        self._seen = [0, 0, 0, 0]
        self._weights: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
        self._by_chance: tuple[float, float] = (_LEAST_BY_CHANCE, _LEAST_BY_CHANCE)

    def add(self, value: str) -> None:
        """Take the value of the next contact; "" if it has none."""
        folded = fold(value)
        if self.field.type == "number":
            folded = folded.lstrip("0") or folded
        number = self._numbers.setdefault(folded, len(self.shown))
        if number == len(self.shown):
            self.shown.append(value)
            self._folded.append(folded)
            self._counts.append(0)
        self.values.append(number)
        self._counts[number] += bool(number)

    @property
    def is_used(self) -> bool:
        """Whether any two contacts could agree or differ in it."""
        return sum(self._counts) > 1

    def weigh(self) -> None:
        """Work out the weights before the first pair is seen."""
        self._numbers.clear()
        self._filled = sum(self._counts)
        self._by_chance = self._alike_by_chance()
        self._set_weights()

    def learn(self, findings: Sequence[int]) -> None:
        """Take what was found in pairs that are sure without this field: how many of SAME, NEAR, LIKE, OTHER."""
        self._seen = list(findings)
        self._set_weights()

    def compare(self, a: int, b: int) -> int:
        """What two values (their numbers, neither blank) are to each other."""
        if a == b:
            return SAME
        if self.field.type == "choice":
            return OTHER
        return _likeness(self._folded[a], self._folded[b], self.field.type)

    def is_in(self, other: FurtherColumn, a: int, b: int) -> bool:
        """Whether what one contact has here is, but for a slip, what the other has in another field."""
        mine, theirs = self._folded[self.values[a]], other._folded[other.values[b]]
        return bool(mine and theirs) and (mine == theirs or _likeness(mine, theirs, "text") == NEAR)

    def bits(self, finding: int, value: int) -> float:
        """The weight of a finding; of a value in common by its rarity."""
        if finding != SAME:
            return self._weights[finding]
        usual = _BEFORE[self.field.type][1]
        rarity = value_bits(self._counts[value], self._filled, usual)
        return min(rarity + self._weights[SAME], _MOST_BITS)

    def count(self, value: int) -> int:
        return self._counts[value]

    def _set_weights(self) -> None:
        before = _BEFORE[self.field.type][0]
        total = sum(self._seen) + _COUNTS_FOR
        share = [(n + _COUNTS_FOR * p) / total for n, p in zip(self._seen, before, strict=True)]
        near, like = self._by_chance
        self._weights = (
            min(log2(share[SAME]), 0.0),
            _bounded(share[NEAR], near),
            _bounded(share[LIKE], like),
            _bounded(share[OTHER], 1.0),
        )

    def _alike_by_chance(self) -> tuple[float, float]:
        """How often two values picked blindly are near or like each other: the same picks whatever the order."""
        picks = sorted(range(1, len(self._folded)), key=lambda n: (crc32(self._folded[n].encode()), self._folded[n]))
        picks = picks[:_SAMPLE]
        found = [0, 0, 0, 0]
        for place, a in enumerate(picks):
            for b in picks[:place]:
                found[self.compare(a, b)] += 1
        total = len(picks) * (len(picks) - 1) // 2 + 200  # so that few values don't make 0 of it
        return (found[NEAR] + 1) / total, (found[LIKE] + 1) / total


def _bounded(share: float, by_chance: float) -> float:
    return min(max(log2(max(share, 1e-9) / max(by_chance, _LEAST_BY_CHANCE)), _LEAST_BITS), _MOST_BITS)


def _likeness(a: str, b: str, kind: FieldType) -> int:
    """NEAR is one slip; LIKE is up to a third of the text changed, or one within the other."""
    shorter = min(len(a), len(b))
    if shorter < _SLIP_FROM:
        return OTHER
    most = max(1, shorter // 3) if kind == "text" else 2
    slips = OSA.distance(a, b, score_cutoff=most)
    if slips <= 1:
        return NEAR
    if slips <= most:
        return LIKE
    within = kind == "text" and (a in b or b in a)
    return LIKE if within or (kind == "date" and _day_and_month_changed(a, b)) else OTHER


def _day_and_month_changed(a: str, b: str) -> bool:
    return len(a) == len(b) == 8 and a[:4] == b[:4] and a[4:6] == b[6:] and a[6:] == b[4:6]
