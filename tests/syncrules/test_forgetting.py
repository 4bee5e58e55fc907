"""Forgetting reaches every table: a marker is planted wherever words of a person can stand, and searched for (F8)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from contacts.models import BulkEdit, Contact, Erasure, HubSettings, Refusal, Review, ReviewStep
from contacts.services import bulk_edit, erasing, merging, protecting
from contacts.services.consent.checking import verify
from contacts.services.erasing import registry
from contacts.services.erasing.telling import person_file
from contacts.services.people import edit_contact
from contacts.services.review import many
from syncrules.models import (
    Audit,
    AuditGroup,
    AuditStep,
    Connection,
    ConnectionChange,
    Hook,
    Link,
    Look,
    OptOutOrder,
    Override,
    Pilot,
    PilotWrite,
    Pull,
    Push,
    SyncError,
)
from tests import factories
from tests.contacts import undoing
from tests.contacts.forgetting import everything, no_files, plant
from tests.factories import AT, arrive
from tests.syncrules.syncing import World, connect

MARK = "Zyxwvut"
FIRM = f"{MARK.lower()}.example"
ANN, WORK, NEW = f"ann@{FIRM}", f"a.lee@{FIRM}", f"a@old.{FIRM}"
NAME = f"Ann{MARK} Lee{MARK}"
PERSON = {"first_name": f"Ann{MARK}", "last_name": f"Lee{MARK}", "company": f"Acme {MARK}"}
BO = "bo@other.example"


def contact(address: str) -> Contact:
    return Contact.objects.get(addresses__key=address)


@pytest.fixture
def world(transactional_db: None) -> World:
    """A hub in which one person was met by every part of it, and another person beside."""
    no_files()
    factories.rules()
    people = factories.users()
    HubSettings.load()
    world = connect()
    world.people = people
    arrive({"email": ANN, **PERSON, "phone": "+12025550107", "opt_in": "yes"}, {"email": BO, "last_name": "May"}, at=AT)
    _imported()
    arrive({"email": WORK, "first_name": f"Zoe{MARK}", "last_name": "Low", "opt_in": "no"})
    arrive({"email": f"b@x.{FIRM}", **PERSON, "company_domain": FIRM})
    arrive({"email": ANN, "first_name": "Somebody", "last_name": f"Else{MARK}"})
    merging.merge(contact(ANN).pk, [contact(WORK).pk], user=people["reviewer"], at=AT + timedelta(hours=5))
    apart = merging.merge(contact(BO).pk, [contact(ANN).pk], user=people["reviewer"], at=AT + timedelta(hours=6))[0]
    edit_contact(
        contact(BO).pk, {"job_title": f"VP {MARK}"}, user=people["sales"], version=contact(BO).version,
        at=AT + timedelta(hours=7), reason=f"{NAME} said so",
    )  # fmt: skip
    places = {p.name: "lost" for p in merging.plan_unmerge(apart.pk).unplaced}
    merging.unmerge(apart.pk, place=places, user=people["reviewer"], at=AT + timedelta(hours=8))
    _many(people)
    _synced(world)
    return world


def _imported() -> None:
    """A file that was taken back, with a list of what was left."""
    rows = [(ANN, *PERSON.values(), f"Buyer {MARK}", "+12025550107"), ("cy@pier.example", "Cy", "Ray", "Pier", "", "")]
    batch = undoing.imported(*rows)
    edit = {"job_title": f"Chief {MARK}"}
    user = User.objects.get(username="sales")
    edit_contact(contact(ANN).pk, edit, user=user, version=contact(ANN).version, at=undoing.LATER)
    undoing.take_back(batch)
    undoing.imported(*rows, at=undoing.LATEST + timedelta(hours=1))


def _many(people: dict[str, User]) -> None:
    ids = [contact(ANN).pk, contact(BO).pk]
    user, at = people["ops"], AT + timedelta(hours=9)
    edit = bulk_edit.start(
        ids, stage="mql", owner="", reason=f"as {NAME} asked", which=f"found by {ANN}", user=user, at=at
    )
    bulk_edit.work(edit.pk)
    assert MARK in json.dumps(BulkEdit.objects.get().found)
    cases = list(Review.objects.filter(status="open").values_list("pk", flat=True))
    ReviewStep.objects.create(review_id=cases[0], at=at, actor="Ops", act="note", detail=NAME)
    many.start("different", cases, which=f"of {NAME}", note=NAME, user=user, at=at)


def _synced(world: World) -> None:
    ident = world.map.create(email=ANN, firstname=PERSON["first_name"], title=f"CTO {MARK}")
    world.map.create(email=BO)
    world.exchange()
    world.map.edit(ident, title=f"CEO {MARK}", firm=f"Other {MARK}")
    world.exchange()
    link = Link.objects.get(contact=contact(ANN))
    c, now, words = link.connection, timezone.now(), f"is it {NAME}?"
    Push.objects.create(
        connection=c, kind=Push.Kind.RECORD, subject=str(link.contact_id), changed_at=now, due_at=now, lease_holder=MARK
    )
    Look.objects.create(connection=c, record_id=link.record_id, told_at=now, due_at=now, lease_holder=MARK)
    Hook.objects.create(
        connection=c, key="1", happening="changed", record_id=link.record_id, body={"email": ANN}, happened_at=now,
        received_at=now,
    )  # fmt: skip
    Hook.objects.create(connection=c, key="2", happening="made", body={"who": NAME}, happened_at=now, received_at=now)
    SyncError.objects.create(
        connection=c, way="to-map", kind="record", subject=str(link.contact_id), contact_id=link.contact_id,
        cause="refused", value=ANN, text=words, sent={"email": ANN}, answered={"said": words}, first_at=now,
        last_at=now,
    )  # fmt: skip
    _audited(c, now)
    _proved(link, words, now)
    named = {"all": [{"field": "email", "op": "is", "value": ANN}, {"field": "job_title", "op": "has", "value": NAME}]}
    Connection.objects.filter(pk=c.pk).update(takes_part=named)
    ConnectionChange.objects.create(
        connection=c, what="takes-part", before={}, after=named, reason=words, by="Ops", at=now
    )
    Erasure.objects.create(contact_id=10**9, reason=f"not {NAME}", asked_by_name="Ops", asked_at=now, done_at=now)
    Refusal.objects.create(
        field="job_title", rule="hub", kind="connection", who="Our MAP", connection=c.slug, ref=link.record_id,
        offered=f"CEO {MARK}", at=now,
    )  # fmt: skip


def _audited(c: Connection, now: datetime) -> None:
    """A duplicate audit of the MAP and one of the hub that found the person."""
    there = Audit.objects.create(connection=c, started_by_name="Ops", created_at=now, target=3)
    here = Audit.objects.create(started_by_name="Ops", created_at=now, target=3)
    record = {"id": "999", "values": {"email": ANN, "title": f"CEO {MARK}"}, "email": ANN}
    group = AuditGroup.objects.create(
        audit=there, number=1, by="address", shared=ANN, records=[record, {"id": "1000", "values": {}}], size=2,
        keeps=[{"name": "title", "text": f"CEO {MARK}"}], consent={"address": ANN}, needs=f"is it {NAME}?",
    )  # fmt: skip
    AuditGroup.objects.create(
        audit=here, number=1, by="name", shared=f"{NAME} at harbor.example", size=2,
        records=list(Contact.objects.values_list("pk", flat=True)[:2]),
    )  # fmt: skip
    AuditStep.objects.create(group=group, at=now, by="Ops", act="opt-out", record=ANN, done=True, words=f"{ANN}: no")


def _proved(link: Link, words: str, now: datetime) -> None:
    """A pilot that wrote to the person, a gate that was overridden, and a stop that a MAP was told of."""
    c, told = link.connection, {"connection": link.connection, "asked_by_name": "Ops", "asked_at": now}
    Override.objects.create(gate="pilot", said=words, reason=words, basis="1", **told)
    pilot = Pilot.objects.create(
        connection=c, source=c.source, basis="1", size=1, started_by_name="Ops", created_at=now, reason=words,
        left=[[link.contact_id, NAME]],
    )  # fmt: skip
    PilotWrite.objects.create(
        pilot=pilot, contact_id=link.contact_id, record_id=link.record_id, after={"email": ANN}, at=now
    )
    OptOutOrder.objects.create(connection=c, address=ANN, asked_at=now, acknowledged_at=now)


def test_nothing_of_the_person_is_left_anywhere(world: World) -> None:
    told = json.dumps(person_file(contact(ANN), AT), default=str)
    assert f"CEO {MARK}" in told
    planted = plant(MARK, NAME)
    assert {name for name, rows in planted.items() if not rows} == set(), "each table has to be put to the test"
    before, bo = verify().records, contact(BO).pk
    call_command("erase", ANN, "--reason", "asked by letter", "--json", stdout=StringIO())
    assert everything(MARK) == []
    assert Contact.objects.filter(pk=bo).exists()
    assert Link.objects.filter(contact=bo).count() == 1
    assert Pull.objects.exists()
    assert (verify().whole, verify().records) == (True, before + 2)
    assert not erasing.unfinished()[1:]  # but for the one that this test made up


def test_connections_hear_of_it_while_the_links_are_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, ...]] = []

    def listener(erased: protecting.Erased) -> list[str]:
        links = Link.objects.filter(contact__in=erased.contacts)
        heard.append((*sorted(erased.addresses), *links.values_list("connection__slug", flat=True)))
        return ["our-map"]

    monkeypatch.setattr(protecting, "_ERASED", [listener])
    out = StringIO()
    ident = contact(ANN).pk
    call_command("erase", ANN, "--reason", "asked by letter", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"erased": ident, "connections": ["our-map"]}
    assert heard == [(WORK, ANN, "our-map")]


def test_what_a_killed_process_left_behind_is_removed_by_the_next_sweep(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("contacts.services.erasing.files.remove", killed)
        with pytest.raises(KeyboardInterrupt):
            call_command("erase", ANN, "--reason", "asked by letter", stdout=StringIO())
    assert everything(MARK)
    Erasure.objects.filter(contact_id=10**9).delete()
    for number in erasing.unfinished():
        erasing.finish(number, timezone.now())
    assert everything(MARK) == []
    assert erasing.unfinished() == []


def test_a_table_that_nobody_thought_of_is_named_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert registry.unknown() == []
    monkeypatch.setattr(registry, "_SHARES", registry._SHARES[:-1])
    assert "syncrules.Pull" in registry.unknown()
