"""An unsubscribe at every door of people, and a merge that can't undo it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from contacts.domain import consent
from contacts.domain.consent import AGREED, WITHDRAWN
from contacts.domain.protection import LessProtected, must_keep, protections
from contacts.models import Address, Arrival, ConsentRecord, Contact, SourceToken
from contacts.services import merging
from contacts.services.consent import Said, append, links, of_addresses, of_contact, purposes
from contacts.services.consent.unsubscribing import unsubscribe_contact
from contacts.services.people import edit_contact
from tests.factories import AT, FORM, arrive

ANN = "ann@acme-tooling.example"
YES = {"opt_in": "yes", "opt_in_at": "2026-03-01 10:00", "opt_in_text": "Yes, send me news."}
LATER = AT + timedelta(days=1)

pytestmark = pytest.mark.django_db


def word(address: str = ANN) -> str:
    return of_addresses([address])[address].word


def contact(address: str = ANN) -> Contact:
    return Contact.objects.get(addresses__key=address)


@pytest.fixture
def ann(seeded: None) -> Contact:
    arrive({"email": ANN, "first_name": "Ann", "last_name": "Lee", **YES})
    return contact()


def test_one_post_without_cookie_or_sign_in_unsubscribes_and_a_second_adds_nothing(ann: Contact) -> None:
    client = Client(enforce_csrf_checks=True)
    for _ in range(2):
        answer = client.post(links.path_for(ANN), {"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, answer.cookies) == (200, {})
        assert b"You are unsubscribed" in answer.content
    assert (word(), contact().lifecycle_stage_id) == (WITHDRAWN, "unsubscribed")
    assert ConsentRecord.objects.filter(act=WITHDRAWN).count() == 1
    assert ann.history.first().actor == "the link in a mail"


def test_programs_that_only_look_change_nothing(ann: Contact) -> None:
    for method in ("get", "head"):
        answer = getattr(Client(), method)(links.path_for(ANN))
        assert (answer.status_code, answer.cookies) == (200, {})
    assert word() == AGREED


def test_the_link_shows_no_address_and_can_not_be_guessed(ann: Contact) -> None:
    path = links.path_for(ANN)
    assert path == links.path_for(ANN)
    assert "ann" not in path.lower().rsplit("/", 1)[0]
    assert "@" not in path
    token = links.token_for(ANN)
    for other in (token[:-2], token[:-1] + ("A" if token[-1] != "A" else "B") + "A", "x", "%00", token.swapcase(), "ü"):
        assert Client().post(f"/unsubscribe/{other}").status_code == 404
    assert word() == AGREED


def test_the_button_stops_every_address_of_the_contact(ann: Contact, users: dict[str, User]) -> None:
    assert unsubscribe_contact(ann.pk, user=users["sales"], note="said so on the phone", at=LATER)
    assert (word(), contact().lifecycle_stage_id) == (WITHDRAWN, "unsubscribed")
    with pytest.raises(PermissionDenied):
        unsubscribe_contact(ann.pk, user=users["auditor"], note="", at=LATER)


def test_the_stage_unsubscribed_set_by_a_person_is_an_unsubscribe(ann: Contact, users: dict[str, User]) -> None:
    edit_contact(ann.pk, {"lifecycle_stage": "unsubscribed"}, user=users["sales"], version=ann.version, at=LATER)
    assert word() == WITHDRAWN


def _token() -> str:
    token = SourceToken(source_slug=FORM)
    secret = token.issue()
    token.save()
    return secret


def _post(body: Any) -> Any:
    headers = {"Authorization": f"Bearer {_token()}"}
    return Client().post("/api/v1/unsubscribe", json.dumps(body), "application/json", headers=headers)


def test_a_tool_unsubscribes_by_the_api_whether_the_hub_knows_the_address_or_not(ann: Contact) -> None:
    assert _post({"email": " ANN@acme-tooling.example "}).json() == {"unsubscribed": True, "new": True}
    assert _post({"email": ANN}).json() == {"unsubscribed": True, "new": False}
    assert _post({"email": "new@acme-tooling.example"}).status_code == 200
    assert (word(), word("new@acme-tooling.example")) == (WITHDRAWN, WITHDRAWN)
    assert contact().lifecycle_stage_id == "unsubscribed"
    assert _post({"email": "nobody"}).status_code == 422
    assert Client().post("/api/v1/unsubscribe", "{}", "application/json").status_code == 401


def test_the_api_shows_what_stands(ann: Contact) -> None:
    token = SourceToken(source_slug=FORM, may_read=True)
    headers = {"Authorization": f"Bearer {token.issue()}"}
    token.save()

    def shown(email: str) -> bool | None:
        return Client().get("/api/v1/contacts", {"email": email}, headers=headers).json()["opt_in"]

    arrive({"email": "bo@other.example", "first_name": "Bo", "last_name": "May", "opt_in": "yes"})
    assert (shown(ANN), shown("bo@other.example")) == (True, None)
    _post({"email": ANN})
    assert shown(ANN) is False


def test_who_says_no_to_one_purpose_may_still_be_mailed_for_another(ann: Contact, users: dict[str, User]) -> None:
    purposes.add("Events", user=users["ops"], at=AT)
    assert _post({"email": ANN, "purpose": "events"}).json() == {"unsubscribed": True, "new": True}
    assert _post({"email": ANN, "purpose": "events"}).json() == {"unsubscribed": True, "new": False}
    assert of_addresses([ANN], purpose="events")[ANN].word == WITHDRAWN
    assert (word(), contact().lifecycle_stage_id == "unsubscribed") == (AGREED, False)
    assert _post({"email": ANN, "purpose": "news"}).json()["error"]["code"] == "unknown_purpose"
    assert _post({"email": ANN}).json() == {"unsubscribed": True, "new": True}
    assert (word(), contact().lifecycle_stage_id) == (WITHDRAWN, "unsubscribed")


def test_staff_can_record_a_no_to_one_purpose_on_the_page(ann: Contact, users: dict[str, User]) -> None:
    purposes.add("Events", user=users["ops"], at=AT)
    client = Client()
    client.force_login(users["sales"])
    where = reverse("hub:contact_consent", args=[ann.pk])
    assert "Events only" in client.get(where).content.decode()
    press = reverse("hub:contact_unsubscribe", args=[ann.pk])
    answer = client.post(press, {"note": "by phone", "purpose": "events"}, follow=True)
    assert "Unsubscribed from Events." in answer.content.decode()
    assert (word(), of_addresses([ANN], purpose="events")[ANN].word) == (AGREED, WITHDRAWN)


def test_a_merge_keeps_the_strictest_and_taking_it_back_gives_each_address_its_own(
    ann: Contact, users: dict[str, User]
) -> None:
    arrive({"email": "bo@other.example", "first_name": "Bo", "last_name": "May"})
    other = contact("bo@other.example")
    append([Said("bo@other.example", WITHDRAWN, consent.SYNC, consent.ALL)], AT)
    (made,) = merging.merge(ann.pk, [other.pk], user=users["reviewer"], at=LATER)
    assert {s.word for s in of_contact(ann.pk).values()} == {WITHDRAWN}
    merging.unmerge(made.pk, user=users["reviewer"], at=LATER + timedelta(hours=1))
    assert [s.word for s in of_contact(ann.pk).values()] == [AGREED]
    assert [s.word for s in of_contact(other.pk).values()] == [WITHDRAWN]


def test_a_merge_that_would_lose_a_protected_address_is_refused() -> None:
    needed = protections({}, [WITHDRAWN, consent.COMPLAINED, consent.BOUNCED])
    assert needed == {"unsubscribed", "complained"}
    must_keep(needed, {"lifecycle_stage": "unsubscribed"}, [consent.COMPLAINED])
    with pytest.raises(LessProtected, match="complained"):
        must_keep(needed, {"lifecycle_stage": "unsubscribed"})


def test_who_was_deleted_and_comes_again_is_still_unsubscribed(ann: Contact) -> None:
    Client().post(links.path_for(ANN))
    Arrival.objects.all().delete()
    Address.objects.filter(contact=ann).delete()
    Contact.objects.filter(pk=ann.pk).delete()
    (plan,) = arrive({"email": ANN, "first_name": "Ann", "last_name": "Lee"}, at=LATER)
    assert plan.outcome == "created"
    assert contact().lifecycle_stage_id == "unsubscribed"
