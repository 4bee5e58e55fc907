"""POST /api/v1/arrivals: who may send what, and what comes back."""

from __future__ import annotations

import json
import logging

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts.api import callers
from contacts.models import Arrival, Contact, HubSettings, SourceToken
from tests.contacts.test_api_support import ARRIVALS, UNBOUNCE, a_caller, a_source, a_token, refusal, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller():
    a_source()
    return a_caller()


def post(caller, body, kind="application/json", **headers):
    return caller.post(ARRIVALS, body, content_type=kind, headers=headers)


def test_one_record_is_created_with_its_source_and_what_is_not_known_is_named(caller):
    (result,) = send(caller, UNBOUNCE)
    contact = Contact.objects.get()
    reason = {"reason": "Nothing matched.", "unknown": ["page_name", "utm_source"]}
    assert result == {"outcome": "created", "contact": contact.pk, "review": None, **reason}
    assert (contact.email, contact.phone) == ("lead.one@acme-tooling.example", "+14155550171")
    arrival = Arrival.objects.get()
    assert (arrival.raw, arrival.door, arrival.actor) == (UNBOUNCE, "api", "Spring form (API)")


def test_each_outcome_comes_back_in_the_order_sent(caller):
    results = send(
        caller,
        [
            {
                "email": "ada@acme.example",
                "first_name": "Ada",
                "last_name": "Byron",
                "phone": "+1 415 555 0171",
            },
            {"email": " ADA@Acme.example ", "job_title": "Analyst"},
            {"email": "ada@acme.example", "job_title": "Countess"},
            {"email": "ada.b@acme.example", "first_name": "Ada", "last_name": "Byron"},
            {"phone": "not a number", "email": "nobody@@example"},
            {"first_name": "Ada"},
            {},
        ],
    )
    outcomes = [r["outcome"] for r in results]
    assert outcomes == ["created", "filled", "unchanged", "held", "rejected", "rejected", "rejected"]
    assert results[0]["contact"] == results[1]["contact"] == results[2]["contact"]
    assert results[3]["contact"] is None
    assert results[3]["review"]
    assert "nobody@@example" in results[4]["reason"]
    assert "email" in results[4]["reason"]
    assert Arrival.objects.count() == 7


def test_an_absent_key_and_a_blank_one_empty_nothing(caller):
    send(caller, {"email": "ada@acme.example", "phone": "+14155550171", "job_title": "Analyst"})
    (result,) = send(caller, {"email": "ada@acme.example", "phone": "", "job_title": None})
    assert result["outcome"] == "unchanged"
    assert Contact.objects.get().job_title == "Analyst"


def test_a_web_form_is_one_record(caller):
    response = post(caller, "email=ada%40acme.example&first+name=Ada&tag=a&tag=b", "application/x-www-form-urlencoded")
    assert response.json()["results"][0]["outcome"] == "created"
    assert Arrival.objects.get().raw == {"email": "ada@acme.example", "first name": "Ada", "tag": ["a", "b"]}
    assert Contact.objects.get().first_name == "Ada"


def test_a_multipart_form_is_one_record_and_a_file_in_it_is_only_named(caller):
    body = (
        '--b\r\nContent-Disposition: form-data; name="email"\r\n\r\nada@acme.example\r\n'
        '--b\r\nContent-Disposition: form-data; name="cv"; filename="cv.pdf"\r\n\r\n%PDF\r\n--b--\r\n'
    )
    response = post(caller, body, "multipart/form-data; boundary=b")
    assert response.json()["results"][0]["outcome"] == "created"
    assert Arrival.objects.get().raw == {"email": "ada@acme.example", "cv": "cv.pdf"}


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic YTpi", "Bearer \xff\xfe", "Token x"])
def test_without_a_known_token_nothing_is_read(header):
    response = Client(headers={"Authorization": header} if header else {}).post(ARRIVALS, {"email": "a@acme.example"})
    assert refusal(response, 401)["code"] == "unauthorized"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert not Arrival.objects.exists()


def test_a_token_that_is_switched_off_is_dead_at_once(caller):
    SourceToken.objects.update(active=False)
    refusal(post(caller, "{}"), 401)


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"{",
        b"[1]",
        b'"text"',
        b"null",
        b"[{}, null]",
        b'{"a": NaN}',
        b"\xff\xfe{",
        b'{"email": "\xe9"}',
        b'{"a":' + b"[" * 1000 + b"]" * 1000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 60 + b"1" + b"}" * 60,
    ],
)
def test_a_body_that_is_no_object_or_list_of_objects_is_400(caller, body):
    refusal(post(caller, body), 400)
    assert not Arrival.objects.exists()


