"""The page of one arrival: what came, exactly as received, and what was decided for it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import Arrival, Contact, ImportBatch
from tests.contacts.deciding import NOW, person, seed, send, source

pytestmark = pytest.mark.django_db
ADDRESS = "sean@acme-tooling.example"


@pytest.fixture(autouse=True)
def _hub() -> None:
    seed()


def sign_in(name: str = "sales") -> Client:
    client = Client()
    client.force_login(person(name))
    return client


def sean() -> Contact:
    return send(email=ADDRESS, first_name="Sean", last_name="Obrien", job_title="Engineer").contact


def url(name: str, *args: Any) -> str:
    return reverse(f"hub:{name}", args=args)


def body(response: Any) -> str:
    """The page without its white space, so that a sentence is one line."""
    return re.sub(r"\s+", " ", response.content.decode())


def test_an_arrival_shows_what_came_as_it_came():
    arrival = send(email=f"  {ADDRESS} ", Favourite="green", job_title="")
    page = body(sign_in().get(url("arrival", arrival.pk)))
    items = {i["column"]: (i["value"], i["label"]) for i in sign_in().get(url("arrival", arrival.pk)).context["items"]}
    assert items["email"] == (f"  {ADDRESS} ", "E-mail")
    assert items["Favourite"] == ("green", "")
    assert "kept, not mapped" in page
    assert items["job_title"] == ("", "blank, says nothing")


def test_an_arrival_says_what_was_decided_and_leads_there():
    contact = sean()
    arrival = send("trade-show-scan", email=ADDRESS, job_title="CTO", phone="12")
    page = body(sign_in().get(url("arrival", arrival.pk)))
    assert f'href="{url("contact", contact.pk)}"' in page
    assert "arrivals only fill gaps" in page
    assert "it has too few digits" in page
    assert "Website contact form, 17 March" in page


def test_a_row_of_a_file_has_its_columns_and_its_place():
    batch = ImportBatch.objects.create(
        source=source(),
        filename="leads.csv",
        columns=["Mail", "Colour"],
        mapping={"Mail": "email"},
        created_at=NOW,
    )
    arrival = Arrival.objects.create(
        source=source(),
        batch=batch,
        row=7,
        door="file",
        received_at=NOW,
        raw=["x@y.example", "red"],
        outcome="created",
    )
    response = sign_in("ops").get(url("arrival", arrival.pk))
    items = [(i["column"], i["value"], i["label"]) for i in response.context["items"]]
    assert items == [("Mail", "x@y.example", "E-mail"), ("Colour", "red", "")]
    assert "leads.csv, row 7" in body(response)


def test_a_repeated_arrival_leads_to_the_original_and_shows_its_values():
    original = send(email=ADDRESS)
    again = Arrival.objects.create(
        source=source(), door="api", received_at=NOW, repeat_of=original, outcome="repeated", contact=original.contact
    )
    response = sign_in().get(url("arrival", again.pk))
    assert f'href="{url("arrival", original.pk)}"' in body(response)
    assert [i["value"] for i in response.context["items"]] == [ADDRESS]


def test_an_arrival_without_a_registered_source_says_that_it_waits():
    waiting = Arrival.objects.create(source_slug="old-form", door="api", received_at=NOW, raw={"email": ADDRESS})
    page = body(sign_in().get(url("arrival", waiting.pk)))
    assert 'old-form <span class="soft">(not registered)</span>' in page
    assert "it waits until its source is registered" in page
