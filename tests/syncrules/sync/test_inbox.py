"""Webhooks: each event once, whatever its order; what stands is read from the MAP, and only that counts."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from itertools import permutations
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection as database
from django.db import connections
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from syncrules.connectors.base import Event, Happening
from syncrules.connectors.trouble import Garbled
from syncrules.models import Hook, Link, Look, SyncCount, SyncError
from syncrules.services.sync import inbox, looking, polling
from syncrules.services.sync.counting import Counts
from tests.syncrules.sync.kit import Both, address, both, person
from tests.syncrules.syncing import START, contact

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]


@pytest.fixture
def sides() -> Both:
    return both()


def event(key: str, record: str, happening: Happening = Happening.CHANGED, **more: Any) -> Event:
    at = more.pop("at", START)
    body = {"key": key, "record": record, **more.pop("body", {})}
    return Event(key, happening, record, at, body=body, **more)


def receive(sides: Both, *events: Event) -> int:
    return inbox.receive(sides.connection, events, sides.clock())


def look(sides: Both, connector: Any = None) -> Counts:
    return looking.drain(sides.connection, connector or sides.map, sides.clock)


def test_an_event_says_where_to_look_and_the_record_is_read(sides):
    ident = sides.map.create(**person(1, title="Buyer"))
    assert receive(sides, event("a", ident, property="title", value="Emperor")) == 1
    assert look(sides).pulled == 1
    assert contact(address(1)).job_title == "Buyer"
    assert not Look.objects.exists()


def test_a_repeat_writes_nothing_but_its_count_also_a_day_later(sides):
    ident = sides.map.create(**person(1))
    receive(sides, event("a", ident))
    look(sides)
    sides.world.now += timedelta(hours=24)
    for _ in range(4):
        assert receive(sides, event("a", ident)) == 0
    [hook] = Hook.objects.all()
    assert (hook.times, hook.other_body) == (5, None)
    assert not Look.objects.exists()
    assert SyncCount.objects.get().hooks == 1


def test_the_same_event_twice_in_one_delivery_is_one(sides):
    ident = sides.map.create(**person(1))
    assert receive(sides, event("a", ident), event("a", ident), event("b", ident)) == 2
    assert dict(Hook.objects.values_list("key", "times")) == {"a": 2, "b": 1}
    assert Look.objects.count() == 1


@pytest.mark.parametrize("together", [True, False])
def test_a_key_that_comes_again_with_another_body_is_kept_and_not_believed(sides, together):
    one, other = sides.map.create(**person(1)), sides.map.create(**person(2))
    first, second = event("a", one, body={"value": "x"}), event("a", other, body={"value": "y"})
    if together:
        receive(sides, first, second)
    else:
        receive(sides, first)
        receive(sides, second)
    [hook] = Hook.objects.all()
    assert (hook.body["value"], hook.other_body["value"], hook.times) == ("x", "y", 2)
    assert [row.record_id for row in Look.objects.all()] == [one]
    receive(sides, first)
    hook.refresh_from_db()
    assert (hook.body["value"], hook.other_body["value"]) == ("x", "y")


def test_the_same_body_in_another_order_is_the_same(sides):
    ident = sides.map.create(**person(1))
    receive(sides, Event("a", Happening.CHANGED, ident, START, body={"one": 1, "two": 2}))
    receive(sides, Event("a", Happening.CHANGED, ident, START, body={"two": 2, "one": 1}))
    assert Hook.objects.get().other_body is None


def test_events_that_cannot_be_understood_or_followed_are_kept_and_cost_the_others_nothing(sides):
    ident = sides.map.create(**person(1))
    bad = Event("bad:1", Happening.OTHER, "", START, body={"what": "\x00"}, error="An event without an id.")
    assert receive(sides, bad, event("b", "77", Happening.OTHER), event("a", ident)) == 3
    assert Hook.objects.count() == 3
    assert [row.record_id for row in Look.objects.all()] == [ident]


EDITS: tuple[dict[str, str], ...] = (
    {"title": "Buyer"}, {"title": "Engineer"}, {"score": "40"}, {"title": "Head"}, {"score": "41"}, {"title": "Chief"},
)  # fmt: skip


def test_the_order_of_events_does_not_matter(sides):
    chance = random.Random(7)
    for number, order in enumerate(chance.sample(list(permutations(range(6))), 60)):
        ident, told = sides.map.create(**person(number)), 0
        for n, edit in enumerate(EDITS):
            sides.map.edit(ident, **edit)
            while told < 6 and order[told] <= n:  # no event comes before what it tells of; many come late
                kind = Happening.CREATED if order[told] == 0 else Happening.CHANGED
                receive(sides, event(f"{number}:{order[told]}", ident, kind, value="\u200bsomething else"))
                told += 1
            if chance.random() < 0.4:
                look(sides)
    look(sides)
    found = Contact.objects.filter(email__startswith="p").values_list("job_title", "lead_score")
    assert len(found) == 60
    assert set(found) == {("Chief", 41)}


def test_a_record_that_nobody_knows_and_that_is_not_there_is_dropped(sides):
    receive(sides, event("a", "4711", Happening.DELETED))
    look(sides)
    assert not Look.objects.exists()
    assert not Contact.objects.exists()
    assert not SyncError.objects.exists()


def test_what_is_told_of_while_it_is_being_looked_at_is_looked_at_again(sides):
    class Busy:
        def read(self, ids: list[str]) -> Any:
            found = sides.map.read(ids)
            sides.map.edit(ident, title="Chief")
            receive(sides, event("later", ident))
            return found

    ident = sides.map.create(**person(1, title="Buyer"))
    receive(sides, event("a", ident))
    context = looking.Context(sides.connection, sides.clock())
    rows = inbox.lease(sides.connection.pk, "me", sides.clock(), 100)
    looking.look_batch(context, Busy(), rows)
    assert contact(address(1)).job_title == "Buyer"
    look(sides)
    assert contact(address(1)).job_title == "Chief"


def test_a_worker_that_died_loses_nothing_and_its_rows_are_taken_when_the_lease_is_over(sides):
    ident = sides.map.create(**person(1))
    receive(sides, event("a", ident))
    assert len(inbox.lease(sides.connection.pk, "elsewhere:1:dead", sides.clock(), 100)) == 1
    assert look(sides).pulled == 0
    sides.world.now += inbox.LEASE
    assert look(sides).pulled == 1


def test_a_record_on_which_workers_die_is_set_aside_and_the_others_are_looked_at(sides):
    bad, good = sides.map.create(**person(1)), sides.map.create(**person(2))
    receive(sides, event("a", bad), event("b", good))
    Look.objects.filter(record_id=bad).update(tries=inbox.POISON)
    look(sides)
    assert contact(address(2))
    assert Look.objects.get().parked
    assert SyncError.objects.get().cause == "poison"
    sides.world.now += timedelta(hours=1)
    inbox.enqueue(sides.connection.pk, [bad], sides.clock())  # somebody tries it again
    look(sides)
    assert contact(address(1))
    assert not SyncError.objects.filter(solved_at=None).exists()


def test_a_record_that_makes_us_fail_costs_the_others_nothing(sides, monkeypatch):
    made = [sides.map.create(**person(n)) for n in range(9)]
    receive(sides, *(event(str(n), ident) for n, ident in enumerate(made)))
    gone = looking.departures.gone

    def failing(context: Any, ids: Any) -> int:
        if made[4] in known:
            raise ZeroDivisionError
        return gone(context, ids)

    known: list[str] = []
    settle = looking._settle

    def noting(context: Any, rows: Any, found: Any) -> Any:
        known[:] = [row.record_id for row in rows]
        return settle(context, rows, found)

    monkeypatch.setattr(looking, "_settle", noting)
    monkeypatch.setattr(looking.departures, "gone", failing)
    look(sides)
    assert Contact.objects.count() == 8
    assert [row.record_id for row in Look.objects.filter(parked=True)] == [made[4]]


def test_a_map_that_does_not_answer_leaves_the_rows_as_they_were(sides):
    class Broken:
        def read(self, ids: list[str]) -> Any:
            raise Garbled("a web page")

    receive(sides, event("a", sides.map.create(**person(1))))
    look(sides, Broken())
    row = Look.objects.get()
    assert (row.lease_holder, row.tries, row.parked) == ("", 0, False)
    sides.connection.refresh_from_db()
    assert sides.connection.failures == 1
    sides.world.now += timedelta(minutes=20)
    assert look(sides).pulled == 1


def test_old_events_are_forgotten(sides):
    receive(sides, event("a", "1"))
    sides.world.now += inbox.KEPT - timedelta(hours=1)
    receive(sides, event("b", "1"))
    assert inbox.forget_old(sides.world.now + timedelta(hours=2)) == 1
    assert Hook.objects.get().key == "b"


def test_a_hundred_events_cost_as_many_statements_as_two(sides):
    receive(sides, event("first", "1"))
    counts = []
    for n in (2, 100):
        with CaptureQueriesContext(database) as queries:
            receive(sides, *(event(f"{n}.{m}", str(m)) for m in range(n)))
        counts.append(len({q["sql"][:60] for q in queries}))
    assert counts[0] == counts[1]


def test_many_records_are_looked_at_with_as_many_statements_as_a_few(sides):
    counts = []
    for n in (3, 40):
        made = [sides.map.create(**person(1000 * n + m)) for m in range(n)]
        receive(sides, *(event(f"{n}.{m}", ident) for m, ident in enumerate(made)))
        with CaptureQueriesContext(database) as queries:
            assert look(sides).pulled == n
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_the_same_event_from_many_sides_at_once_has_one_effect(sides):
    ident = sides.map.create(**person(1))
    at, start, new = sides.clock(), Barrier(6), list[int]()

    def deliver(moment: datetime) -> None:
        try:
            start.wait()
            for n in range(10):
                new.append(inbox.receive(sides.connection, [event(str(n), ident)], moment))
        finally:
            connections.close_all()

    threads = [Thread(target=deliver, args=(at,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(new) == 10
    assert set(Hook.objects.values_list("times", flat=True)) == {6}
    look(sides)
    assert Contact.objects.count() == 1


def test_an_event_of_a_record_that_is_linked_already_is_judged(sides):
    ident = sides.map.create(**person(1, title="Buyer"))
    polling.pull(sides.connection, sides.map, sides.clock)
    sides.map.edit(ident, title="Chief")
    receive(sides, event("a", ident))
    look(sides)
    assert contact(address(1)).job_title == "Chief"
    assert Link.objects.get().seen["title"] == "Chief"


def test_while_a_connection_is_tested_its_webhooks_are_kept_and_nobody_looks(sides):
    sides.connection.state = "testing"
    assert receive(sides, event("a", sides.map.create(**person(1)))) == 1
    assert (Hook.objects.count(), Look.objects.count()) == (1, 0)
