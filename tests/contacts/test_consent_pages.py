"""The pages of consent: the card, the evidence, unsubscribing, erasing with two people, and the reports."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.domain.consent import WITHDRAWN
from contacts.models import Contact, Erasure
from contacts.services.consent import of_addresses
from tests.factories import arrive

ANN, BO = "ann@acme-tooling.example", "bo@other.example"
WORDS = "Yes, send me product news."
YES = {"opt_in": "yes", "opt_in_at": "2026-03-01 10:00", "opt_in_text": WORDS}

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(users: dict[str, User]) -> Contact:
    both = {"email": ANN, "last_name": "Lee", **YES}, {"email": BO, "last_name": "May", "opt_in": "yes"}
    arrive(*both, at=timezone.now())
    return Contact.objects.get(addresses__key=ANN)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def text(client: Client, view: str, *args: int) -> str:
    answer = client.get(reverse(f"hub:{view}", args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_contacts_page_says_what_stands_and_leads_to_the_evidence(ann: Contact, users: dict[str, User]) -> None:
    client = signed_in(users["marketing"])
    shown = text(client, "contact", ann.pk)
    assert "agreed" in shown
    assert reverse("hub:contact_consent", args=[ann.pk]) in shown
    evidence = text(client, "contact_consent", ann.pk)
    assert WORDS in evidence
    assert "Website contact form, by API" in evidence


def test_the_button_unsubscribes_everywhere_with_who_said_so(ann: Contact, users: dict[str, User]) -> None:
    client = signed_in(users["sales"])
    for said in ("Unsubscribed everywhere", "unsubscribed already"):
        answer = client.post(reverse("hub:contact_unsubscribe", args=[ann.pk]), {"note": "by phone"}, follow=True)
        assert said in answer.content.decode()
    assert of_addresses([ANN])[ANN].word == WITHDRAWN
    assert "by phone" in text(client, "contact_consent", ann.pk)
    assert signed_in(users["auditor"]).post(reverse("hub:contact_unsubscribe", args=[ann.pk])).status_code == 403


def test_an_erasure_takes_two_people(ann: Contact, users: dict[str, User]) -> None:
    address = reverse("hub:contact_erase", args=[ann.pk])
    ops, admin = signed_in(users["ops"]), signed_in(users["admin"])
    assert "Say why" in ops.post(address, {"act": "ask", "reason": ""}, follow=True).content.decode()
    ops.post(address, {"act": "ask", "reason": "asked by letter"})
    assert "somebody else" in ops.post(address, {"act": "agree"}, follow=True).content.decode()
    assert "Agree, and erase now" in text(admin, "contact_consent", ann.pk)
    admin.post(address, {"act": "agree"})
    assert not Contact.objects.filter(pk=ann.pk).exists()
    assert Erasure.objects.get().agreed_by_name == "Admin"
    assert "asked by letter" in text(ops, "consents")


def test_the_reports_say_who_may_be_mailed_and_which_agreements_lack_evidence(
    ann: Contact, users: dict[str, User]
) -> None:
    client = signed_in(users["auditor"])
    shown = text(client, "consents")
    assert "1 address may be mailed" in shown
    assert "missing: when, in which words" in shown
    assert "2 agreed" in shown
    signed_in(users["sales"]).post(reverse("hub:contact_unsubscribe", args=[ann.pk]))
    assert "0 addresses may be mailed" in text(client, "consents")


def test_a_persons_file_is_for_those_who_may_erase(ann: Contact, users: dict[str, User]) -> None:
    address = reverse("hub:contact_file", args=[ann.pk])
    assert signed_in(users["marketing"]).get(address).status_code == 403
    answer = signed_in(users["ops"]).get(address)
    assert answer["Content-Type"].startswith("application/json")
    assert WORDS in answer.content.decode()
