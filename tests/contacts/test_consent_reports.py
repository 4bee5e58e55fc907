"""Purposes that ops name, and the reports: who may be mailed for each, with the evidence, as files too."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.domain.consent import FORM, GRANTED, LINK, WITHDRAWN
from contacts.models import Contact, Purpose, Source
from contacts.services.consent import Said, append, of_addresses, opt_in_of, purposes
from contacts.services.consent.imported import answer_from
from tests import factories
from tests.factories import AT, arrive

ANN, BO, CY = "ann@acme.example", "bo@acme.example", "cy@acme.example"
YES = {"opt_in": "yes", "opt_in_at": "2026-03-01 10:00", "opt_in_text": "=Yes, tell me."}

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_role(users: dict[str, User], client: Client) -> Any:
    def sign_in(role: str) -> Client:
        client.force_login(users[role], "django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


def rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def events(users: dict[str, User]) -> Purpose:
    return purposes.add("Events", user=users["ops"], at=AT)


def test_an_agreement_to_one_purpose_is_none_to_another(users: dict[str, User]) -> None:
    Source.objects.filter(slug=factories.FORM).update(purpose=events(users))
    arrive({"email": ANN, **YES})
    assert of_addresses([ANN], purpose="events")[ANN].mailable
    assert not of_addresses([ANN])[ANN].mailable
    ident = Contact.objects.get().pk
    assert (opt_in_of([ident]), opt_in_of([ident], purpose="events")) == ({ident: None}, {ident: True})


def test_a_no_to_one_purpose_leaves_the_others_and_the_stage(users: dict[str, User]) -> None:
    events(users)
    arrive({"email": ANN, **YES})
    append([Said(ANN, WITHDRAWN, LINK, "events")], AT)
    arrive({"email": ANN, "first_name": "Ann"}, at=AT + timedelta(days=1))
    assert of_addresses([ANN])[ANN].mailable
    assert of_addresses([ANN], purpose="events")[ANN].word == WITHDRAWN
    assert Contact.objects.get().lifecycle_stage_id == "new-lead"


def test_ops_add_a_purpose_and_take_it_out_of_use_and_others_may_not(as_role: Any) -> None:
    page = as_role("ops").post(reverse("hub:consent_purpose"), {"name": " Partner  events "}, follow=True)
    assert "Partner events" in page.content.decode()
    assert "already" in as_role("ops").post(
        reverse("hub:consent_purpose"), {"name": "Partner events"}, follow=True
    ).content.decode()  # fmt: skip
    assert list(purposes.names()) == ["product-news", "partner-events"]
    assert as_role("sales").post(reverse("hub:consent_purpose"), {"name": "More"}).status_code == 403
    as_role("ops").post(reverse("hub:consent_purpose"), {"retire": "partner-events"})
    as_role("ops").post(reverse("hub:consent_purpose"), {"retire": "product-news"})
    assert list(purposes.names()) == ["product-news"]


def test_the_answer_for_a_file_is_about_the_purpose_that_was_chosen(users: dict[str, User]) -> None:
    events(users)
    assert answer_from("words", "2026-03-01", "a form", "events")["purpose"] == "events"
    assert answer_from("words", "2026-03-01", "a form", "no-such")["purpose"] == "product-news"
    assert answer_from("", "", "", "events") == {}


def test_who_may_be_mailed_is_a_file_with_the_evidence_and_no_formula(as_role: Any) -> None:
    arrive({"email": ANN, **YES}, {"email": BO, "opt_in": "yes"}, {"email": CY, **YES}, {"email": CY, "opt_in": "no"})
    answer = as_role("ops").get(reverse("hub:consent_file", args=["mailable"]))
    (row,) = rows(answer)
    assert (row["address"], row["words"], row["purpose"]) == (ANN, "'=Yes, tell me.", "Product news")
    assert row["agreed_at"].startswith("2026-03-01T10:00:00")
    assert "attachment" in answer["Content-Disposition"]


def test_agreements_without_evidence_are_a_file_that_says_what_is_missing(as_role: Any) -> None:
    arrive({"email": BO, "opt_in": "yes"})
    (row,) = rows(as_role("ops").get(reverse("hub:consent_file", args=["unproven"])))
    assert (row["address"], row["missing"]) == (BO, "when, in which words")


def test_what_changed_this_week_is_a_file_and_older_things_are_not_in_it(as_role: Any) -> None:
    append([Said(ANN, GRANTED, FORM)], timezone.now() - timedelta(days=8))
    append([Said(f"p{n}@acme.example", WITHDRAWN, LINK, "*") for n in range(1100)], timezone.now())
    found = rows(as_role("ops").get(reverse("hub:consent_file", args=["week"])))
    assert len(found) == 1100
    assert {row["what"] for row in found} == {"withdrawn"}


def test_files_need_the_right_to_export(as_role: Any) -> None:
    assert as_role("sales").get(reverse("hub:consent_file", args=["mailable"])).status_code == 403
    assert as_role("ops").get(reverse("hub:consent_file", args=["nothing"])).status_code == 404


def test_the_page_goes_by_purpose(as_role: Any, users: dict[str, User]) -> None:
    events(users)
    arrive({"email": ANN, **YES})
    client = as_role("ops")
    assert ANN in client.get(reverse("hub:consents")).content.decode().split("Agreements without evidence")[0]
    assert ANN not in client.get(reverse("hub:consents"), {"purpose": "events"}).content.decode().split("Agreements")[0]
    card = client.get(reverse("hub:contact", args=[Contact.objects.get().pk])).content.decode()
    assert "Product news: agreed" in card
    assert "Events: nothing agreed" in card
    assert "opted in" in card
