"""Sending into trouble: unknown outcomes are looked at, refusals are named, and no other contact pays for them."""

from __future__ import annotations

import pytest

from contacts.models import Contact
from contacts.services.addresses import remove_alias
from syncrules.connectors.base import Why, Written
from syncrules.models import Connection, Link, Look, Push, SyncError
from syncrules.services.sync import outbox
from tests import factories
from tests.syncrules.sync.faults import Fault, once
from tests.syncrules.sync.kit import Both, address, arrives, both, person
from tests.syncrules.sync.outgoing import errors, later, send, there
from tests.syncrules.syncing import STAGE_MAP, with_row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]


@pytest.fixture
def pair() -> Both:
    return both()


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

    takes = pair.map.write
    pair.map.write = fussy(takes)
    send(pair)
    assert (there(pair, one).get("title"), there(pair, one).get("phone")) == ("VP", None)
    assert errors() == [("invalid", "phone", "+14155550123")]
    assert Push.objects.get().parked
    pair.map.write = takes
    outbox.enqueue([pair.connection.pk], [one], pair.clock())
    send(pair)
    assert there(pair, one)["phone"] == "+14155550123"
    assert errors() == []


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
