"""What the API's tests share: sources, tokens and callers."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from contacts.models import Source, SourceToken, Stage

ARRIVALS = "/api/v1/arrivals"
UNBOUNCE = {
    "email": ["lead.one@acme-tooling.example"],
    "phone": ["(415) 555-0171"],
    "page_name": ["Spring offer"],
    "utm_source": ["google"],
}


def a_source(slug: str = "spring-form", **values: Any) -> Source:
    """A registered source whose phone numbers are American, with the stages it needs."""
    lead, _ = Stage.objects.get_or_create(slug="lead", defaults={"label": "Lead", "rank": 10})
    values = {"name": "Spring form", "entry_stage": lead, "region": "US"} | values
    return Source.objects.get_or_create(slug=slug, defaults=values)[0]


def a_token(slug: str = "spring-form", **values: Any) -> str:
    """The secret of a new token of a source, registered or not."""
    token = SourceToken(source_slug=slug, **values)
    secret = token.issue()
    token.save()
    return secret


def a_caller(slug: str = "spring-form", *, may_read: bool = True, **values: Any) -> Client:
    """A client that sends its token with each request."""
    secret = a_token(slug, may_read=may_read, **values)
    headers = {"Authorization": f"Bearer {secret}"}
    return Client(enforce_csrf_checks=True, headers=headers, raise_request_exception=False)


def send(caller: Client, body: Any, key: str = "") -> list[dict[str, Any]]:
    """The results of a JSON body that must be accepted."""
    headers = {"Idempotency-Key": key} if key else {}
    response = caller.post(ARRIVALS, json.dumps(body), content_type="application/json", headers=headers)
    assert response.status_code == 200, response.content
    return response.json()["results"]


def refusal(response: Any, status: int) -> dict[str, Any]:
    """The error of a refused request, after checking that it has the one form of all errors."""
    assert response.status_code == status, response.content
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "fields"}
    assert isinstance(body["error"]["fields"], list | dict)
    assert not response.cookies
    return body["error"]
