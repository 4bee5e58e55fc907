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
    opt_in: bool | None = Field(
        description="True where an agreement to product news is proved, False where the person said no, else null. "
        "Worked out from the ledger of consent."
    )
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


class ExplainedAddress(Schema):
    """One address of the person."""

    address: str
    primary: bool


class ExplainedContact(Schema):
    """Whose values these are."""

    id: int
    name: str
    email: str
    addresses: list[ExplainedAddress] = Field(description="The primary one first.")
    shared_mailbox: bool
    created_at: datetime


class Before(Schema):
    """The value that stood there before."""

    value: str
    origin: str = Field(description="Who wrote it.")
    at: datetime


class BroughtBy(Schema):
    """The merge in which a value came from another contact."""

    number: int
    contact: int
    name: str


class WorksheetPlace(Schema):
    """A row of a connection's worksheet."""

    connection: str = Field(description="The connection's name.")
    version: int = Field(description="The version that was in force then.")
    row: int


class Released(Schema):
    """Who let the connections decide about a person's value again, and when."""

    by: str
    at: datetime


class Refused(Schema):
    """A value that was offered and not taken."""

    value: Any
    origin: str = Field(description="Who offered it.")
    rule: str = Field(description="Why it was not taken, in words.")
    rule_code: str
    at: datetime
    arrival: int | None = Field(description="The arrival that brought it.")
    merge: int | None = Field(default=None, description="The merge in which it was given up; absent if it was none.")
    refusal: int | None = Field(default=None, description="Its number in the log of refusals; absent for arrivals.")
    worksheet: WorksheetPlace | None = Field(default=None, description="The row that refused it, if one did.")


class ExplainedField(Schema):
    """One field of the contact: its value, and why it says that."""

    label: str
    value: Any = Field(description="Text, number or true/false; null if there is none.")
    stage: str | None = Field(default=None, description="The slug of a lifecycle stage; absent for other fields.")
    origin: str | None = Field(description="Who wrote it; null if nobody did.")
    by: Literal["person", "source", "connection"] | None
    rule: str | None = Field(description="Under which rule, in words.")
    rule_code: str | None
    at: datetime | None
    arrival: int | None = Field(description="The arrival that brought it.")
    worksheet: WorksheetPlace | None = Field(description="The row under which a connection wrote it.")
    released: Released | None = Field(description="Set where a person wrote it and somebody released it.")
    before: Before | None
    merge: BroughtBy | None
    refused: list[Refused] = Field(description="The newest first.")


class Explanation(Schema):
    """Where each value comes from."""

    contact: ExplainedContact
    fields: dict[str, ExplainedField] = Field(description="By field, custom ones by their slug.")


#: What any request may be answered with: a fault of the hub, and a database that is busy or away.
ALWAYS = (500, 503)


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
