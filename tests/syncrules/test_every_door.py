"""What a rep wrote is tried at through every door at once: none of them overwrites it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from contacts.models import Contact, Refusal
from contacts.services import merging, review
from contacts.services.people import edit_contact
from syncrules.models import Link
from syncrules.services import incidents
from tests.contacts.test_api_support import a_caller
from tests.contacts.test_api_support import send as post
from tests.factories import FORM
from tests.syncrules.syncing import World, connect, contact, force, with_row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]
EMAIL = "sean@acme.example"
TITLE, OTHER = "VP of Engineering", "vp eng"


@pytest.fixture
def world(settings: Any, tmp_path: Path) -> World:
    settings.UPLOAD_ROOT = tmp_path / "uploads"
    world = connect()
    world.map.create(email=EMAIL, firstname="Sean", lastname="O'Brien", title="Engineer", phone="+14155550123")
    world.exchange()
    world.edit(contact(EMAIL), job_title=TITLE, lifecycle_stage="in-discovery")
    return world


def by_file(world: World, folder: Path) -> None:
    file = folder / "people.csv"
    file.write_text(f"email,first_name,job_title,lifecycle_stage\n{EMAIL},Sean,{OTHER},MQL\n")
    call_command("intake", str(file), source="trade-show-scan", stdout=(folder / "out").open("w"))


def by_api(world: World, folder: Path) -> None:
    post(a_caller(FORM), {"email": EMAIL, "first_name": "Sean", "job_title": OTHER, "lifecycle_stage": "MQL"})


def by_typing_it_in(world: World, folder: Path) -> None:
    client = Client()
    client.force_login(world.user("ops"))
    data = {"email": EMAIL, "first_name": "Sean", "job_title": OTHER, "source": str(contact(EMAIL).source_id)}
    assert client.post(reverse("hub:contact_add"), data).status_code in (200, 302)


def by_a_pull(world: World, folder: Path) -> None:
    record = Link.objects.get().record_id
    for rule in ("fresh", "fill", "once", "never", "hub"):
        force(world.connection, with_row("job_title", "both", rule), world.later())
        world.map.edit(record, title=f"{OTHER} {rule}", stage="lead")
        world.exchange()
        world.exchange(full=True)


def by_a_blank_that_counts(world: World, folder: Path) -> None:
    force(world.connection, with_row("job_title", "both", "fresh", blank_counts=True), world.later())
    world.map.edit(Link.objects.get().record_id, title="")
    world.exchange()


def by_a_second_connection(world: World, folder: Path) -> None:
    other = connect("their-map", "Their MAP")
    other.now = world.now
    other.map.create(email=EMAIL, firstname="Sean", title=OTHER, stage="mql")
    other.exchange()
    other.exchange(full=True)
    world.now = other.now


def by_taking_it_without_the_right(world: World, folder: Path) -> None:
    by_a_pull(world, folder)
    refused = Refusal.objects.filter(field="job_title").first()
    client = Client()
    client.force_login(world.user("marketing"))
    data = {"field": "job_title", "refusal": refused.pk, "version": contact(EMAIL).version}
    assert client.post(reverse("hub:contact_take", args=[contact(EMAIL).pk]), data).status_code == 403
    with pytest.raises(PermissionDenied):
        edit_contact(
            contact(EMAIL).pk, {"job_title": OTHER}, user=world.user("marketing"),
            version=contact(EMAIL).version, at=world.later(),
        )  # fmt: skip


def by_a_merge(world: World, folder: Path) -> None:
    lost = world.arrive(email="sean@home.example", first_name="Sean", job_title=OTHER).person.id
    merging.merge(contact(EMAIL).pk, [lost], user=world.user("reviewer"), at=world.later())


def by_a_decided_case(world: World, folder: Path) -> None:
    plan = world.arrive(
        email="s.obrien@acme.example", first_name="Sean", last_name="O'Brien", company_domain="acme.example",
        job_title=OTHER,
    )  # fmt: skip
    assert plan.case is not None
    review.decide_same(plan.case.id, contact(EMAIL).pk, user=world.user("reviewer"), at=world.later())


DOORS = [
    by_file, by_api, by_typing_it_in, by_a_pull, by_a_blank_that_counts, by_a_second_connection,
    by_taking_it_without_the_right, by_a_merge, by_a_decided_case,
]  # fmt: skip


@pytest.mark.parametrize("door", [*DOORS, None], ids=lambda door: door.__name__ if door else "all of them in a row")
def test_no_door_overwrites_what_a_rep_wrote(world, tmp_path, door):
    for one in [door] if door else [d for d in DOORS if d is not by_taking_it_without_the_right]:
        one(world, tmp_path)
        now = Contact.objects.get(addresses__key=EMAIL)
        assert (now.job_title, now.lifecycle_stage_id) == (TITLE, "in-discovery"), one.__name__
    assert incidents.find() == []
