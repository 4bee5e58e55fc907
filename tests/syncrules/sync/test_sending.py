"""Sending: what changes here is there, once, and what the MAP makes of one contact costs no other anything."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from syncrules.connectors.base import OptOut, Why
from syncrules.models import Connection, Link, Push, SyncCount
from syncrules.services.sync import outbox
from tests.syncrules.sync.faults import Fault, once
from tests.syncrules.sync.kit import Both, address, arrives, both, person
from tests.syncrules.sync.outgoing import later, send, there
from tests.syncrules.syncing import contact

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]


@pytest.fixture
def pair() -> Both:
    return both()


# --- what is sent ---


def test_a_contact_that_the_map_does_not_have_is_made_there_once(pair):
    one = arrives(pair, 1)
    assert send(pair).pushed == 1
    assert there(pair, one)["firstname"] == "First1"
    assert (len(pair.map.everybody()), Push.objects.count()) == (1, 0)
    calls = len(pair.connector.calls)
    assert not send(pair)
    assert len(pair.connector.calls) == calls


def test_a_change_is_sent_to_the_record_and_only_what_differs(pair):
    one = arrives(pair, 1, job_title="Buyer")
    send(pair)
    pair.world.edit(one, job_title="VP")
    pair.connector.sent.clear()
    assert send(pair).pushed == 1
    record = Link.objects.get().record_id
    assert pair.connector.sent == [("write", record, {"title": "VP"})]
    assert there(pair, one)["title"] == "VP"


def test_what_the_map_makes_of_a_value_that_it_was_sent_is_no_change_of_the_maps():
    pair = both(respell=lambda prop, text: text[:5] if prop.name == "title" else text)
    one = arrives(pair, 1)
    send(pair)
    pair.world.edit(one, job_title="Analyst")
    send(pair)
    Contact.objects.update(origins={})  # nobody's typing protects it any more
    pair.round(full=True)
    assert (contact(address(1)).job_title, there(pair, one)["title"]) == ("Analyst", "Analy")
    assert pair.connector.calls.count("write") == 1


def test_many_changes_of_one_contact_are_one_write_with_the_last_value(pair):
    one = arrives(pair, 1)
    for title in ("A", "B", "C"):
        pair.world.edit(one, job_title=title)
    send(pair)
    assert (there(pair, one)["title"], pair.map.writes) == ("C", 1)


def test_a_record_that_is_there_already_is_linked_and_not_made_again(pair):
    ident = pair.map.create(**person(1, title="Chief"))
    one = arrives(pair, 1)
    send(pair)
    assert (len(pair.map.everybody()), Link.objects.get().record_id) == (1, ident)
    assert Contact.objects.get(pk=one).job_title == "Chief"


def test_after_everything_was_pulled_nothing_is_looked_for(pair):
    one = arrives(pair, 1)
    Push.objects.all().delete()
    outbox.enqueue([pair.connection.pk], [one], pair.clock(), look=False)
    send(pair)
    assert pair.connector.calls == ["upsert"]


def test_a_contact_without_an_address_or_below_the_threshold_is_not_made_there(pair):
    pair.world.arrive(first_name="Ann", last_name="Lee", company="Acme", phone="+14155550188")
    tree = {"all": [{"field": "job_title", "op": "is", "value": "VP"}]}
    Connection.objects.update(takes_part=tree)
    below, above = arrives(pair, 1), arrives(pair, 2, job_title="VP")
    send(pair)
    assert [link.contact_id for link in pair.links()] == [above]
    pair.world.edit(below, job_title="VP")
    send(pair)
    assert {link.contact_id for link in pair.links()} == {above, below}


def test_a_record_that_was_deleted_there_is_never_made_again(pair):
    one = arrives(pair, 1)
    send(pair)
    Link.objects.update(state="gone")
    pair.world.edit(one, job_title="VP")
    calls = len(pair.connector.calls)
    send(pair)
    assert (len(pair.connector.calls), Push.objects.count()) == (calls, 0)


def test_a_paused_connection_and_one_without_a_worksheet_send_nothing_and_lose_nothing(pair):
    arrives(pair, 1)
    Connection.objects.update(state="paused")
    send(pair)
    assert (pair.connector.calls, Push.objects.count()) == ([], 1)
    Connection.objects.update(state="live")
    send(pair)
    assert Push.objects.count() == 0


def test_a_batch_costs_the_same_statements_for_few_and_for_many(pair):
    def statements(first: int, number: int) -> int:
        for n in range(first, first + number):
            arrives(pair, n)
        pair.world.now = pair.world.now.replace(minute=0) + timedelta(hours=1)  # its counts get a row of their own
        with CaptureQueriesContext(database) as queries:
            send(pair)
        return len(queries)

    assert statements(100, 40) <= statements(10, 4)


def test_what_was_done_is_counted_in_the_hour(pair):
    arrives(pair, 1), arrives(pair, 2)
    send(pair)
    told = SyncCount.objects.get()
    assert (told.pushed, told.errors) == (2, 0)


# --- opt-outs ---


def test_who_unsubscribed_is_opted_out_before_anything_else_is_said(pair):
    one = arrives(pair, 1)
    send(pair)
    pair.world.edit(one, job_title="VP", lifecycle_stage="unsubscribed")
    pair.connector.calls.clear()
    send(pair)
    assert pair.connector.calls[0] == "opt_out"
    assert (there(pair, one)["optout"], there(pair, one)["title"]) == ("true", "VP")


def test_an_opt_out_that_did_not_work_keeps_everything_else_about_that_person_back(pair):
    one, two = arrives(pair, 1), arrives(pair, 2)
    send(pair)
    pair.world.edit(one, job_title="VP", lifecycle_stage="unsubscribed")
    pair.world.edit(two, job_title="CTO")
    pair.connector.refuse = lambda key, _: Why.LATER if key == address(1) else None
    send(pair)
    assert "title" not in there(pair, one)
    assert there(pair, two)["title"] == "CTO"
    pair.connector.refuse = lambda _key, _values: None
    later(pair)
    assert (there(pair, one)["optout"], there(pair, one)["title"]) == ("true", "VP")


def test_a_withdrawn_address_is_opted_out_first_and_its_contact_waits_for_that(pair):
    one = arrives(pair, 1)
    send(pair)
    pair.world.edit(one, job_title="VP")
    outbox.withdraw([address(1)], pair.clock())
    pair.connector.draw = once("opt_out", Fault.DOWN)
    pair.connector.calls.clear()
    send(pair)
    assert pair.connector.calls == ["opt_out"]
    later(pair)
    assert there(pair, one)["optout"] == "true"
    later(pair)
    assert there(pair, one)["title"] == "VP"
    assert Push.objects.count() == 0


def test_an_address_that_the_map_had_opted_out_unsubscribes_the_contact_that_is_made_with_it(pair):
    pair.map.opt_out([OptOut(address(1))])
    one = arrives(pair, 1)
    send(pair)
    assert there(pair, one)["optout"] == "true"
    pair.round()
    assert Contact.objects.get(pk=one).lifecycle_stage_id == "unsubscribed"
