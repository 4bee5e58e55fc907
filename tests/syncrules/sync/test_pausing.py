"""A connection whose calls fail rests with the reason in words, longer each time, and goes on by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncrules.connectors.trouble import Denied, Garbled, Unavailable, Unclear
from syncrules.models import Connection, Push, SyncError
from syncrules.services.sync import pausing, sending
from tests.syncrules.sync.faults import WAIT, Fault, once
from tests.syncrules.sync.kit import Both, arrives, both
from tests.syncrules.syncing import START

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]
DOWN = Unavailable("HubSpot could not be reached.")


@pytest.fixture
def pair() -> Both:
    return both()


def rest(pair: Both, trouble, times: int = 1, at=START, chance: float = 1.0) -> timedelta:
    """How long the connection rests after failing so often, each time as soon as it may call again."""
    for _ in range(times):
        pausing.failed(pair.connection, trouble, at, lambda: chance)
        pair.connection.refresh_from_db()
        span, at = pair.connection.again_at - at, pair.connection.again_at
    return span


def send(pair: Both) -> None:
    pair.connection.refresh_from_db()
    now = pair.clock()
    sending.drain(pair.connection, pair.connector, lambda: now, threads=0)


def test_each_failure_in_a_row_doubles_the_longest_rest_up_to_a_quarter_of_an_hour(pair):
    spans = [rest(pair, DOWN, times=1, at=START + timedelta(hours=n)) for n in range(12)]
    assert spans[:4] == [timedelta(seconds=s) for s in (2, 4, 8, 16)]
    assert spans[-1] == timedelta(minutes=15)


def test_the_rest_is_any_part_of_that_and_never_nothing(pair):
    assert pausing.span(DOWN, 5, lambda: 0.5) == timedelta(seconds=16)
    assert pausing.span(DOWN, 5, lambda: 0.0) > timedelta(0)


@pytest.mark.parametrize("seconds", [1, 10, 120, 3600])
def test_a_wait_that_the_map_asks_for_is_kept_however_short_the_rest_would_be(pair, seconds):
    for chance in (0.0, 1.0):
        assert rest(pair, Unavailable("429", float(seconds)), chance=chance) >= timedelta(seconds=seconds)
        pausing.went_well(pair.connection)


def test_a_second_worker_that_fails_meanwhile_adds_nothing_but_a_longer_wait_that_was_asked_for(pair):
    rest(pair, DOWN)
    pausing.failed(pair.connection, DOWN, START, lambda: 1.0)
    pausing.failed(pair.connection, Unavailable("429", 60.0), START, lambda: 1.0)
    pair.connection.refresh_from_db()
    assert pair.connection.failures == 1
    assert pair.connection.again_at == START + timedelta(seconds=60)


def test_a_token_that_is_not_accepted_says_that_a_person_has_to_act(pair):
    assert rest(pair, Denied("HubSpot answered 401.")) == timedelta(minutes=15)
    assert pair.connection.trouble.startswith("HubSpot answered 401. A person has to act")


@pytest.mark.parametrize("trouble", [DOWN, Garbled("A web page."), Unclear("No answer came.")])
def test_the_reason_and_since_when_stay_in_words_until_a_call_is_answered(pair, trouble):
    rest(pair, trouble, times=3)
    assert (pair.connection.trouble, pair.connection.trouble_since) == (str(trouble), START)
    pausing.went_well(pair.connection)
    pair.connection.refresh_from_db()
    one = pair.connection
    assert (one.failures, one.trouble, one.trouble_since, one.again_at) == (0, "", None, None)


def test_while_it_rests_nothing_is_called_and_afterwards_everything_goes_by_itself(pair):
    arrives(pair, 1)
    pair.connector.draw = once("upsert", Fault.WAIT)
    send(pair)
    calls = len(pair.connector.calls)
    assert not pausing.may_call(pair.connection, pair.world.now)
    send(pair)
    assert len(pair.connector.calls) == calls
    pair.world.now += timedelta(seconds=WAIT + 3)
    assert list(pausing.open_now(pair.world.now)) == [pair.connection]
    send(pair)
    assert len(pair.map.everybody()) == 1
    assert Connection.objects.get().trouble == ""


def test_a_person_who_does_not_want_to_wait_has_it_tried_now(pair):
    rest(pair, DOWN, times=8)
    assert not pausing.may_call(pair.connection, START + timedelta(seconds=500))
    pausing.try_now(pair.connection, START + timedelta(seconds=1))
    assert pausing.may_call(pair.connection, START + timedelta(seconds=1))


@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.BUSY, Fault.DENIED, Fault.LOST, Fault.PAGE])
def test_what_befalls_whole_calls_is_no_contacts_fault(pair, fault):
    for number in range(3):
        arrives(pair, number)
    for _ in range(8):
        pair.connector.draw = lambda name: fault
        send(pair)
        pair.world.now += timedelta(minutes=20)
    assert not SyncError.objects.exists()
    assert Push.objects.filter(parked=False, tries=0).count() == 3
    assert Connection.objects.get().failures == 8


def test_a_paused_connection_is_never_tried_by_itself(pair):
    Connection.objects.update(state="paused")
    assert not pausing.may_call(pair.connection, START)
