"""Two versions side by side: each row is there once, and what differs is named."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from syncrules.domain.comparing import compare
from syncrules.domain.worksheet import Row
from tests.syncrules.domain.building import SEEDED, row, worksheet


def test_a_version_is_the_same_as_itself() -> None:
    assert not compare(worksheet(), worksheet()).differ


def test_rows_that_came_went_and_changed() -> None:
    before = worksheet()
    after = replace(
        before,
        rows=(
            before.rows[0],
            before.rows[1]._replace(direction="both", rule="fresh"),
            *(r._replace(number=r.number - 1) for r in before.rows[3:]),
            row("job_title", "jobtitle", "to-map", "hub", 9, number=6),
        ),
        left_out_hub=frozenset({"vip"}),
    )
    found = compare(before, after)
    said = [(p.what, (p.after or p.before).name, p.cells) for p in found.pairs if p.what != "same"]  # type: ignore[union-attr]
    assert said == [
        ("changed", "First Name", ("direction", "rule")),
        ("removed", "Lead Source", ()),
        ("added", "Job title", ()),
    ]
    assert ("hub", "interest") in found.taken_in
    assert found.differ


def test_one_row_that_moved_is_one_row_that_moved() -> None:
    last, *rest = reversed(SEEDED)
    order = [last, *reversed(rest)]
    after = replace(worksheet(), rows=tuple(r._replace(number=n) for n, r in enumerate(order, 1)))
    assert [p.after.name for p in compare(worksheet(), after).pairs if p.moved] == [last.name]  # type: ignore[union-attr]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.permutations(range(6)), st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)))
def test_every_row_of_either_version_is_there_once(order: list[int], gone: set[int], new: set[int]) -> None:
    def rows(keys: list[int]) -> tuple[Row, ...]:
        return tuple(SEEDED[k]._replace(key=k, number=n) for n, k in enumerate(keys, 1))

    before = replace(worksheet(), rows=rows([k for k in range(6) if k not in new]))
    after = replace(worksheet(), rows=rows([k for k in order if k not in gone]))
    found = compare(before, after)
    assert sorted(p.after.key for p in found.pairs if p.after) == sorted(r.key for r in after.rows)
    assert sorted(p.before.key for p in found.pairs if p.before) == sorted(r.key for r in before.rows)
    assert [p.after.key for p in found.pairs if p.after] == [r.key for r in after.rows]
