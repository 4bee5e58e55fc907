"""The same delivery twice, a key that is reused, and records of a source that nobody registered."""

from __future__ import annotations

import pytest

from contacts.models import Arrival, Contact, Source
from contacts.services.records import received_from_dict
from tests.contacts.test_api_support import ARRIVALS, a_caller, a_source, refusal, send

pytestmark = pytest.mark.django_db
ADA = {"email": "ada@acme.example", "first_name": "Ada"}
BAD = {"email": "nobody@@example"}


@pytest.fixture
def caller():
    a_source()
    return a_caller()


def outcomes(results):
    return [r["outcome"] for r in results]


def reuse(caller, body, key):
    return caller.post(ARRIVALS, body, content_type="application/json", headers={"Idempotency-Key": key})


def test_the_same_key_and_body_is_done_once_and_answered_from_the_first(caller):
    look_alike = [
        {"email": "g@acme.example", "first_name": "Grace", "last_name": "Hopper"},
        {"email": "h@acme.example", "first_name": "Grace", "last_name": "Hopper"},
    ]
    first = send(caller, look_alike, "k1")
    second = send(caller, look_alike, "k1")
    assert outcomes(first) == ["created", "held"]
    assert outcomes(second) == ["repeated", "repeated"]
    assert [(r["contact"], r["review"]) for r in second] == [(r["contact"], r["review"]) for r in first]
    assert Contact.objects.count() == 1
    assert list(Arrival.objects.filter(outcome="repeated").values_list("raw", flat=True)) == [None, None]


def test_a_rejected_record_repeats_its_answer_too(caller):
    assert outcomes(send(caller, [ADA, BAD], "k1")) == ["created", "rejected"]
    assert outcomes(send(caller, [ADA, BAD], "k1")) == ["repeated", "repeated"]


def test_the_order_of_keys_and_one_record_in_a_list_are_the_same_body(caller):
    send(caller, ADA, "k1")
    assert outcomes(send(caller, [dict(reversed(ADA.items()))], "k1")) == ["repeated"]


@pytest.mark.parametrize("first", [[ADA], [BAD], [ADA, BAD]])
@pytest.mark.parametrize("second", [[{"email": "eve@acme.example"}], [{**ADA, "phone": "1"}, ADA]])
def test_a_key_reused_with_another_body_is_refused_and_both_bodies_are_kept(caller, first, second):
    send(caller, first, "k1")
    contacts = Contact.objects.count()
    error = refusal(reuse(caller, second, "k1"), 422)
    assert error["code"] == "idempotency_key_reused"
    assert error["fields"] == ["Idempotency-Key"]
    assert Contact.objects.count() == contacts
    kept = Arrival.objects.order_by("id")[len(first) :]
    assert [(a.outcome, a.raw, a.reason) for a in kept] == [("rejected", r, error["message"]) for r in second]


def test_a_key_belongs_to_its_source(caller):
    a_source("other")
    send(caller, ADA, "k1")
    assert outcomes(send(a_caller("other"), {"email": "eve@acme.example"}, "k1")) == ["created"]


def test_a_key_longer_than_200_characters_is_refused(caller):
    assert refusal(reuse(caller, [ADA], "k" * 201), 422)["fields"] == ["Idempotency-Key"]
    assert outcomes(send(caller, ADA, "k" * 200)) == ["created"]


def test_without_a_key_an_external_id_with_the_same_content_is_the_same_delivery(caller):
    known = {**ADA, "external_id": "lead-7"}
    assert outcomes(send(caller, [known, known])) == ["created", "repeated"]
    again, changed = send(caller, [known, {**known, "job_title": "Analyst"}])
    assert (again["outcome"], changed["outcome"]) == ("repeated", "filled")
    assert again["contact"] == changed["contact"] == Contact.objects.get().pk


@pytest.mark.parametrize("ident", [None, "", "-", "N/A"])
def test_without_a_key_and_an_external_id_each_is_a_delivery_of_its_own(caller, ident):
    record = {**ADA, "external_id": ident}
    assert outcomes(send(caller, record) + send(caller, record)) == ["created", "unchanged"]


def test_records_of_a_source_that_nobody_registered_are_kept_and_wait():
    caller = a_caller("zapier-legacy")
    results = send(caller, [ADA, {**BAD, "x": "1"}])
    assert outcomes(results) == ["waiting", "waiting"]
    assert results[0]["reason"] == ("“zapier-legacy” is not a registered source: kept, and run when ops register it.")
    assert results[1]["unknown"] == ["x"]
    assert not Contact.objects.exists()
    waiting = Arrival.objects.get(email_key="ada@acme.example")
    assert (waiting.outcome, waiting.source, waiting.source_slug, waiting.raw) == (
        "",
        None,
        "zapier-legacy",
        ADA,
    )
    assert received_from_dict(waiting.raw, {}).values == ADA


def test_a_retired_source_waits_as_well(caller):
    Source.objects.update(status=Source.Status.RETIRED)
    (result,) = send(caller, ADA)
    assert result["outcome"] == "waiting"
    assert "retired" in result["reason"]


def test_a_waiting_delivery_is_repeated_by_the_same_one_before_and_after_its_registration():
    caller = a_caller("zapier-legacy")
    identified = {"email": "eve@acme.example", "external_id": "4"}
    send(caller, [ADA], "k1")
    assert outcomes(send(caller, [ADA], "k1")) == ["repeated"]
    assert outcomes(send(caller, [identified, identified])) == ["waiting", "repeated"]
    assert refusal(reuse(caller, [BAD], "k1"), 422)["code"] == "idempotency_key_reused"
    a_source("zapier-legacy")
    assert outcomes(send(caller, [ADA], "k1")) == ["repeated"]
    assert outcomes(send(caller, identified)) == ["repeated"]
    assert not Contact.objects.exists()
    assert Arrival.objects.filter(outcome="").count() == 2
