"""Incidents: an overwrite by something automatic without a rule is found in the history, and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection as database

from contacts.models import Contact, ImportBatch, Merge, Review
from contacts.services import merging, review
from contacts.services.release import take_back
from syncrules.services import incidents
from tests.factories import custom_field
from tests.syncrules.syncing import World, connect, contact, force, with_row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]
EMAIL = "sean@acme.example"


@pytest.fixture
def world() -> World:
    return connect()


def sean(world: World, **values: str) -> str:
    ident = world.map.create(email=EMAIL, firstname="Sean", lastname="O'Brien", **values)
    world.exchange()
    return ident


def plant(world: World, column: str, value: Any, **marks: Any) -> int:
    """A row of history behind the hub's back, by SQL: as the newest one, but for a column."""
    history = Contact.history.model
    last = history.objects.filter(id=contact(EMAIL).pk).order_by("-history_id").values().first()
    given = {"history_type": "~", "history_user_id": None, "arrival_id": None, "history_change_reason": ""}
    row = {**last, "history_date": world.later(), "actor": "Our MAP", **given, column: value, **marks}
    del row["history_id"]
    columns = [history._meta.get_field(name) for name in row]
    values = [f.get_db_prep_save(v, database) for f, v in zip(columns, row.values(), strict=True)]
    names, places = ", ".join(f.column for f in columns), ", ".join(["%s"] * len(columns))
    with database.cursor() as cursor:
        cursor.execute(f"INSERT INTO {history._meta.db_table} ({names}) VALUES ({places})", values)
    return history.objects.order_by("-history_id").values_list("history_id", flat=True).first()


def found() -> list[tuple[str, str, str]]:
    return [(i.field, i.old, i.new) for i in incidents.find()]


def test_a_planted_overwrite_of_a_persons_value_is_found_with_who_and_when(world):
    sean(world, title="Engineer")
    world.edit(contact(EMAIL), job_title="VP of Engineering")
    assert incidents.find() == []
    row = plant(world, "job_title", "vp eng", history_change_reason="our-map worksheet v1: job_title fresh@1.4")
    [incident] = incidents.find()
    assert (incident.contact, incident.field, incident.old, incident.new) == (
        contact(EMAIL).pk, "job_title", "VP of Engineering", "vp eng",
    )  # fmt: skip
    assert (incident.who, incident.at, incident.history) == ("Our MAP", world.now, row)
    assert incidents.count_incidents() == 1


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("job_title", "Chief", ""),
        ("job_title", "Chief", "our-map worksheet v9: job_title fresh@9.4"),
        ("job_title", "Chief", "their-map worksheet v1: job_title fresh@1.4"),
        ("job_title", "", "import-undone: the import that filled it was taken back (import 77 taken back)"),
        ("company", "Kestrel", "our-map worksheet v1: company hub@1.5"),
        ("first_name", "Shaun", "our-map worksheet v1: first_name fill@1.2"),
        ("lifecycle_stage_id", "new-lead", "our-map worksheet v1: company hub@1.5, no stage"),
    ],
)
def test_a_value_that_no_row_in_force_may_overwrite_is_an_incident(world, column, value, reason):
    world.arrive(email=EMAIL, first_name="Sean", company="Acme")
    sean(world, title="Engineer", stage="mql")
    if column == "lifecycle_stage_id":
        force(world.connection, with_row("lifecycle_stage", "to-map", "stage"), world.later())
    plant(world, column, value, history_change_reason=reason)
    assert [(f, new) for f, _, new in found()] == [(column.removesuffix("_id"), value)]


def test_an_arrival_that_overwrites_is_an_incident_whatever_it_says(world):
    sean(world, title="Engineer")
    plant(world, "job_title", "Chief", arrival_id=1, history_change_reason="our-map worksheet v1: job_title fresh@1.4")
    assert found() == [("job_title", "Engineer", "Chief")]


def test_the_version_that_counts_is_the_one_that_was_in_force_at_that_moment(world):
    sean(world, title="Engineer")
    reason = "our-map worksheet v1: job_title fresh@1.4"
    plant(world, "job_title", "Chief", history_change_reason=reason)
    assert found() == []
    force(world.connection, with_row("job_title", "both", "never"), world.later())
    assert found() == []
    world.later()
    plant(world, "job_title", "Boss", history_change_reason=reason)
    plant(world, "job_title", "Head", history_change_reason="our-map worksheet v2: job_title never@2.4")
    assert found() == [("job_title", "Boss", "Head"), ("job_title", "Chief", "Boss")]


