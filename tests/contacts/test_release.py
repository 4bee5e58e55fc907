"""A person releases a value to the connections and takes that back; refused values are taken from the page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from contacts.domain import rules
from contacts.domain.origins import is_protected
from contacts.models import Contact, Refusal
from contacts.services import story
from contacts.services.explain import explain_contact
from contacts.services.explain_words import sentence
from contacts.services.people import Conflict, Invalid, edit_contact
from contacts.services.refusals import Refused, log_refusals
from contacts.services.release import release, take_back
from contacts.services.timeline import timeline
from tests.contacts.deciding import NOW, person, seed, send

pytestmark = pytest.mark.django_db
ADDRESS = "sean@acme-tooling.example"
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def sean() -> Contact:
    """A contact whose job title a person of sales wrote."""
    seed()
    found = send(email=ADDRESS, first_name="Sean", job_title="Engineer").contact
    edit_contact(found.pk, {"job_title": "VP"}, user=person("sales"), version=1, at=LATER)
    return fresh(found)


def fresh(found: Contact) -> Contact:
    return Contact.objects.get(pk=found.pk)


def let_go(found: Contact, field: str = "job_title", who: str = "sales", act: Any = release) -> None:
    act(found.pk, field, user=person(who), version=fresh(found).version, at=LATER + timedelta(hours=1))


def refused(found: Contact, value: str, field: str = "job_title", rule: str = "row-protected@1.4") -> Refusal:
    log_refusals([Refused(found.pk, field, rule, LATER, "connection", "HubSpot", value, "VP", "hubspot", 4, "5512")])
    return Refusal.objects.latest("pk")


def browser(who: str, client: Client) -> Client:
    client.force_login(person(who))
    return client


def test_releasing_keeps_the_value_and_says_who_did_it(sean):
    let_go(sean, who="ops")
    now = fresh(sean)
    assert (now.job_title, is_protected(now.origins, "job_title")) == ("VP", False)
    entry = explain_contact(now)["fields"]["job_title"]
    assert (entry["origin"], entry["by"], entry["rule_code"]) == ("Dana Whitfield", "person", rules.RELEASED)
    assert "Priya Raman released it to the connections on 17 March 2026 at 11:40." in sentence(entry)
    line = timeline(now.pk, story.load_names(), None, None).lines[0]
    assert line.words == "Priya Raman released Job title to the connections"


def test_a_released_value_still_is_no_gap_for_arrivals(sean):
    let_go(sean)
    send("trade-show-scan", email=ADDRESS, job_title="vp eng")
    assert fresh(sean).job_title == "VP"


def test_taking_a_release_back_protects_the_value_again(sean):
    let_go(sean)
    let_go(sean, act=take_back)
    now = fresh(sean)
    assert is_protected(now.origins, "job_title")
    assert explain_contact(now)["fields"]["job_title"]["released"] is None


@pytest.mark.parametrize(("field", "act"), [
    ("first_name", release), ("phone", release), ("email", release), ("owner", release), ("job_title", take_back),
])  # fmt: skip
def test_only_what_a_person_holds_can_be_released_and_only_what_is_released_taken_back(sean, field, act):
    with pytest.raises(Invalid):
        let_go(sean, field, act=act)


def test_whoever_may_not_change_contacts_releases_nothing(sean):
    with pytest.raises(PermissionDenied):
        let_go(sean, who="marketing")
    assert is_protected(fresh(sean).origins, "job_title")


def test_what_changed_meanwhile_is_not_released_unseen(sean):
    with pytest.raises(Conflict):
        release(sean.pk, "job_title", user=person("sales"), version=1, at=LATER)


def test_the_page_shows_what_a_connection_was_refused_beside_what_arrivals_were(sean, client):
    send("trade-show-scan", email=ADDRESS, job_title="vp eng")
    refused(sean, "VP Engineering")
    page = browser("sales", client).get(reverse("hub:contact", args=[sean.pk])).content.decode()
    for words in ("“vp eng”", "“VP Engineering”", "HubSpot, worksheet v1 row 4", "a person wrote it"):
        assert words in page
    assert "Release Job title" in page


def test_a_refused_value_of_a_connection_is_taken_with_a_click(sean, client):
    log = refused(sean, "VP Engineering")
    where = reverse("hub:contact_take", args=[sean.pk])
    browser("sales", client).post(where, {"field": "job_title", "refusal": log.pk, "version": sean.version})
    now = fresh(sean)
    assert now.job_title == "VP Engineering"
    assert is_protected(now.origins, "job_title")
    assert "Took the value of HubSpot." in now.history.first().history_change_reason


@pytest.mark.parametrize("case", ["another field", "another contact", "cut short"])
def test_a_value_that_was_not_offered_for_this_field_of_this_contact_is_not_taken(sean, client, case):
    about, field, value = sean, "job_title", "Chief"
    if case == "another contact":
        about = send(email="ann@other.example", first_name="Ann").contact
    log = refused(about, "x" * 300 if case == "cut short" else value, "company" if case == "another field" else field)
    where = reverse("hub:contact_take", args=[sean.pk])
    browser("sales", client).post(where, {"field": field, "refusal": log.pk, "version": sean.version})
    assert fresh(sean).job_title == "VP"


def test_somebody_without_the_right_takes_and_releases_nothing(sean, client):
    log = refused(sean, "VP Engineering")
    for name, data in (("contact_take", {"refusal": log.pk}), ("contact_release", {"act": "release"})):
        where = reverse(f"hub:{name}", args=[sean.pk])
        answer = browser("marketing", client).post(where, {"field": "job_title", "version": sean.version, **data})
        assert answer.status_code == 403
    assert fresh(sean).version == sean.version


def test_releasing_and_protecting_again_on_the_page(sean, client):
    where = reverse("hub:contact_release", args=[sean.pk])
    for act, protected in (("release", False), ("back", True)):
        data = {"field": "job_title", "act": act, "version": fresh(sean).version}
        browser("sales", client).post(where, data)
        assert is_protected(fresh(sean).origins, "job_title") is protected
