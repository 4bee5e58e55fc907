"""The log of refusals: counted by rule, by move and by worksheet row, and written in one statement."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contacts.domain import rules
from contacts.services import refusals
from tests.contacts.deciding import NOW, seed

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _hub() -> None:
    seed()


class TestCounts:
    def row(self, days: float, rule: str = rules.STAGE_MAP, **more: Any) -> refusals.Refused:
        at = LATER - timedelta(days=days)
        move = {"stage_from": "new-lead", "stage_to": "mql"} | more
        return refusals.Refused(None, "lifecycle_stage", rule, at, "source", "Paid search", "MQL", **move)

    def test_they_are_counted_by_rule_by_move_and_by_row_in_a_period_and_the_one_before(self):
        worksheet = {"connection": "sandbox", "row": 4, "stage_from": "", "stage_to": ""}
        refusals.log_refusals(
            [self.row(1), self.row(29), self.row(31), self.row(61), self.row(2, "fresh@7.5", **worksheet)]
        )
        assert refusals.by_move(LATER) == {("new-lead", "mql"): (2, 1)}
        assert refusals.by_rule(LATER) == {rules.STAGE_MAP: (2, 1), "fresh": (1, 0)}
        assert refusals.by_row("sandbox", LATER) == {4: (1, 0)}
        assert refusals.total(LATER) == (2, 0)
        assert len(refusals.latest(3)) == 3

    def test_a_thousand_are_one_statement(self, django_assert_num_queries):
        with django_assert_num_queries(1):
            refusals.log_refusals([self.row(n / 100) for n in range(1_000)])
