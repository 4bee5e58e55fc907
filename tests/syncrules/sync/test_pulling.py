"""Pulling: whatever a MAP's pages do, each record is seen, nothing newer is undone, and nothing is left out unsaid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from syncrules.connectors.base import Departures, Page, Subscription
from syncrules.connectors.memory import MemoryMap
from syncrules.models import Connection, Link, Look, Pull, Push, SyncCount
from syncrules.services.sync import polling, pulling
from syncrules.services.sync.deciding import Context
from tests.syncrules.sync.incoming import Map, look, pull, told
from tests.syncrules.sync.kit import Both, address, both, person
from tests.syncrules.syncing import contact, refusals

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]


@pytest.fixture
def sides() -> Both:
    return both()


class Tied(Map):
    """All records have one stamp, come in small pages that overlap, and one more changes while they are read."""

    def __init__(self, behind: MemoryMap, changing: Iterator[str]) -> None:
        super().__init__(behind)
        self.changing, self.served = changing, 0

    def changes(self, cursor: str, limit: int) -> Page:
        page = self.behind.changes(cursor, 7)
        self.served += 1
        if (ident := next(self.changing, None)) is not None:
            self.behind.edit(ident, title=f"Moved {self.served}")
        return page


def test_each_record_is_seen_although_all_have_one_stamp_and_some_change_while_they_are_read(sides):
    sides.map = MemoryMap(sides.map.properties(), clock=lambda: "2026-03-02T10:00:00+00:00")
    made = [sides.map.create(**person(n, title="Buyer")) for n in range(60)]
    assert len({r.changed_at for r in sides.map.everybody().values()}) == 1
    pull(sides, Tied(sides.map, iter(made[:40:4])))
    assert Contact.objects.count() == 60
    pull(sides)
    there = {r.values["email"]: r.values["title"] for r in sides.map.everybody().values()}
    assert {c.email: c.job_title for c in Contact.objects.filter(email__in=there)} == there


def test_a_map_whose_pages_do_not_lead_on_ends_the_pull_and_is_named(sides):
    class Circle(Map):
        def changes(self, cursor: str, limit: int) -> Page:
            return Page([], cursor or "1", more=True)

    pull(sides, Circle(sides.map))
    sides.connection.refresh_from_db()
    assert "does not lead on" in sides.connection.trouble
    assert sides.connection.again_at is not None


@pytest.mark.parametrize("cursor", ["999999", "-4", "since the war", "2999-12-31T00:00:00Z"])
def test_a_place_from_the_future_or_that_makes_no_sense_is_noted_and_everything_is_read_again(sides, cursor):
    sides.map.create(**person(1, title="Buyer"))
    pull(sides)
    sides.map.edit(Link.objects.get().record_id, title="Chief")
    Connection.objects.update(cursor=cursor)
    pull(sides)
    assert contact(address(1)).job_title == "Chief"
    assert told(sides) == ["cursor"]
    sides.connection.refresh_from_db()
    assert sides.connection.cursor not in ("", cursor)


def test_a_place_that_somebody_deleted_is_noted_too(sides):
    sides.map.create(**person(1))
    pull(sides)
    Connection.objects.update(cursor="")
    pull(sides)
    assert told(sides) == ["cursor"]


def test_that_a_place_was_lost_is_shown_for_a_day(sides):
    pull(sides)
    Connection.objects.update(cursor="nonsense")
    pull(sides)
    pull(sides)
    assert told(sides) == ["cursor"]
    sides.world.now += timedelta(days=1, hours=1)
    pull(sides)
    assert told(sides) == []


def test_after_days_of_silence_every_difference_is_found_also_what_nobody_can_tell_of_any_more(sides, monkeypatch):
    monkeypatch.setattr(polling, "LINKS", 1)
    made = [sides.map.create(**person(n, title="Buyer")) for n in range(12)]
    pull(sides)
    for n, ident in enumerate(made[:4]):
        sides.map.edit(ident, title=f"Chief {n}")
    for ident in (made[4], made[7], made[8]):
        sides.map.remove(ident)
    sides.map.join(made[5], made[6])
    sides.map.create(**person(20))
    sides.world.now += timedelta(days=4)
    Connection.objects.update(cursor="too old")
    pull(sides, Forgetful(sides.map))
    look(sides)
    assert [contact(address(n)).job_title for n in range(4)] == [f"Chief {n}" for n in range(4)]
    states = dict(Link.objects.values_list("record_id", "state"))
    assert [states[made[n]] for n in (4, 7, 8, 6)] == ["gone", "gone", "gone", "merged"]
    assert contact(address(20))


class Forgetful(Map):
    """It remembers no deletion, as after the time that it keeps them for."""

    def deletions(self, cursor: str, limit: int) -> Departures:
        return Departures([], "", more=False)


def test_a_page_that_is_older_than_what_the_hub_knows_undoes_nothing(sides):
    clock = iter(f"2026-03-02T10:00:{n:02}+00:00" for n in range(60))
    sides.map = MemoryMap(sides.map.properties(), clock=lambda: next(clock))
    ident = sides.map.create(**person(1, title="Buyer"))
    pull(sides)
    sides.map.edit(ident, title="Engineer")
    late = sides.map.changes("", 10)
    sides.map.edit(ident, title="Chief")
    pull(sides)
    context = Context(sides.connection, sides.clock())
    pulling.records(context, late)
    assert contact(address(1)).job_title == "Chief"
    look(sides)
    assert contact(address(1)).job_title == "Chief"
    assert not Look.objects.exists()


def test_an_echo_is_counted_and_nothing_else(sides):
    sides.map.create(**person(1, title="Buyer"))
    pull(sides)
    before = Contact.objects.get().version, Pull.objects.count(), Link.objects.get().agreed
    again = pulling.records(Context(sides.connection, sides.clock()), sides.map.changes("", 10))
    assert (again.echoes, again.pulled) == (1, 0)
    assert (Contact.objects.get().version, Pull.objects.count(), Link.objects.get().agreed) == before


def test_what_a_map_changes_although_the_hubs_value_stands_there_waits_in_the_outbox_and_is_sent_once(sides):
    ident = sides.map.create(**person(1, title="Buyer"))
    sides.round()
    sides.world.edit(contact(address(1)), job_title="VP")
    sides.round()
    sides.map.edit(ident, title="vp eng")
    pull(sides)
    assert Push.objects.filter(kind="record").count() == 1
    assert refusals(contact(address(1))) == [("job_title", "row-protected", "vp eng")]
    before = sides.map.writes
    for _ in range(3):
        sides.round()
    assert sides.map.everybody()[ident].values["title"] == "VP"
    assert sides.map.writes == before + 1


def test_a_pulled_value_that_the_map_has_already_is_not_sent_back(sides):
    ident = sides.map.create(**person(1, title="Buyer"))
    sides.round()
    sides.map.edit(ident, title="Chief")
    pull(sides)
    assert contact(address(1)).job_title == "Chief"
    assert not Push.objects.exists()


def test_two_at_once_do_not_pull_the_same(sides):
    sides.map.create(**person(1))
    Connection.objects.update(lease_holder="elsewhere:1:abc", lease_until=sides.world.now + timedelta(minutes=1))
    assert pull(sides).pulled == 0
    sides.world.now += timedelta(minutes=2)
    assert pull(sides).pulled == 1
    sides.connection.refresh_from_db()
    assert sides.connection.lease_holder == ""


def test_a_connection_that_is_paused_pulls_nothing(sides):
    sides.map.create(**person(1))
    Connection.objects.update(state="paused")
    assert pull(sides).pulled == 0


def test_an_unsubscribe_that_shows_in_no_property_is_found(sides):
    class Quiet(Map):
        def subscriptions(self, addresses: Any) -> Any:
            return {a: Subscription(a, opted_out=a == address(1)) for a in addresses}

    sides.map.create(**person(1))
    sides.map.create(**person(2))
    pull(sides)
    pull(sides, Quiet(sides.map))
    assert contact(address(1)).lifecycle_stage_id == "unsubscribed"
    assert contact(address(2)).lifecycle_stage_id != "unsubscribed"


def test_what_was_done_is_counted_by_the_hour(sides):
    for n in range(3):
        sides.map.create(**person(n))
    pull(sides)
    [hour] = SyncCount.objects.all()
    assert hour.pulled == 3


def test_a_page_costs_the_same_number_of_statements_whatever_is_on_it(sides):
    counts = []
    for n in (4, 60):
        made = [sides.map.create(**person(100 * n + m, title="Buyer")) for m in range(n)]
        pull(sides)
        for m, ident in enumerate(made):
            sides.map.edit(ident, title=f"Chief {m}")
        page = sides.map.changes(str(sides.connection.cursor), 200)
        context = Context(sides.connection, sides.clock())
        with CaptureQueriesContext(database) as queries:
            pulling.records(context, page)
        counts.append(len(queries))
    assert counts[0] == counts[1]