@pytest.mark.parametrize(("old", "new", "fine"), [
    ("sql", "mql", False), ("unsubscribed", "mql", False), ("customer", "unsubscribed", True),
    ("new-lead", "mql", True),
])  # fmt: skip
def test_of_stages_only_the_moves_of_a_map_are_none(world, old, new, fine):
    sean(world, stage="lead")
    if old != "new-lead":
        plant(world, "lifecycle_stage_id", old, history_user_id=1, history_change_reason="merged by hand")
    plant(world, "lifecycle_stage_id", new, history_change_reason="our-map worksheet v1: lifecycle_stage stage@1.8")
    assert found() == ([] if fine else [("lifecycle_stage", old, new)])


def test_custom_fields_are_looked_at_too(world):
    custom_field("plan")
    world.arrive(email=EMAIL, first_name="Sean", plan="gold")
    plant(world, "custom", {"plan": "iron"})
    assert found() == [("plan", "gold", "iron")]


def test_a_released_value_may_be_overwritten_until_it_is_protected_again(world):
    sean(world, title="Engineer")
    reason = "our-map worksheet v1: job_title fresh@1.4"
    world.edit(contact(EMAIL), job_title="VP")
    world.release(contact(EMAIL), "job_title")
    plant(world, "job_title", "VP Eng", history_change_reason=reason)
    assert found() == []
    world.edit(contact(EMAIL), job_title="VP of Engineering")
    world.release(contact(EMAIL), "job_title")
    now = contact(EMAIL)
    take_back(now.pk, "job_title", user=world.user("sales"), version=now.version, at=world.later())
    plant(world, "job_title", "VP Eng", history_change_reason=reason)
    assert found() == [("job_title", "VP of Engineering", "VP Eng")]


def test_what_happened_before_a_moment_is_left_out(world):
    sean(world, title="Engineer")
    plant(world, "job_title", "Chief")
    assert incidents.count_incidents(world.now) == 1
    assert incidents.find(world.now + timedelta(seconds=1)) == []


def test_the_newest_come_first_and_no_more_than_asked_for(world):
    sean(world, title="Engineer")
    rows = [plant(world, "job_title", title) for title in ("A", "B", "C")]
    assert [i.history for i in incidents.find(limit=2)] == rows[:0:-1]


def test_a_long_life_by_the_rules_has_none(world, tmp_path):
    ident = sean(world, title="Engineer", score="10")
    world.arrive(email=EMAIL, first_name="Sean", job_title="Buyer", country="Ireland")
    file = tmp_path / "people.csv"
    file.write_text(f"email,first_name,company\n{EMAIL},Sean,Acme\nann@acme.example,Ann,Acme\n")
    call_command("intake", str(file), source="trade-show-scan", stdout=(tmp_path / "out").open("w"))
    for score, stage in (("20", "mql"), ("30", "mql")):
        world.map.edit(ident, score=score, stage=stage, title=f"Chief {score}")
        world.exchange()
    world.edit(contact(EMAIL), job_title="VP", lifecycle_stage="in-discovery", company="Acme Ltd")
    world.map.edit(ident, title="vp eng", stage="lead", firm="ACME")
    world.exchange()
    world.release(contact(EMAIL), "job_title")
    world.map.edit(ident, title="Chief of all")
    world.exchange()
    call_command("undo_import", ImportBatch.objects.get().pk, stdout=(tmp_path / "out").open("w"))
    other = world.arrive(email="sean@home.example", first_name="Sean", job_title="Boss").person.id
    call_command("merge", contact(EMAIL).pk, other, stdout=(tmp_path / "out").open("w"))
    call_command("unmerge", Merge.objects.get().pk, stdout=(tmp_path / "out").open("w"))
    [merged] = merging.merge(other, [contact(EMAIL).pk], user=world.user("reviewer"), at=world.later())
    world.exchange()
    merging.unmerge(merged.pk, user=world.user("reviewer"), at=world.later())
    world.map.create(email="s.obrien@acme.example", firstname="Sean", lastname="O'Brien", phone="+14155550123")
    world.exchange()
    for case in Review.objects.filter(status="open", kind="hold"):
        review.decide_same(case.pk, contact(EMAIL).pk, user=world.user("reviewer"), at=world.later())
    world.map.edit(ident, optout="true")
    world.exchange()
    world.exchange(full=True)
    assert contact(EMAIL).lifecycle_stage_id == "unsubscribed"
    assert incidents.find() == []
