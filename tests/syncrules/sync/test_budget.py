"""The MAP's limits: all processes together keep to the connection's share, and a wait that it asks for is kept."""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

import pytest

from syncrules.connectors.base import New
from syncrules.connectors.hubspot import HubSpot, Settings, Timing
from syncrules.models import CallBudget, Connection, Link, Push
from syncrules.services.sync import budget, sending
from syncrules.services.sync.budget import Gate, Rate
from tests import factories
from tests.syncrules.connectors.answering import Asked, Said, Server, serving
from tests.syncrules.sync.kit import Both, address, both
from tests.syncrules.syncing import START

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]
EPOCH = START.timestamp()


@dataclass
class Clock:
    """Time that only goes on when somebody waits, and a little with each call."""

    now: float = EPOCH
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def moment(self):
        return START + timedelta(seconds=self.now - EPOCH)


@dataclass
class Limited:
    """A MAP that allows so many calls in ten seconds of that clock, and answers 429 to the others."""

    clock: Clock
    most: int
    retry_after: str = ""
    tells: bool = True
    calls: deque = field(default_factory=deque)
    told: list[tuple[float, int]] = field(default_factory=list)
    closed: float = 0.0

    def __call__(self, asked: Asked) -> Said:
        self.clock.now += 0.002
        now = self.clock.now
        while self.calls and self.calls[0] <= now - 10:
            self.calls.popleft()
        full = len(self.calls) >= self.most or now < self.closed
        self.told.append((now, 429 if full else 200))
        if full:
            return Said(429, b"{}", {"Retry-After": self.retry_after} if self.retry_after else {})
        self.calls.append(now)
        headers = {
            "X-HubSpot-RateLimit-Max": str(self.most),
            "X-HubSpot-RateLimit-Remaining": str(self.most - len(self.calls)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        }
        rows = [
            {"id": str(hash(i["id"]) % 10**9), "new": True, "properties": i["properties"]}
            | {"objectWriteTraceId": i["objectWriteTraceId"]}
            for i in asked.json["inputs"]
        ]
        return Said(200, json.dumps({"results": rows}).encode(), headers if self.tells else {})


class Small(HubSpot):
    """Calls of ten records, so that a thousand are a hundred calls."""

    batch = 10


@pytest.fixture
def pair() -> Both:
    return both()


def connector(server: Server, clock: Clock, gate: Gate | None = None, limit: int = 50) -> Small:
    settings = Settings("token", server.url, hosts=frozenset({"127.0.0.1"}), ten_seconds=limit, searches=5)
    return Small(settings, Timing(clock=clock, sleep=clock.sleep, chance=lambda: 0.5), gate)


def backlog(pair: Both, number: int) -> None:
    people = [{"email": address(n), "first_name": "Ann", "last_name": f"N{n}"} for n in range(number)]
    factories.arrive(*people, source=factories.FORM, at=pair.world.now)
    Push.objects.update(look=False)


def gate(pair: Both, clock: Clock, calls: int = 50) -> Gate:
    return Gate(pair.connection.pk, calls, 5, 0.95, clock)


# --- the limits ---


def test_a_backlog_drains_at_nine_tenths_of_the_limit_or_more_and_is_hardly_ever_refused(pair):
    backlog(pair, 1000)
    clock = Clock()
    limited = Limited(clock, 50)
    with serving(limited) as server:
        sending.drain(pair.connection, connector(server, clock, gate(pair, clock)), clock.moment, threads=0)
    assert Link.objects.count() == 1000
    assert [status for _, status in limited.told].count(429) <= len(limited.told) * 0.05
    assert 100 / (clock.now - EPOCH) >= 0.9 * 5


@pytest.mark.parametrize("tells", [True, False])
def test_limits_lower_than_was_thought_are_learned_from_the_answers_and_everything_gets_through(pair, tells):
    backlog(pair, 300)
    clock = Clock()
    limited = Limited(clock, 20, tells=tells)
    with serving(limited) as server:
        for _ in range(20):
            pair.connection.refresh_from_db()
            sending.drain(pair.connection, connector(server, clock, gate(pair, clock, 100)), clock.moment, threads=0)
            clock.now += 20
    assert Link.objects.count() == 300
    refused = [status for _, status in limited.told].count(429)
    assert refused == 0 or not tells


def test_processes_together_stay_under_the_limit_and_use_nine_tenths_of_it(pair):
    clock, chance = Clock(), random.Random(7)
    gates = [gate(pair, clock, 100) for _ in range(4)]
    due: list[float] = []
    while clock.now < EPOCH + 60:
        due.append(clock.now + chance.choice(gates).take(search=False))
        clock.now = max(clock.now + 0.001, due[-1] - 0.5)
    due.sort()
    assert all(later - first >= 10 for first, later in zip(due, due[100:], strict=False))
    assert sum(EPOCH + 10 <= at < EPOCH + 60 for at in due) >= 0.9 * 500


def test_after_a_rest_no_more_calls_go_at_once_than_are_left_to_others(pair):
    clock = Clock()
    mine = gate(pair, clock, 100)
    mine.take(search=False)
    clock.now += 3600
    waits = [mine.take(search=False) for _ in range(12)]
    assert waits[:5] == pytest.approx([0.0] * 5, abs=1e-6)
    assert waits[6] > 0


def test_searches_have_a_limit_of_their_own(pair):
    clock = Clock()
    mine = gate(pair, clock, 1000)
    waits = [mine.take(search=True) for _ in range(6)]
    assert waits[5] >= 1.0
    assert mine.take(search=False) < 0.2


def test_where_much_is_allowed_one_look_at_the_row_books_many_calls(pair, django_assert_num_queries):
    mine = gate(pair, Clock(), 100_000)
    mine.take(search=False)
    with django_assert_num_queries(0):
        for _ in range(100):
            mine.take(search=False)


def test_a_new_process_begins_with_what_the_map_last_said_of_its_limits(pair):
    Connection.objects.update(allowance={"most": 190, "left": 100, "seconds": 10.0}, calls=10)
    pair.connection.refresh_from_db()
    fast = budget.gate_of(pair.connection)._rates["next_call"]
    assert fast == Rate.of(190, 10.0, 0.95)


def test_what_the_map_says_of_its_limits_is_kept_with_the_connection(pair):
    backlog(pair, 100)
    clock = Clock()
    with serving(Limited(clock, 10)) as server:
        sending.drain(pair.connection, connector(server, clock, limit=10), clock.moment, threads=0)
    pair.connection.refresh_from_db()
    assert (pair.connection.allowance["most"], pair.connection.allowance["seconds"]) == (10, 10.0)


# --- a wait that the MAP asks for ---


@pytest.mark.parametrize("seconds", [1, 7, 45, 120])
def test_nobody_calls_before_the_time_that_the_map_asked_for(pair, seconds):
    backlog(pair, 30)
    clock = Clock()
    limited = Limited(clock, 50, retry_after=str(seconds), closed=EPOCH + seconds)
    with serving(limited) as server:
        _until_done(pair, server, clock, [gate(pair, clock), gate(pair, clock)])
    first, *others = limited.told
    assert first[1] == 429
    assert min(at for at, _ in others) >= first[0] + seconds
    assert [status for _, status in others] == [200] * 3


def test_a_refusal_that_names_no_time_is_followed_by_waits_of_random_length(pair):
    backlog(pair, 10)
    clock = Clock()
    limited = Limited(clock, 50, closed=EPOCH + 30)
    with serving(limited) as server:
        _until_done(pair, server, clock, [gate(pair, clock)])
    assert Link.objects.count() == 10
    waits = {round(later[0] - first[0], 1) for first, later in pairwise(limited.told)}
    assert len(limited.told) < 40
    assert len(waits) > 4


def _until_done(pair: Both, server: Server, clock: Clock, gates: list[Gate]) -> None:
    """One worker after the other, each with a gate and a connector of its own, as soon as the connection may call."""
    workers = _turns([connector(server, clock, one) for one in gates])
    for _ in range(300):
        if not Push.objects.exists():
            return
        pair.connection.refresh_from_db()
        sending.drain(pair.connection, next(workers), clock.moment, threads=0)
        clock.now += 0.5
    raise AssertionError("it never got through")


def _turns(workers: list[Small]) -> Iterator[Small]:
    while True:
        yield from workers


def test_a_gate_that_is_closed_holds_other_processes_back_too(pair):
    clock = Clock()
    one, other = gate(pair, clock), gate(pair, clock)
    other.take(search=False)
    one.close(30)
    assert other.take(search=False) >= 30
    assert CallBudget.objects.get().next_call >= EPOCH + 30


def test_a_wait_that_one_process_is_asked_for_is_known_to_all_while_it_waits(pair):
    known: list[float] = []

    class Watched(Clock):
        def sleep(self, seconds: float) -> None:
            known.append(CallBudget.objects.get().next_call)
            super().sleep(seconds)

    clock = Watched()
    limited = Limited(clock, 50, retry_after="20", closed=EPOCH + 20)
    with serving(limited) as server:
        connector(server, clock, gate(pair, clock)).upsert([New("a@b.example", {})])
    assert [status for _, status in limited.told] == [429, 200]
    assert known[0] >= EPOCH + 20


def test_a_call_that_would_have_to_wait_too_long_is_not_made(pair):
    backlog(pair, 10)
    clock = Clock()
    mine = gate(pair, clock)
    mine.close(500)
    with serving(Limited(clock, 50)) as server:
        slow = connector(server, clock, mine)
        assert [w.done for w in slow.upsert([New("a@b.example", {})])] == [False]
        assert server.asked == []
