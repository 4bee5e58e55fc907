"""What the API takes and answers, for its OpenAPI description."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from contacts.domain.fields import ALIASES, FIELDS


class Result(Schema):
    """What became of one record."""

    outcome: Literal["created", "filled", "unchanged", "held", "rejected", "repeated", "waiting"]
    contact: int | None = Field(description="The contact it went to or made.")
    review: int | None = Field(description="The review that it waits in.")
    reason: str = Field(description="Why, in words.")
    unknown: list[str] = Field(
        default=[],
        description="Keys that the hub does not know; they stay with the arrival. Absent if there are none.",
    )


class Results(Schema):
    """One result for each record, in the order sent."""

    results: list[Result]


class ErrorBody(Schema):
    """What is wrong with the request as a whole."""

    code: str = Field(description="A word for programs.")
    message: str = Field(description="A sentence for people.")
    fields: list[Any] | dict[str, str] = Field(description="What is meant: names, places, or name to reason.")


class Error(Schema):
    """The one form of every error."""

    error: ErrorBody


class Whoami(Schema):
    """The token and its source."""

    source: str = Field(description="The slug of the source that the token sends for.")
    name: str | None = Field(description="The source's name; null if nobody registered it.")
    registered: bool = Field(description="Whether records are decided; else they are kept until it is registered.")
    may_read: bool
    label: str


class ContactRecord(Schema):
    """The canonical record of one person."""

    id: int
    email: str
    first_name: str
    last_name: str
    company: str
    company_domain: str
    phone: str
    job_title: str
    country: str
    lifecycle_stage: str | None
    lead_score: int | None
    addresses: list[str] = Field(description="Every address of the person, the primary one first.")
    custom: dict[str, Any] = Field(description="Custom fields by their slug.")
    source: str | None = Field(description="The slug of the source that made it.")
    owner: str | None
    shared_mailbox: bool
    last_activity: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class Explanation(Schema):
    """Where each value comes from."""

    contact: dict[str, Any] = Field(description="Its id, name, email and addresses.")
    fields: dict[str, Any] = Field(description="By field: value, origin, rule, at, arrival, refused.")


def errors(*statuses: int) -> dict[int, type[Schema]]:
    """The error responses of an operation."""
    return dict.fromkeys(statuses, Error)


def _record() -> dict[str, Any]:
    text = {"type": ["string", "number", "boolean", "null", "array"]}
    names = [f.name for f in FIELDS] + [*ALIASES, "name"]
    return {
        "type": "object",
        "title": "Record",
        "description": "One record. Every key may be absent; an absent or blank key empties nothing. "
        "Custom fields by their slug; other keys are kept and named in the result.",
        "properties": dict.fromkeys(names, text),
        "additionalProperties": True,
        "examples": [{"email": "ada@acme.example", "first_name": "Ada", "last_name": "Byron", "company": "Acme"}],
    }


def _arrivals() -> dict[str, Any]:
    record = _record()
    many = {"type": "array", "items": record, "minItems": 1, "maxItems": 1000}
    return {
        "parameters": [
            {
                "in": "header",
                "name": "Idempotency-Key",
                "schema": {"type": "string", "maxLength": 200},
                "description": "Names this delivery: the same key with the same body is done once.",
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"anyOf": [record, many]}},
                "application/x-www-form-urlencoded": {"schema": record},
                "multipart/form-data": {"schema": record},
            },
        },
    }


ARRIVALS = _arrivals()
