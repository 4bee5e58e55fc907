"""Many callers at once, and bodies that nobody would send on purpose."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.domain.fields import MAPPABLE
from contacts.models import Address, Arrival, Contact
from tests.contacts.test_api_support import ARRIVALS, a_caller, a_source, send

OUTCOMES = {"created", "filled", "unchanged", "held", "rejected", "repeated"}


def at_once(jobs):
    """The results of calls made at the same time, each on a database connection of its own."""

    def run(job):
        try:
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(run, job) for job in jobs]]


@pytest.mark.django_db(transaction=True)
def test_two_callers_with_the_same_new_address_make_one_contact_and_two_arrivals():
    a_source()
    callers = [a_caller(), a_caller()]
    for n in range(10):
        body = {"email": f"Ada{n}@acme.example"}
        results = at_once([lambda c=c, b=body: send(c, b) for c in callers])
        assert sorted(r[0]["outcome"] for r in results) == ["created", "unchanged"]
        assert results[0][0]["contact"] == results[1][0]["contact"]
    assert (Contact.objects.count(), Address.objects.count(), Arrival.objects.count()) == (10, 10, 20)


@pytest.mark.django_db(transaction=True)
def test_one_delivery_sent_by_several_at_once_is_done_once():
    a_source()
    caller, other = a_caller(), a_caller("nobody-registered-it")
    body = [{"email": "ada@acme.example"}, {"email": "nobody@@example"}]
    done = at_once([lambda: send(caller, body, "k1")] * 4)
    kept = at_once([lambda: send(other, body, "k1")] * 4)
    assert sorted(r[0]["outcome"] for r in done) == ["created", "repeated", "repeated", "repeated"]
    assert sorted(r[1]["outcome"] for r in done) == ["rejected", "repeated", "repeated", "repeated"]
    assert sorted(r[0]["outcome"] for r in kept) == ["repeated", "repeated", "repeated", "waiting"]
    assert Contact.objects.count() == 1


texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=12)
awkward = st.sampled_from(
    ["\0", "\ud800", "a@b.example", "=1+1", "ﬀ", "N/A", "2026-01-01", "9" * 400, "xn--", "\u202e"]
)
plain = st.none() | st.booleans() | st.integers() | st.floats() | texts | awkward
nested = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
keys = st.sampled_from([*MAPPABLE, "Email Address", "phone_number", "x"]) | texts
records = st.dictionaries(keys, nested, max_size=8)

FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.django_db
@FUZZ
@given(body=st.lists(records, min_size=1, max_size=4))
def test_any_record_gets_one_outcome(body):
    a_source()
    response = a_caller().post(ARRIVALS, json.dumps(body), content_type="application/json")
    if response.status_code == 200:
        results = response.json()["results"]
        assert len(results) == len(body)
        assert {r["outcome"] for r in results} <= OUTCOMES
        assert all(r["reason"] for r in results)
    else:
        assert response.status_code == 400, response.content
        assert "is no value" in response.json()["error"]["message"]


@pytest.mark.django_db
@FUZZ
@given(
    body=st.binary(max_size=200),
    kind=st.sampled_from(
        [
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=b",
            "multipart/form-data",
            "application/json; charset=utf-16",
            "x",
        ]
    ),
    key=st.text(max_size=3),
)
def test_any_body_is_answered_and_never_with_an_error_of_ours(body, kind, key):
    a_source()
    response = a_caller().generic("POST", ARRIVALS, body, content_type=kind, headers={"Idempotency-Key": key})
    assert response.status_code in (200, 400, 415, 422), response.content
    assert set(response.json()) in ({"results"}, {"error"})
