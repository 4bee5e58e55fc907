"""A worksheet that passes the check comes to rest, however the MAPs spell what they store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncrules.domain.judges import NEVER_AGREED, FieldCase, judge
from syncrules.domain.proof import STOPS, check
from syncrules.domain.worksheet import Direction, Row, Rule, Worksheet
from tests.syncrules.domain.building import HUB, MAP, TABLE, row, worksheet

Respell = Callable[[str], str]
SPELLINGS: dict[str, Respell] = {
    "as it comes": str,
    "capitals": str.upper,
    "cut off": lambda text: text[:4],
    "a mark": lambda text: text.rstrip(".") + ".",
}
#: After so many rounds anything that comes to rest has.
ROUNDS = 12


class Side:
    """One MAP and its row on the job title: what it stores, what it showed, what was agreed with it."""

    def __init__(self, said: Row, spelt: Respell) -> None:
        self.row, self.spelt = said, spelt
        self.value: str | None = None
        self.seen: str | None = None
        self.agreed: Any = NEVER_AGREED

    def store(self, value: str | None) -> None:
        self.value = self.spelt(value) if value else None

    def exchange(self, hub: str | None) -> tuple[str | None, int]:
        """One pull and what is sent back; the hub's value after it, and how many writes it took."""
        news, self.seen = self.value != self.seen, self.value
        judged = judge(FieldCase(self.row, hub, self.value, self.agreed, news), TABLE)
        writes = 0
        if judged.hub and judged.hub.decision == "written":
            hub, writes = judged.hub_value, writes + 1
        if judged.map:
            self.store(judged.map_value)
            writes += 1
        if judged.agreed is not NEVER_AGREED:
            self.agreed = judged.agreed
        return hub, writes


def settle(sides: list[Side], hub: str | None) -> tuple[bool, str | None]:
    """Whether a round comes in which nothing is written any more, and the hub's value then."""
    for _ in range(ROUNDS):
        total = 0
        for side in sides:
            hub, writes = side.exchange(hub)
            total += writes
        if total == 0:
            return True, hub
    return False, hub


def passes(rows: list[Row]) -> bool:
    """Whether the worksheets of these rows may all be put in force, one connection a row."""
    sheets = [Worksheet(f"map{n}", f"MAP {n}", (said,), HUB, MAP) for n, said in enumerate(rows)]
    mine = [worksheet(said, slug=f"map{n}") for n, said in enumerate(rows)]
    stop = [p for n, m in enumerate(mine) for p in check(m, sheets[:n] + sheets[n + 1 :]) if p.level == STOPS]
    return not [p for p in stop if p.key == 7]


ROWS = st.builds(
    lambda way, rule, blank: row("job_title", "jobtitle", way, rule, blank_counts=blank),
    st.sampled_from(list(Direction)),
    st.sampled_from([Rule.NEVER, Rule.FILL, Rule.ONCE, Rule.HUB, Rule.FRESH]),
    st.booleans(),
)
VALUES = st.sampled_from([None, "Buyer", "buyer", "Head of Buying", "Buy."])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(ROWS, st.sampled_from(sorted(SPELLINGS))), min_size=1, max_size=3),
    VALUES,
    st.lists(st.tuples(st.integers(-1, 2), VALUES), max_size=3),
)
def test_what_passes_the_check_comes_to_rest(
    made: list[tuple[Row, str]], hub: str | None, edits: list[tuple[int, str | None]]
) -> None:
    if not passes([said for said, _ in made]):
        return
    sides = [Side(said, SPELLINGS[spelling]) for said, spelling in made]
    for at, value in [(-1, hub), *edits]:
        if at < 0:
            hub = value
        elif at < len(sides):
            sides[at].store(value)
        rested, hub = settle(sides, hub)
        assert rested


def test_what_the_check_calls_a_cycle_is_one() -> None:
    """Two MAPs that keep a field fresh both ways, each with a spelling of its own."""
    fresh = row("job_title", "jobtitle", "both", "fresh")
    assert not passes([fresh, fresh])
    sides = [Side(fresh, SPELLINGS["a mark"]), Side(fresh, SPELLINGS["cut off"])]
    sides[0].value = "Head of Buying."
    assert not settle(sides, None)[0]


@pytest.mark.parametrize("rule", ["fill", "hub", "never", "once"])
def test_two_maps_under_any_other_rule_are_none(rule: str) -> None:
    way = "to-hub" if rule == "once" else "to-map" if rule == "hub" else "both"
    said = row("job_title", "jobtitle", way, rule)
    assert passes([said, said])
    sides = [Side(said, SPELLINGS["a mark"]), Side(said, SPELLINGS["cut off"])]
    sides[0].value = "Head of Buying."
    assert settle(sides, "Buyer")[0]
