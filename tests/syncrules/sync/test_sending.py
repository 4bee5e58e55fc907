"""Sending: what changes here is there, once, and what the MAP makes of one contact costs no other anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection as database
from django.db import connections
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from contacts.services.addresses import remove_alias
from contacts.services.leases import new_holder
from syncrules.connectors.base import OptOut, Why, Written
from syncrules.connectors.hubspot import Timing
from syncrules.models import Connection, Link, Look, Push, SyncCount, SyncError
from syncrules.services.sync import outbox, preparing, sending
from syncrules.services.sync.counting import Counts
from tests import factories
from tests.patience import comes_to_an_end
from tests.syncrules.connectors.answering import Said, serving
from tests.syncrules.connectors.benches import hubspot
from tests.syncrules.sync.faults import Fault, once
from tests.syncrules.sync.kit import Both, address, arrives, both, person
from tests.syncrules.syncing import STAGE_MAP, with_row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]


@pytest.fixture
def pair() -> Both:
    return both()


def send(pair: Both, connector: Any = None, **given: Any) -> Counts:
    """Everything that can be sent at one moment."""
    pair.connection.refresh_from_db()
    given = {"threads": 0, **given}
    now = pair.clock()
    return sending.drain(pair.connection, connector or pair.connector, lambda: now, **given)


def later(pair: Both) -> Counts:
    """Send once every rest and every wait is over."""
    pair.world.now += timedelta(minutes=20)
    return send(pair)


def there(pair: Both, contact: int) -> Mapping[str, str]:
    """What the MAP holds of a contact."""
    link = Link.objects.get(contact=contact, connection=pair.connection, state="linked")
    return pair.map.read([link.record_id])[link.record_id].values


def errors() -> list[tuple[str, str, str]]:
    found = SyncError.objects.filter(solved_at=None).order_by("pk")
    return [(e.cause, e.field, e.value) for e in found]


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


# --- unknown outcomes (a timeout is not a failure) ---


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNSENT, Fault.HALF, Fault.PAGE])
def test_after_an_unknown_outcome_nobody_is_there_twice(pair, fault):
    ids = [arrives(pair, number) for number in range(6)]
    pair.connector.draw = once("upsert", fault)
    send(pair)
    assert Connection.objects.get().failures == 1
    later(pair), later(pair)
    assert len(pair.map.everybody()) == 6
    assert {link.contact_id for link in pair.links()} == set(ids)
    assert Push.objects.count() == 0


def test_after_an_unknown_outcome_the_next_step_is_a_look_even_where_none_was_needed(pair):
    one = arrives(pair, 1)
    Push.objects.all().delete()
    outbox.enqueue([pair.connection.pk], [one], pair.clock(), look=False)
    pair.connector.draw = once("upsert", Fault.LOST)
    send(pair), later(pair)
    assert pair.connector.calls == ["upsert", "find"]
    assert len(pair.map.everybody()) == 1


def test_a_change_with_an_unknown_outcome_is_written_at_most_twice(pair):
    one = arrives(pair, 1)
    send(pair)
    pair.world.edit(one, job_title="VP")
    pair.connector.draw = once("write", Fault.LOST)
    pair.connector.sent.clear()
    send(pair), later(pair), later(pair)
    assert len(pair.connector.sent) == 2
    assert there(pair, one)["title"] == "VP"


# --- what the MAP does not take ---


def test_one_record_that_is_always_refused_costs_the_others_nothing_and_can_be_sent_again(pair):
    """1 of 1,000: the other 999 are delivered, it is parked and visible."""
    people = [{"email": address(n), "first_name": "Ann", "last_name": f"N{n}"} for n in range(1000)]
    factories.arrive(*people, source=factories.FORM, at=pair.clock())
    pair.connector.refuse = lambda key, values: Why.REFUSED if key == address(500) else None
    send(pair)
    assert len(pair.map.everybody()) == 999
    row = Push.objects.get()
    assert (row.parked, errors()) == (True, [("refused", "", "")])
    bad = SyncError.objects.get()
    assert bad.contact_id == Contact.objects.get(addresses__key=address(500)).pk
    assert bad.sent["values"]["lastname"] == "N500"
    later(pair)
    assert SyncError.objects.get().times == 1
    pair.connector.refuse = lambda key, values: None
    outbox.enqueue([pair.connection.pk], [bad.contact_id], pair.clock())
    send(pair)
    assert (len(pair.map.everybody()), errors(), Push.objects.count()) == (1000, [], 0)


def test_a_value_that_the_map_does_not_take_is_named_and_the_others_of_that_contact_go(pair):
    one = arrives(pair, 1)
    send(pair)
    pair.world.edit(one, job_title="VP", phone="+14155550123")

    def fussy(write):
        def told(changes):
            bad = {key for key, values in changes if "phone" in values}
            good = iter(write([c for c in changes if c[0] not in bad]))
            return [Written(k, "“phone” is not valid", Why.INVALID) if k in bad else next(good) for k, _ in changes]

        return told

    pair.map.write = fussy(pair.map.write)
    send(pair)
    assert (there(pair, one).get("title"), there(pair, one).get("phone")) == ("VP", None)
    assert errors() == [("invalid", "phone", "+14155550123")]
    assert Push.objects.get().parked


def test_a_value_without_a_counterpart_in_the_map_is_named_and_the_rest_goes():
    short = [pair for pair in STAGE_MAP if pair[1] != "new-lead"]
    pair = both(rows=with_row("lifecycle_stage", "both", "stage", value_map=short))
    one = arrives(pair, 1)
    send(pair)
    assert there(pair, one)["firstname"] == "First1"
    assert errors() == [("option-unknown", "stage", "new-lead")]


def test_an_address_that_another_record_has_is_noted_and_nothing_of_the_other_is_touched():
    pair = both(rows=with_row("email", "to-map", "hub"))
    other = pair.map.create(**person(2))
    one = arrives(pair, 1)
    send(pair)
    pair.edit_email(one, address(2))
    for _ in range(4):
        later(pair)
    assert pair.map.read([other])[other].values["firstname"] == "First2"
    assert Push.objects.get().parked
    assert [cause for cause, _, _ in errors()] == ["taken"]


def test_contacts_that_pass_an_address_on_keep_their_own_links():
    pair = both(rows=with_row("email", "to-map", "hub"))
    one, two = arrives(pair, 1), arrives(pair, 2)
    send(pair)
    before = {link.contact_id: link.record_id for link in pair.links()}
    pair.edit_email(one, "other@firm1.example")
    ours = Contact.objects.get(pk=one).addresses.get(key=address(1))
    remove_alias(one, ours.pk, user=pair.world.user("ops"), reason="said so", at=pair.world.later())
    pair.edit_email(two, address(1))
    Push.objects.filter(subject=str(two)).update(priority=0)  # the one that can't be first is tried first
    for _ in range(3):
        later(pair)
    assert {link.contact_id: link.record_id for link in pair.links()} == before
    assert (there(pair, one)["email"], there(pair, two)["email"]) == ("other@firm1.example", address(1))
    assert (len(pair.map.everybody()), errors()) == (2, [])


def test_a_record_with_this_address_that_belongs_to_another_contact_is_not_taken(pair):
    one = arrives(pair, 1)
    send(pair)
    ident = Link.objects.get().record_id
    pair.map.edit(ident, email="new@firm1.example")
    two = pair.world.arrive(email="new@firm1.example", first_name="Nina", last_name="New").person.id
    send(pair)
    assert [(link.contact_id, link.record_id) for link in pair.links()] == [(one, ident)]
    assert pair.map.read([ident])[ident].values["firstname"] == "First1"
    assert [(e.cause, e.contact_id) for e in SyncError.objects.all()] == [("taken", two)]


def test_a_record_that_is_not_there_any_more_is_looked_at_and_not_made_again(pair):
    one = arrives(pair, 1)
    send(pair)
    record = Link.objects.get().record_id
    pair.map.remove(record)
    pair.world.edit(one, job_title="VP")
    send(pair)
    assert [look.record_id for look in Look.objects.all()] == [record]
    assert not pair.map.everybody()


# --- workers ---


def test_work_of_ours_that_fails_on_one_contact_sets_that_one_aside_and_no_other(pair, monkeypatch):
    ids = [arrives(pair, number) for number in range(8)]
    judge = preparing.judge_record

    def fails_on_one(terms, whom, told):
        if whom.id == ids[3]:
            raise ValueError("this one is odd")
        return judge(terms, whom, told)

    monkeypatch.setattr(preparing, "judge_record", fails_on_one)
    send(pair)
    assert len(pair.map.everybody()) == 7
    assert [(e.cause, e.contact_id) for e in SyncError.objects.all()] == [("poison", ids[3])]
    assert [int(row.subject) for row in Push.objects.filter(parked=True)] == [ids[3]]


def test_a_contact_on_which_workers_die_is_set_aside_after_the_third(pair):
    ids = [arrives(pair, number) for number in range(3)]
    at = pair.clock()
    for _ in range(3):
        outbox.lease(pair.connection.pk, "elsewhere:1:a", at, 1)
        at += outbox.LEASE * 2
    pair.world.now = at
    send(pair)
    assert [(e.cause, e.contact_id) for e in SyncError.objects.all()] == [("poison", ids[0])]
    assert {link.contact_id for link in pair.links()} == set(ids[1:])


def test_a_change_while_the_old_value_is_under_way_is_sent_after_it(pair):
    one = arrives(pair, 1)
    send(pair)
    pair.world.edit(one, job_title="A")
    write = pair.map.write

    def meanwhile(changes):
        done = write(changes)
        if changes[0][1] == {"title": "A"}:
            pair.world.edit(one, job_title="B")
        return done

    pair.map.write = meanwhile
    send(pair)
    assert (there(pair, one)["title"], Push.objects.get().tries) == ("A", 0)
    later(pair)
    assert there(pair, one)["title"] == "B"
    assert Push.objects.count() == 0


def test_a_worker_that_lost_its_lease_has_the_record_looked_at(pair):
    one = arrives(pair, 1)
    send(pair)
    pair.world.edit(one, job_title="A")
    write = pair.map.write

    def slow(changes):
        Push.objects.update(lease_holder=new_holder())
        return write(changes)

    pair.map.write = slow
    send(pair)
    assert Push.objects.count() == 1
    assert Look.objects.get().record_id == Link.objects.get().record_id


@pytest.mark.django_db(transaction=True)
def test_four_workers_leave_the_last_value_of_every_contact_in_the_map():
    pair = both()
    ids = [arrives(pair, number) for number in range(60)]
    workers = [Thread(target=_work, args=(pair,)) for _ in range(4)]
    for round_ in range(10):
        for ident in ids[round_::5]:
            Contact.objects.filter(pk=ident).update(job_title=f"T{round_}")
            outbox.enqueue([pair.connection.pk], [ident], pair.clock())
        if round_ == 2:
            for worker in workers:
                worker.start()
    for worker in workers:
        worker.join()
    later(pair)
    assert len(pair.map.everybody()) == 60
    titles = dict(Contact.objects.values_list("pk", "job_title"))
    assert all(there(pair, ident).get("title", "") == titles[ident] for ident in ids)
    assert Push.objects.filter(parked=False).count() == 0


def _work(pair: Both) -> None:
    try:
        for _ in range(5):
            connection = Connection.objects.get(pk=pair.connection.pk)
            sending.drain(connection, pair.connector, pair.clock, threads=2)
    finally:
        connections.close_all()


# --- garbage ---

GARBAGE = {
    "a web page": Said(200, b"<html><body>Sign in</body></html>", {"Content-Type": "text/html"}),
    "nothing": Said(200, b""),
    "wrong types": Said(200, b'{"results": {"id": 7}}'),
    "records without ids": Said(200, b'{"results": [{"properties": {}}, {"id": {}}]}'),
    "values that are objects": Said(200, b'{"results": [{"id": "1", "properties": {"email": {"a": 1}}}]}'),
    "nested a thousand deep": Said(200, b"[" * 1000 + b"]" * 1000),
    "deep inside": Said(200, b'{"results": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "huge": Said(200, b'{"results": [' + b" " * 6_000_000 + b"]}"),
    "half": Said(200, b'{"results": [{"id": "1", "prop'),
    "others' records": Said(200, b'{"results": [{"id": "991"}, {"id": "992"}, {"id": "993"}]}'),
    "an error without a shape": Said(500, b"\xff\xfe\x00"),
    "a refusal without a shape": Said(400, b"no"),
    "a list of errors that are numbers": Said(207, b'{"results": [], "numErrors": 2, "errors": [1, 2]}'),
}


@pytest.mark.parametrize("kind", sorted(GARBAGE))
def test_garbage_instead_of_answers_kills_no_worker_and_stores_no_half(pair, kind):
    ids = [arrives(pair, number) for number in range(3)]
    send(pair)
    for ident in ids:
        pair.world.edit(ident, job_title="VP")
    before = list(Link.objects.order_by("pk").values())
    with serving(lambda asked: GARBAGE[kind]) as server:
        connector = hubspot(server.url, Timing(sleep=lambda _: None), tries=2)
        with comes_to_an_end():
            send(pair, connector)
        connector.close()
    left = Push.objects.filter(lease_holder="")
    assert left.count() == 3
    assert [row["seen"] for row in Link.objects.order_by("pk").values()] == [row["seen"] for row in before]
    outbox.unpark(pair.connection.pk, pair.clock())
    later(pair)
    assert all(there(pair, ident)["title"] == "VP" for ident in ids)