def test_the_places_of_what_is_no_record_are_named(caller):
    assert refusal(post(caller, '[{}, 1, {}, "x"]'), 400)["fields"] == [1, 3]


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "", "image/png"])
def test_other_content_types_are_415(caller, kind):
    assert refusal(post(caller, b'{"email": "a@acme.example"}', kind), 415)["fields"] == ["Content-Type"]


def test_a_charset_that_nobody_knows_is_415(caller):
    refusal(caller.generic("POST", ARRIVALS, b"{}", content_type="application/json; charset=moon"), 415)


def test_an_empty_list_is_422_and_a_list_of_1001_is_413(caller):
    assert refusal(post(caller, "[]"), 422)["code"] == "empty_list"
    assert refusal(post(caller, json.dumps([{}] * 1001)), 413)["code"] == "too_many"


def test_a_body_above_the_cap_is_413(caller):
    assert refusal(post(caller, b'{"x": "' + b"a" * (2 * 1024**2) + b'"}'), 413)["code"] == "too_large"


def test_a_length_that_is_not_true_does_not_lift_the_cap(caller):
    response = caller.generic("POST", ARRIVALS, b"a" * 100, content_type="application/json", CONTENT_LENGTH="9" * 30)
    refusal(response, 413)


def test_numbers_that_no_database_holds_stay_text(caller):
    huge = "1" * 5000
    body = '{"email": "a@acme.example", "x": 1e999, "lead_score": 7, "y": ' + huge + "}"
    response = post(caller, body)
    assert response.json()["results"][0]["outcome"] == "created"
    assert Arrival.objects.get().raw == {"email": "a@acme.example", "x": "1e999", "y": huge, "lead_score": 7}


def test_only_named_fields_can_be_set(caller):
    extra = {
        "id": 7,
        "pk": 7,
        "owner_id": 1,
        "source_id": 9,
        "version": 9,
        "created_at": "2001-01-01",
        "origins": {},
    }
    results = send(caller, {"email": "a@acme.example", "contact__id": 3, "_negated": True, "person_key": "x", **extra})
    contact = Contact.objects.get()
    assert results[0]["contact"] == contact.pk
    assert (contact.version, contact.owner_id, contact.source.slug) == (1, None, "spring-form")
    assert contact.created_at.year > 2001


def test_other_methods_and_addresses_answer_in_the_error_format(caller):
    assert refusal(caller.get(ARRIVALS), 405)["code"] == "method_not_allowed"
    for path in ("/api/v1/", "/api/v1/nope", "/api/v1/arrivals/", "/api/v1/contacts/x"):
        assert refusal(caller.get(path), 404)["code"] == "not_found"
        assert refusal(caller.post(path, "{}", content_type="text/plain"), 404)


def test_a_token_that_runs_wild_is_told_when_to_come_back(caller, monkeypatch):
    monkeypatch.setattr(callers, "LIMIT", callers.Limit(a_minute=2))
    answers = [caller.get("/api/v1/whoami") for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert refusal(answers[2], 429)["code"] == "too_many_requests"
    assert answers[2].headers["Retry-After"] == "30"
    assert a_caller().get("/api/v1/whoami").status_code == 200


def test_a_change_of_settings_is_seen_by_the_next_request(caller):
    a_source("no-region", region="")
    other = a_caller("no-region")
    send(other, {"email": "a@acme.example", "phone": "(415) 555-0171"})
    HubSettings.objects.create(pk=1, default_region="US")
    send(other, {"email": "a@acme.example", "phone": "(415) 555-0171"})
    assert Contact.objects.get().phone == "+14155550171"


def test_one_record_takes_few_queries_and_a_thousand_hardly_more(caller):
    def queries(body):
        with CaptureQueriesContext(connection) as seen:
            send(caller, body)
        return len(seen)

    def record(n):
        return {
            "email": f"p{n}@firm{n}.example",
            "first_name": "Ada",
            "last_name": f"Lee{n}",
            "phone": f"+1415555{n:04}",
        }

    assert queries(record(1)) <= 20
    assert queries([record(n) for n in range(100, 1100)]) <= 20


def test_no_cookie_and_no_token_leaves_the_hub(caller, caplog):
    caplog.set_level(logging.DEBUG)
    secret = a_token()
    mine = Client(headers={"Authorization": f"Bearer {secret}"})
    responses = [
        post(mine, "{}"),
        mine.get("/api/v1/nope"),
        post(mine, "{"),
        mine.get(f"/api/v1/contacts?email={secret}"),
    ]
    for response in responses:
        assert secret not in response.content.decode()
        assert not response.cookies
        assert "Cookie" not in response.headers.get("Vary", "")
    assert secret not in caplog.text
    assert "django.request" not in {record.name for record in caplog.records}  # its lines show the query
