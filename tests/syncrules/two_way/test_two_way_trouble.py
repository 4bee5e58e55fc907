"""A two-way test whose process dies, whose MAP goes away or that somebody stops: nothing of it is left."""

from __future__ import annotations

from typing import Any

import pytest

from syncrules.connectors.base import Why, Written
from syncrules.connectors.trouble import Unavailable
from syncrules.models import Connection, TwoWayTest
from syncrules.services import two_way
from syncrules.services.two_way import working
from tests.syncrules.sync.faults import Died
from tests.syncrules.two_way.kit import counts, prepared, run

pytestmark = pytest.mark.django_db(transaction=True)
State, Status = Connection.State, TwoWayTest.Status


class Dies:
    """A MAP in front of which the process is killed at a certain call."""

    def __init__(self, behind: Any, at: str) -> None:
        self._behind, self._at = behind, at

    def __getattr__(self, name: str) -> Any:
        if name == self._at:
            raise Died
        return getattr(self._behind, name)


@pytest.mark.parametrize("call", ["upsert", "changes", "write", "opt_out", "delete"])
def test_what_a_killed_process_left_is_cleaned_up(call: str) -> None:
    sides = prepared()
    before = counts()
    with pytest.raises(Died):
        run(sides, Dies(sides.map, call))
    test = TwoWayTest.objects.get()
    assert test.cleaned_at is None
    sides.world.now += working.leases.LEASE * 2
    assert two_way.unfinished(sides.clock()) == [test.pk]
    assert two_way.work(test.pk, sides.map, sides.clock)
    test.refresh_from_db()
    assert test.status in (Status.STOPPED, Status.PASSED)
    assert test.cleaned_at
    assert counts() == before
    assert not sides.map.everybody()


class Away:
    """A MAP that does not answer any more from a certain call on."""

    def __init__(self, behind: Any, at: str) -> None:
        self._behind, self._at, self.away = behind, at, False

    def __getattr__(self, name: str) -> Any:
        if name == self._at:
            raise Unavailable("It answers 503.")
        return getattr(self._behind, name)


def test_a_map_that_is_away_in_the_middle_costs_no_lasting_trace() -> None:
    sides = prepared()
    before = counts()
    test = run(sides, Away(sides.map, "changes"))
    assert test.status == Status.STOPPED
    assert "It answers 503" in test.problem
    assert counts() == before


def test_a_test_that_somebody_stops_cleans_up_too() -> None:
    sides = prepared()
    before = counts()
    test = two_way.start(sides.connection, "Ops", sides.clock())
    assert two_way.stop(test)
    assert two_way.work(test.pk, sides.map, sides.clock)
    test.refresh_from_db()
    assert (test.status, test.checks) == (Status.STOPPED, [])
    assert counts() == before
    assert not two_way.stop(test)


@pytest.mark.parametrize("call", ["upsert", "write", "opt_out"])
def test_a_map_that_is_away_for_writes_ends_the_test_and_says_nothing_of_the_worksheet(call: str) -> None:
    sides = prepared(state=State.LIVE)
    before = counts()

    class Late:
        def __getattr__(self, name: str) -> Any:
            return self.late if name == call else getattr(sides.map, name)

        def late(self, items: Any) -> list[Written]:
            return [Written("", "down", Why.LATER, trouble=Unavailable("It answers 503.")) for _ in items]

    test = run(sides, Late())
    assert (test.status, test.checks) == (Status.STOPPED, [])
    assert "It answers 503" in test.problem
    assert counts() == before
    assert Connection.objects.get().state == State.LIVE


def test_a_test_whose_token_is_missing_ends_at_once() -> None:
    sides = prepared()
    test = two_way.start(sides.connection, "Ops", sides.clock())
    Connection.objects.update(kind="hubspot")
    assert two_way.work(test.pk, None, sides.clock)
    test.refresh_from_db()
    assert test.status == Status.STOPPED
    assert test.cleaned_at
    assert "token" in test.problem.lower()
