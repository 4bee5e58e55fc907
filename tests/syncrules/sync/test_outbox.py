"""The outbox: a change and its row stand or fall together, and every row is one worker's at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import transaction
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from contacts.services import merging
from contacts.services.leases import new_holder
from syncrules.models import Connection, Push
from syncrules.services.sync import outbox
from tests import factories
from tests.syncrules.sync.kit import Both, address, arrives, both
from tests.syncrules.syncing import START, connect

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]
Priority = Push.Priority
GONE = "elsewhere.example:1:aaaa"  # a holder on another machine


@pytest.fixture
def pair() -> Both:
    return both()


def waiting(**given) -> list[tuple[str, int]]:
    return list(Push.objects.filter(**given).order_by("pk").values_list("subject", "generation"))


# --- what puts a row in ---


def test_whatever_changes_a_contact_puts_it_into_the_outbox_of_each_connection_that_is_on(pair):
    paused = connect("other-map", "Other MAP").connection
    Connection.objects.filter(pk=paused.pk).update(state="paused")
    one = arrives(pair, 1)
    assert waiting() == [(str(one), 1)] * 2
    pair.world.edit(one, job_title="VP")
    arrives(pair, 1, phone="+14155550123")
    assert waiting() == [(str(one), 3)] * 2


def test_a_draft_hears_nothing(pair):
    Connection.objects.update(state="draft")
    one = arrives(pair, 1)
    assert outbox.enqueue([pair.connection.pk], [one], START) == 0
    assert not Push.objects.exists()


def test_a_merge_puts_the_kept_contact_in_and_takes_the_other_out(pair):
    kept, lost = arrives(pair, 1), arrives(pair, 2)
    pair.merge(kept, lost)
    assert [subject for subject, _ in waiting()] == [str(kept)]


def test_what_changes_nothing_puts_nothing_in(pair):
    arrives(pair, 1)
    Push.objects.all().delete()
    arrives(pair, 1)
    assert not Push.objects.exists()


def test_a_batch_costs_one_statement_however_many_contacts(pair):
    def inserts(first: int, number: int) -> int:
        people = [
            {"email": address(n), "first_name": "Ann", "last_name": f"N{n}"} for n in range(first, first + number)
        ]
        with CaptureQueriesContext(database) as queries:
            factories.arrive(*people, source=factories.FORM, at=START)
        return sum("INSERT INTO syncrules_push" in q["sql"] for q in queries)

    few, many = inserts(1, 3), inserts(100, 90)
    assert (few, many) == (1, 1)
    assert Push.objects.count() == 93
    assert set(Push.objects.filter(priority=Priority.BATCH).values_list("generation", flat=True)) == {1}
    assert Push.objects.filter(priority=Priority.NOW).count() == 3


def test_who_unsubscribed_goes_before_all_others(pair):
    one, two = arrives(pair, 1), arrives(pair, 2)
    pair.world.edit(two, lifecycle_stage="unsubscribed")
    rows = outbox.lease(pair.connection.pk, GONE, pair.clock(), 10)
    assert [row.subject for row in rows] == [str(two), address(2), str(one)]
    priorities = dict(Push.objects.values_list("subject", "priority"))
    assert priorities == {str(two): Priority.CONSENT, address(2): Priority.CONSENT, str(one): Priority.NOW}


def test_an_address_that_is_withdrawn_waits_in_every_connection_that_is_on_and_once(pair):
    connect("other-map", "Other MAP")
    assert outbox.withdraw([address(1), address(2)], START) == 4
    outbox.withdraw([address(1)], START, [pair.connection.pk])
    assert waiting(connection=pair.connection, kind="opt-out") == [(address(1), 2), (address(2), 1)]


def test_what_protects_people_is_found_without_reading_what_else_waits(pair):
    arrives(pair, 1)
    outbox.withdraw([address(2)], START)
    outbox.erase_records(pair.connection.pk, ["77"], START)
    assert waiting(priority=Priority.CONSENT) == [(address(2), 1), ("77", 1)]
    with CaptureQueriesContext(database) as queries:
        found = outbox.lease(pair.connection.pk, GONE, pair.clock(), 10, kind=Push.Kind.OPT_OUT)
    assert [row.subject for row in found] == [address(2)]
    assert (
        "priority"
        in next(q["sql"] for q in queries if "SELECT" in q["sql"]).partition("WHERE")[2].partition("ORDER")[0]
    )


# --- one transaction ---


class Stop(Exception):
    """The process ends here."""


def stops_at(statement: int) -> Callable:
    left = [statement]

    def wrapper(execute, sql, params, many, context):
        if not left[0]:
            raise Stop
        left[0] -= 1
        return execute(sql, params, many, context)

    return wrapper


DOORS = {
    "edit": lambda pair, one, two: pair.world.edit(one, job_title="VP"),
    "arrival": lambda pair, one, two: arrives(pair, 1, phone="+14155550123"),
    "merge": lambda pair, one, two: merging.merge(one, [two], user=pair.world.user("reviewer"), at=pair.world.later()),
    "unsubscribe": lambda pair, one, two: pair.world.edit(one, lifecycle_stage="unsubscribed"),
}


@pytest.mark.parametrize("door", sorted(DOORS))
def test_a_change_that_ends_at_any_statement_leaves_neither_a_change_nor_a_row(pair, door):
    one, two = arrives(pair, 1), arrives(pair, 2)
    pair.world.user("reviewer"), pair.world.user("sales")
    Push.objects.all().delete()
    before = sorted(Contact.objects.values_list("pk", "version"))
    for statement in range(200):
        try:
            with transaction.atomic(), database.execute_wrapper(stops_at(statement)):
                DOORS[door](pair, one, two)
            break
        except Stop:
            assert sorted(Contact.objects.values_list("pk", "version")) == before
            assert not Push.objects.exists()
    else:
        raise AssertionError("it never went through")
    assert statement > 5
    assert sorted(Contact.objects.values_list("pk", "version")) != before
    assert [subject for subject, _ in waiting(kind="record")] == [str(one)]
    assert [s for s, _ in waiting(kind="opt-out")] == ([address(1)] if door == "unsubscribe" else [])


# --- leases ---


def test_two_workers_never_hold_the_same_row(pair):
    for number in range(6):
        arrives(pair, number)
    mine = outbox.lease(pair.connection.pk, "elsewhere:1:a", pair.clock(), 4)
    theirs = outbox.lease(pair.connection.pk, "elsewhere:2:b", pair.clock(), 4)
    assert (len(mine), len(theirs)) == (4, 2)
    assert not {row.pk for row in mine} & {row.pk for row in theirs}
    assert outbox.lease(pair.connection.pk, "elsewhere:3:c", pair.clock(), 4) == []


def test_what_a_dead_worker_held_is_free_and_what_a_slow_one_holds_is_when_its_lease_ends(pair):
    arrives(pair, 1), arrives(pair, 2)
    dead = new_holder().split(":")
    dead[1] = "999999999"
    outbox.lease(pair.connection.pk, ":".join(dead), pair.clock(), 1)
    outbox.lease(pair.connection.pk, GONE, pair.clock(), 1)
    outbox.free(pair.connection.pk)
    at = pair.clock()
    assert len(outbox.lease(pair.connection.pk, "elsewhere:2:b", at, 5)) == 1
    assert len(outbox.lease(pair.connection.pk, "elsewhere:3:c", at + outbox.LEASE, 5)) == 1


def test_a_worker_that_is_slow_keeps_what_it_says_it_is_at(pair):
    arrives(pair, 1)
    at = pair.clock()
    mine = outbox.lease(pair.connection.pk, GONE, at, 5)
    outbox.renew(mine, at + outbox.LEASE)
    assert outbox.lease(pair.connection.pk, "elsewhere:2:b", at + outbox.LEASE + timedelta(seconds=1), 5) == []


def test_a_contact_that_changes_while_it_is_sent_stays_in_the_outbox(pair):
    one = arrives(pair, 1)
    mine = outbox.lease(pair.connection.pk, GONE, pair.clock(), 5)
    pair.world.edit(one, job_title="VP")
    assert outbox.acknowledge(mine, pair.clock()) == []
    assert waiting(lease_holder="", tries=0) == [(str(one), 2)]


def test_a_worker_whose_lease_ran_out_acknowledges_nothing_and_is_told(pair):
    arrives(pair, 1)
    at = pair.clock()
    mine = outbox.lease(pair.connection.pk, GONE, at, 5)
    outbox.lease(pair.connection.pk, "elsewhere:2:b", at + outbox.LEASE + timedelta(seconds=1), 5)
    assert outbox.acknowledge(mine, at) == mine
    assert Push.objects.get().lease_holder == "elsewhere:2:b"


def test_what_was_refused_waits_until_the_contact_changes(pair):
    one = arrives(pair, 1)
    outbox.park(outbox.lease(pair.connection.pk, GONE, pair.clock(), 5))
    assert outbox.lease(pair.connection.pk, GONE, pair.clock(), 5) == []
    pair.world.edit(one, job_title="VP")
    assert len(outbox.lease(pair.connection.pk, GONE, pair.clock(), 5)) == 1


def test_a_row_on_which_workers_died_comes_alone(pair):
    first = arrives(pair, 1)
    for number in range(2, 5):
        arrives(pair, number)
    Push.objects.filter(subject=str(first)).update(tries=outbox.ALONE)
    sizes = [len(outbox.lease(pair.connection.pk, GONE, pair.clock(), 10)) for _ in range(2)]
    assert sizes == [1, 3]
