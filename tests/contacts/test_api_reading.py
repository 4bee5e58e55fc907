"""Reading contacts, the description of the API, and its page."""

from __future__ import annotations

import json
import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone

from contacts.models import Address, Contact
from tests.contacts.test_api_support import a_caller, a_source, refusal, send

pytestmark = pytest.mark.django_db
CONTACTS = "/api/v1/contacts"


@pytest.fixture
def caller():
    a_source()
    return a_caller()


@pytest.fixture
def ada(caller):
    send(caller, {"email": "Ada@acme.example", "first_name": "Ada", "lead_score": "7", "company": "Acme"})
    return Contact.objects.get()


def test_a_contact_is_found_by_any_of_its_addresses(caller, ada):
    Address.objects.create(
        contact=ada, shown="Ada@home.example", key="ada@home.example", primary=False, added_at=timezone.now()
    )
    for email in ("ada@acme.example", " ADA@ACME.example ", "ada@HOME.example"):
        found = caller.get(CONTACTS, {"email": email}).json()
        assert found == caller.get(f"{CONTACTS}/{ada.pk}").json()
    assert found["addresses"] == ["Ada@acme.example", "Ada@home.example"]
    assert (found["id"], found["email"], found["lead_score"]) == (ada.pk, "Ada@acme.example", 7)
    assert (found["source"], found["lifecycle_stage"], found["custom"]) == ("spring-form", "lead", {})


def test_what_is_not_there_is_404(caller, ada):
    for path in (f"{CONTACTS}/{ada.pk + 1}", f"{CONTACTS}/{10**30}", f"{CONTACTS}/{ada.pk + 1}/explain"):
        assert refusal(caller.get(path), 404)["code"] == "not_found"
    assert refusal(caller.get(CONTACTS, {"email": "eve@acme.example"}), 404)["fields"] == ["email"]


@pytest.mark.parametrize("query", ["", "?email=", "?email=nobody", "?email=%00", "?email=" + "a" * 5000, "?mail=x"])
def test_a_search_without_an_address_is_422(caller, query):
    assert "email" in refusal(caller.get(CONTACTS + query), 422)["fields"]


def test_a_token_that_only_sends_reads_nothing(ada):
    sender = a_caller(may_read=False)
    for path in (
        f"{CONTACTS}?email=ada@acme.example",
        f"{CONTACTS}/{ada.pk}",
        f"{CONTACTS}/{ada.pk}/explain",
    ):
        assert refusal(sender.get(path), 403)["code"] == "may_not_read"
        refusal(Client().get(path), 401)


def test_a_contact_is_explained_field_by_field(caller, ada):
    answer = caller.get(f"{CONTACTS}/{ada.pk}/explain").json()
    assert answer["contact"]["id"] == ada.pk
    first_name = answer["fields"]["first_name"]
    assert first_name["value"] == "Ada"
    assert set(first_name) >= {"value", "origin", "rule", "at", "arrival", "refused"}


def test_whoami_tells_a_token_its_source(caller):
    answer = caller.get("/api/v1/whoami").json()
    assert (answer["source"], answer["registered"]) == ("spring-form", True)
    assert a_caller("zapier-legacy").get("/api/v1/whoami").json()["registered"] is False


def test_the_description_is_openapi_3_1_and_names_every_address(client):
    described = client.get("/api/v1/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    assert set(described["paths"]) == {
        "/api/v1/arrivals",
        "/api/v1/whoami",
        "/api/v1/contacts",
        "/api/v1/contacts/{contact_id}",
        "/api/v1/contacts/{contact_id}/explain",
        "/api/v1/unsubscribe",
    }
    post = described["paths"]["/api/v1/arrivals"]["post"]
    assert set(post["requestBody"]["content"]) == {
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    }
    assert {"200", "400", "401", "413", "415", "422", "429"} <= set(post["responses"])
    for name in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(described)):
        assert name in described["components"]["schemas"]


def test_the_page_of_the_description_needs_nothing_from_elsewhere_and_no_inline_script(client):
    response = client.get("/api/v1/docs")
    page = response.content.decode()
    scripts = re.findall(r"<script([^>]*)>", page)
    assert scripts
    assert all('src="/static/' in s or 'type="application/json"' in s for s in scripts)
    assert "//" not in re.sub(r"https?://www\.w3\.org", "", page)
    for path in re.findall(r'(?:src|href)="/static/([^"]+)"', page):
        assert finders.find(path)
    assert not response.cookies
