"""Who says no, or asks to be forgotten, is known to every MAP at once, before anything else is said of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contacts.domain import consent
from contacts.models import Contact
from contacts.services import erasing
from contacts.services.addresses import add_address
from contacts.services.consent.unsubscribing import unsubscribe_address, unsubscribe_contact
from syncrules.models import Connection, Link, OptOutOrder, Push
from syncrules.services.sync import opt_outs
from tests.syncrules.sync.faults import Fault
from tests.syncrules.sync.kit import Both, address, arrives, both
from tests.syncrules.syncing import connect

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]
ONE = address(1)


@pytest.fixture
def pair() -> Both:
    return both()


def says_no(pair: Both, said: str = ONE, **given: str) -> None:
    unsubscribe_address(said, method=consent.LINK, actor="the person", at=pair.clock(), **given)


def orders() -> list[tuple[str, str, bool]]:
    rows = OptOutOrder.objects.order_by("connection__slug", "address").select_related("connection")
    return [(order.connection.slug, order.address, order.acknowledged_at is not None) for order in rows]


def test_an_unsubscribe_is_ordered_from_every_connection_that_is_on(pair):
    paused, draft = connect("other-map", "Other MAP").connection, connect("third-map", "Third MAP").connection
    Connection.objects.filter(pk=paused.pk).update(state="paused")
    Connection.objects.filter(pk=draft.pk).update(state="draft")
    says_no(pair, "nobody@elsewhere.example")
    assert orders() == [(slug, "nobody@elsewhere.example", False) for slug in ("other-map", "our-map")]
    rows = Push.objects.filter(kind="opt-out").values_list("connection__slug", "subject", "priority")
    assert sorted(rows) == [(slug, "nobody@elsewhere.example", 0) for slug in ("other-map", "our-map")]


def test_it_goes_before_everything_else_and_is_timed_until_it_is_acknowledged(pair):
    arrives(pair, 1)
    pair.round()
    others = [arrives(pair, n) for n in range(2, 6)]
    asked = pair.world.now
    says_no(pair)
    before = len(pair.connector.sent)
    pair.round()
    assert pair.connector.sent[before][:2] == ("opt_out", ONE)
    assert len(pair.map.everybody()) == len(others) + 1
    order = OptOutOrder.objects.get()
    assert asked < order.asked_at < order.acknowledged_at
    assert not opt_outs.waiting().exists()


def test_all_addresses_of_the_person_are_stopped(pair):
    contact = arrives(pair, 1)
    user = pair.world.user("ops")
    add_address(contact, address(9), user=user, reason="said so", at=pair.world.later())
    says_no(pair)
    assert {row[1] for row in orders()} == {ONE, address(9)}


def test_until_the_map_has_acknowledged_it_nothing_else_is_said_of_the_person(pair):
    contact = arrives(pair, 1)
    pair.round()
    unsubscribe_contact(contact, user=pair.world.user("ops"), note="by phone", at=pair.clock())
    pair.world.edit(contact, job_title="VP")
    pair.connector.draw = lambda called: Fault.DOWN if called == "opt_out" else None
    said = len(pair.connector.sent)
    pair.round()
    assert [sent for sent in pair.connector.sent[said:] if sent[1] != ONE] == []
    assert orders() == [("our-map", ONE, False)]
    assert [order.address for order in opt_outs.stragglers(pair.world.now + timedelta(hours=1))] == [ONE]
    pair.settle(2)
    assert orders() == [("our-map", ONE, True)]
    (record,) = pair.map.everybody().values()
    assert (record.values["optout"], record.values["title"]) == ("true", "VP")


def test_the_map_that_told_of_it_is_not_told_and_the_others_are(pair):
    connect("other-map", "Other MAP")
    contact = arrives(pair, 1)
    pair.round()
    link = Link.objects.get(contact=contact, connection=pair.connection)
    pair.map.unsubscribe(ONE)
    pair.map.edit(link.record_id, firstname="First1")
    pair.round()
    assert orders() == [("other-map", ONE, False), ("our-map", ONE, True)]
    assert Contact.objects.get(pk=contact).lifecycle_stage_id == "unsubscribed"


def test_the_same_word_again_is_one_order(pair):
    says_no(pair)
    says_no(pair)
    assert orders() == [("our-map", ONE, False)]


def test_who_is_forgotten_is_deleted_for_good_in_the_map_and_no_address_stays_here(pair):
    contact = arrives(pair, 1)
    pair.round()
    unsubscribe_contact(contact, user=pair.world.user("ops"), note="by phone", at=pair.clock())
    erasing.erase(contact, reason="asked by letter", by="Ops", at=pair.clock())
    assert ONE not in str([*Push.objects.values(), *OptOutOrder.objects.values()])
    assert Push.objects.filter(kind="erase").count() == 1
    pair.settle(2)
    assert pair.map.everybody() == {}
    assert [s.opted_out for s in pair.map.subscriptions([ONE]).values()] == [True]
    assert not Contact.objects.filter(pk=contact).exists()
    assert (Push.objects.count(), OptOutOrder.objects.count()) == (0, 0)
