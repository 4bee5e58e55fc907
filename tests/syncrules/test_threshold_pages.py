"""Ops change who takes part: in the browser's words, against a second editor, with a reason, kept in the history."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import Contact
from syncrules.models import Connection, ConnectionChange, Push, SyncRun
from syncrules.services import changes, threshold_edits
from tests import factories
from tests.syncrules.syncing import World, connect

pytestmark = pytest.mark.django_db
HOT = {"all": [{"field": "lead_score", "op": "least", "value": 40}]}
GERMAN = {"any": [{"field": "country", "op": "is", "value": "DE"}]}


@pytest.fixture
def world(users: Any) -> World:
    made = connect()
    made.people = dict(users)
    return made


def client_of(world: World, role: str) -> Client:
    made = Client()
    made.force_login(world.user(role), "django.contrib.auth.backends.ModelBackend")
    return made


def send(world: World, page: str, role: str = "ops", **body: Any) -> Any:
    said = {
        "which": "takes_part",
        "tree": HOT,
        "was": changes.mark(world.connection.takes_part),
        "reason": "Too many",
    } | body
    address = reverse(f"rules:threshold_{page}", args=[world.connection.slug])
    return client_of(world, role).post(address, json.dumps(said), content_type="application/json")


def stands(world: World, which: str = "takes_part") -> Any:
    return Connection.objects.values_list(which, flat=True).get(pk=world.connection.pk)


def test_the_page_shows_both_thresholds_and_what_can_be_asked(world: World) -> None:
    world.connection.takes_part = HOT
    world.connection.save()
    answer = client_of(world, "auditor").get(reverse("rules:threshold", args=[world.connection.slug]))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Lead score is at least 40" in text
    assert "Who is a lead" in text
    fields = {f["name"] for f in answer.context["data"]["fields"]}
    assert {"lifecycle_stage", "lead_score", "source", "country"} <= fields
    assert "opt_in" not in fields
    assert answer.context["may_change"] is False


def test_the_count_says_who_passes_and_changes_nothing(world: World) -> None:
    for n in range(3):
        factories.one(email=f"p{n}@firm.example", lead_score=str(30 + 10 * n))
    said = send(world, "count", role="auditor").json()
    assert (said["of"], said["passing"], said["parts"], said["more"], said["fewer"]) == (3, 2, {"0": 2}, 0, 1)
    assert said["words"] == "Lead score is at least 40"
    assert stands(world) == {}


def test_what_is_not_finished_is_counted_and_says_what_is_missing(world: World) -> None:
    said = send(world, "count", tree={"all": [{"field": "country", "op": "is", "value": ""}]}).json()
    assert (said["passing"], said["problems"]) == (0, [["0", "Country: write what to compare with."]])


def test_a_threshold_is_saved_as_it_was_read_and_a_full_sync_makes_it_hold(world: World) -> None:
    answer = send(world, "save", tree=GERMAN)
    assert answer.status_code == 200
    assert stands(world) == {"any": [{"field": "country", "op": "is", "value": "Germany"}]}
    assert SyncRun.objects.filter(connection=world.connection, status="queued").exists()
    kept = ConnectionChange.objects.get()
    assert (kept.what, kept.before, kept.reason, kept.by) == ("takes-part", {}, "Too many", "Ops")
    page = (
        client_of(world, "ops").get(reverse("rules:connection_changes", args=[world.connection.slug])).content.decode()
    )
    assert "Country is “Germany”" in page
    assert "everybody" in page
    assert "Too many" in page


def test_what_was_refused_is_tried_again_under_another_threshold(world: World) -> None:
    Push.objects.create(connection=world.connection, subject="1", changed_at=world.now, due_at=world.now, parked=True)
    send(world, "save")
    assert not Push.objects.filter(parked=True).exists()


def test_a_second_editor_is_told_and_overwrites_nothing(world: World) -> None:
    assert send(world, "save").status_code == 200
    late = send(world, "save", role="admin", tree=GERMAN)
    assert late.status_code == 409
    said = late.json()
    assert said["by"] == ConnectionChange.objects.get().by
    assert said["stands"]["words"] == "Lead score is at least 40"
    assert stands(world) == HOT
    assert send(world, "save", role="admin", tree=GERMAN, was=said["stands"]["mark"]).status_code == 200


def test_what_is_at_work_changes_with_a_reason_and_a_draft_without(world: World) -> None:
    assert send(world, "save", reason="  ").status_code == 422
    assert stands(world) == {}
    Connection.objects.update(state="draft")
    assert send(world, "save", reason="").status_code == 200
    assert not SyncRun.objects.exists()


def test_a_threshold_with_a_problem_is_refused_at_the_door(world: World) -> None:
    answer = send(world, "save", tree={"all": [{"field": "shoe_size", "op": "least", "value": 1}]})
    assert answer.status_code == 422
    assert answer.json()["problems"] == [["0", "The hub has no field “shoe_size” (any more)."]]
    assert stands(world) == {}


def test_a_full_sync_that_is_under_way_is_named(world: World) -> None:
    assert "A full sync has begun" in send(world, "save").json()["words"]
    assert "A full sync has begun" in send(world, "save", tree={}, was=changes.mark(HOT)).json()["words"]
    SyncRun.objects.update(status="pulling", started_at=world.now)
    said = send(world, "save", tree=GERMAN, was=changes.mark({})).json()
    assert "under way already" in said["words"]


def test_the_same_threshold_again_changes_nothing(world: World) -> None:
    assert send(world, "save", tree={}).json()["words"] == "It stands so already: nothing was changed."
    assert not ConnectionChange.objects.exists()


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"which": "slug", "tree": {}}', b'{"which": "state"}', b"[" * 100_000])
def test_a_body_that_the_page_never_sends_changes_nothing(world: World, body: bytes) -> None:
    for page in ("count", "save"):
        address = reverse(f"rules:threshold_{page}", args=[world.connection.slug])
        assert client_of(world, "ops").post(address, body, content_type="application/json").status_code == 400
    assert stands(world) == {}


def test_only_those_who_may_change_a_connection_save(world: World) -> None:
    for role in ("auditor", "sales", "marketing", "reviewer"):
        assert send(world, "save", role=role).status_code == 403
    assert stands(world) == {}


def test_a_threshold_whose_field_went_is_shown_with_what_is_wrong(world: World) -> None:
    field = factories.custom_field("seats", type="number")
    world.connection.takes_part = {"all": [{"field": "seats", "op": "least", "value": 5}]}
    world.connection.save()
    field.delete()
    page = client_of(world, "ops").get(reverse("rules:threshold", args=[world.connection.slug])).content.decode()
    assert "The hub has no field “seats” (any more)." in page
    assert set(threshold_edits.problems_of(world.connection, {})) == {"takes_part"}


def test_known_people_are_told_from_leads_in_the_list_and_on_their_page(world: World) -> None:
    lead, known = (factories.one(email=f"{name}@firm.example", first_name=name).person.id for name in ("Lea", "Kim"))
    Contact.objects.filter(pk=known).update(lifecycle_stage=None)
    client = client_of(world, "sales")
    listed = client.get(reverse("hub:contacts"), {"stage": "~"})
    assert [c.pk for c in listed.context["shown"].rows] == [known]
    assert [c.pk for c in client.get(reverse("hub:contacts"), {"stage": "new-lead"}).context["shown"].rows] == [lead]
    assert "known person, not a lead" in client.get(reverse("hub:contact", args=[known])).content.decode()
    assert "known person, not a lead" not in client.get(reverse("hub:contact", args=[lead])).content.decode()


def test_a_person_edits_a_known_person_without_making_a_lead_of_them(world: World) -> None:
    known = factories.one(email="kim@firm.example", first_name="Kim").person.id
    Contact.objects.filter(pk=known).update(lifecycle_stage=None)
    client = client_of(world, "sales")
    form = client.get(reverse("hub:contact_edit", args=[known])).context["form"]
    data = {name: form[name].value() or "" for name in form.fields} | {"job_title": "Buyer"}
    answer = client.post(reverse("hub:contact_edit", args=[known]), data)
    assert answer.status_code == 302, answer.context and answer.context["form"].errors
    stored = Contact.objects.get(pk=known)
    assert (stored.job_title, stored.lifecycle_stage_id) == ("Buyer", None)
