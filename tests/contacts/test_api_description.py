"""The description of the API is what the API does: real answers of each address fit what it says of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import schemathesis
from django.test import Client
from django.utils import timezone
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response

from contacts.api import callers
from contacts.models import Address, Contact, Review
from contacts.services import merging
from contacts.services.people import edit_contact
from tests.contacts.test_api_support import ARRIVALS, a_caller, a_source, send
from tests.factories import custom_field, user

pytestmark = pytest.mark.django_db
CONTACTS = "/api/v1/contacts"
UNSUBSCRIBE = "/api/v1/unsubscribe"
ONE, EXPLAIN, WHOAMI = f"{CONTACTS}/{{contact_id}}", f"{CONTACTS}/{{contact_id}}/explain", "/api/v1/whoami"
ADA = {"email": "Ada@acme.example", "first_name": "Ada", "last_name": "Byron", "lead_score": "7", "company": "Acme"}


@pytest.fixture
def caller(seeded: None) -> Client:
    a_source()
    return a_caller()


@pytest.fixture
def ada(caller: Client) -> Contact:
    """A contact with everything that an answer can hold."""
    custom_field("tier", type="choice", choices=["gold"])
    custom_field("seats", type="number")
    sent = {**ADA, "phone": "415 555 0171", "tier": "gold", "seats": "12", "occurred_at": "2026-03-01T10:00:00Z"}
    send(caller, sent)
    send(caller, {**ADA, "first_name": "Augusta", "lead_score": "x", "lifecycle_stage": "mql"})
    ada, at = Contact.objects.get(), timezone.now()
    ops = user("ops", is_superuser=True)
    edit_contact(ada.pk, {"job_title": "Countess", "company": ""}, user=ops, version=ada.version, at=at)
    Address.objects.create(contact=ada, shown="a@home.example", key="a@home.example", primary=False, added_at=at)
    send(caller, {"email": "ada@lovelace.example", "first_name": "Ada", "last_name": "King", "country": "Norway"})
    lost = Contact.objects.exclude(pk=ada.pk).get()
    merging.merge(ada.pk, [lost.pk], user=ops, at=at)
    return ada


def described(client: Client) -> dict[str, Any]:
    """The description, made strict: what it does not name may not be there."""
    served = client.get("/api/v1/openapi.json").json()
    for schema in served["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return served


def check(client: Client, path: str, method: str, response: Any) -> None:
    """An answer has a status that the description knows, and the form that it has there."""
    operation = schemathesis.openapi.from_dict(described(client))[path][method]
    known = described(client)["paths"][path][method.lower()]["responses"]
    assert str(response.status_code) in known, (path, response.status_code)
    headers = {name: [value] for name, value in response.items()}
    request = requests.Request(method, f"http://hub{path}").prepare()
    operation.validate_response(Response(response.status_code, headers, response.content, request, 0.0, verify=True))


def post(caller: Client, body: Any, **headers: str) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return caller.post(ARRIVALS, text, content_type="application/json", headers=headers)


#: By address and method, requests of an accepted token and the status that each is answered with.
Act = Callable[[Client, Contact], Any]
ACTS: dict[tuple[str, str], list[tuple[int, Act]]] = {
    (ARRIVALS, "POST"): [
        (200, lambda c, ada: post(c, {**ADA, "email": "b@acme.example", "shoe": 4})),
        (200, lambda c, ada: post(c, [ADA, {"email": "no"}, {"first_name": "Ada", "last_name": "Byron"}, {}])),
        (200, lambda c, ada: [post(c, ADA, **{"Idempotency-Key": "k"}) for _ in range(2)][1]),
        (200, lambda c, ada: c.post(ARRIVALS, {"email": "form@acme.example"})),
        (400, lambda c, ada: post(c, "{")),
        (413, lambda c, ada: post(c, [{}] * 1001)),
        (415, lambda c, ada: c.post(ARRIVALS, "x", content_type="text/plain")),
        (422, lambda c, ada: post(c, [])),
        (422, lambda c, ada: [post(c, b, **{"Idempotency-Key": "k"}) for b in (ADA, {"email": "c@d.example"})][1]),
    ],
    (WHOAMI, "GET"): [(200, lambda c, ada: c.get(WHOAMI)), (200, lambda c, ada: a_caller("nobody-s").get(WHOAMI))],
    (CONTACTS, "GET"): [
        (200, lambda c, ada: c.get(CONTACTS, {"email": "a@home.example"})),
        (404, lambda c, ada: c.get(CONTACTS, {"email": "eve@acme.example"})),
        (422, lambda c, ada: c.get(CONTACTS, {"email": "nobody"})),
        (422, lambda c, ada: c.get(CONTACTS)),
    ],
    (UNSUBSCRIBE, "POST"): [
        (200, lambda c, ada: c.post(UNSUBSCRIBE, {"email": "a@home.example"}, content_type="application/json")),
        (422, lambda c, ada: c.post(UNSUBSCRIBE, {"email": "nobody"}, content_type="application/json")),
    ],
    (ONE, "GET"): [
        (200, lambda c, ada: c.get(f"{CONTACTS}/{ada.pk}")),
        (404, lambda c, ada: c.get(f"{CONTACTS}/999999")),
    ],
    (EXPLAIN, "GET"): [
        (200, lambda c, ada: c.get(f"{CONTACTS}/{ada.pk}/explain")),
        (404, lambda c, ada: c.get(f"{CONTACTS}/999999/explain")),
    ],
}


def cases() -> Iterator[Any]:
    for (path, method), acts in ACTS.items():
        for n, (status, act) in enumerate(acts):
            yield pytest.param(path, method, status, act, id=f"{method} {path} {status} {n}")


@pytest.mark.parametrize(("path", "method", "status", "act"), list(cases()))
def test_an_answer_is_as_it_is_described(caller, ada, path, method, status, act):
    response = act(caller, ada)
    assert response.status_code == status, response.content
    check(caller, path, method, response)


@pytest.mark.parametrize(("path", "method"), ACTS)
def test_refusals_that_every_address_gives_are_described(caller, ada, path, method, monkeypatch):
    address = path.format(contact_id=ada.pk)
    data: dict[str, Any] = {"email": "a@home.example"} if method == "GET" else {}
    act = getattr(Client(), method.lower())
    check(caller, path, method, act(address))
    wrong = "delete" if method == "GET" else "put"
    check(caller, path, method, getattr(caller, wrong)(address))
    if path.startswith(CONTACTS):
        check(caller, path, method, a_caller(may_read=False).get(address, data))
    monkeypatch.setattr(callers, "LIMIT", callers.Limit(a_minute=1))
    _, tired = (getattr(caller, method.lower())(address, data) for _ in range(2))
    assert tired.status_code == 429
    check(caller, path, method, tired)


@pytest.mark.parametrize(("path", "method"), ACTS)
def test_a_database_that_is_away_is_described(caller, ada, path, method):
    """The table is really gone, in this test's own transaction."""
    from django.db import connection

    address = path.format(contact_id=ada.pk)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE contacts_sourcetoken RENAME TO elsewhere")
    data: dict[str, Any] = {"email": "a@home.example"} if method == "GET" else {}
    response = getattr(caller, method.lower())(address, data)
    assert response.status_code in (500, 503)
    check(caller, path, method, response)


def test_every_address_of_the_description_is_tried(client):
    served = {(path, m.upper()) for path, acts in described(client)["paths"].items() for m in acts}
    assert served == set(ACTS)


def test_an_answer_that_is_not_as_described_is_noticed(caller, ada):
    right = caller.get(f"{CONTACTS}/{ada.pk}/explain")
    body = right.json()
    for wrong in ({**body, "contact": ada.pk}, {**body, "more": 1}, {"fields": body["fields"]}):
        right.content = json.dumps(wrong).encode()
        with pytest.raises(Failure):
            check(caller, EXPLAIN, "GET", right)


def test_the_explained_contact_really_has_all_that_is_described(caller, ada):
    """Else the strict comparison above would compare little."""
    fields = caller.get(f"{CONTACTS}/{ada.pk}/explain").json()["fields"]
    assert any(f["before"] for f in fields.values())
    assert any(f["merge"] for f in fields.values())
    assert any("merge" in r for f in fields.values() for r in f["refused"])
    assert {f["by"] for f in fields.values()} == {"person", "source", None}
    assert not Review.objects.filter(status="open", contact=ada).exists()
