"""Contacts and their history as rows: the columns in their order, and what each value is in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contacts.domain.changes import Person
from contacts.domain.identity import company_key, person_key, sort_key
from contacts.services import bulk

STORED = (
    "email first_name last_name company company_domain phone job_title country lifecycle_stage lead_score source"
).split()
COLUMN = {f: f for f in STORED} | {"lifecycle_stage": "lifecycle_stage_id", "source": "source_id", "owner": "owner_id"}
NULLABLE = {"lifecycle_stage", "lead_score", "source", "owner"}
NOTHING = [(f, None if f in NULLABLE else "") for f in STORED]
KEYED = {"first_name", "last_name", "company", "company_domain"}
KEYS = ["person_key", "sort_key", "company_key"]

CONTACT_COLUMNS = [
    "id", *[COLUMN[f] for f in STORED], "custom", "shared_mailbox", "created_at",
    "owner_id", "last_activity", "updated_at", "version", "origins", *KEYS,
]  # fmt: skip
HISTORY_COLUMNS = [
    "id", *[COLUMN[f] for f in STORED], "custom", "shared_mailbox", "created_at",
    "owner_id", "history_date", "history_type", "history_change_reason", "actor", "arrival_id", "history_user_id",
]  # fmt: skip


@dataclass(frozen=True)
class Hand:
    """Who writes a contact, for the history row: a name as text, the reason, and the arrival if it was one."""

    actor: str
    reason: str
    arrival_id: int | None = None
    user_id: int | None = None


def stored(field: str, value: Any) -> Any:
    """A value as its column takes it: text columns hold "" for nothing, the others NULL."""
    if value is None or value == "":
        return None if field in NULLABLE else ""
    return value


def stored_values(values: dict[str, Any]) -> list[Any]:
    """All the values that have a column, in the order of ``STORED``, and the custom ones as JSON."""
    row = [values.get(f, nothing) for f, nothing in NOTHING]
    if None in row or "" in row:
        row = [stored(f, value) for f, value in zip(STORED, row, strict=True)]
    row.append(bulk.as_json(custom_values(values)) if values.keys() - COLUMN.keys() else "{}")
    return row


def custom_values(values: dict[str, Any]) -> dict[str, Any]:
    """The values that have no column of their own."""
    return {f: v for f, v in values.items() if f not in COLUMN and v is not None}


def match_keys(values: dict[str, Any]) -> tuple[str, str, str]:
    """The stored keys: name and domain, name for lists, company."""
    first, last = values.get("first_name") or "", values.get("last_name") or ""
    return (
        person_key(first, last, values.get("company_domain") or ""),
        sort_key(first, last),
        company_key(values.get("company") or ""),
    )


def contact_row(person: Person, created_at: Any, updated_at: Any) -> tuple[Any, ...]:
    """A new contact, in the order of ``CONTACT_COLUMNS``."""
    values = person.values
    return (
        person.id,
        *stored_values(values),
        person.shared_mailbox,
        created_at,
        values.get("owner"),
        bulk.as_time(person.last_activity),
        updated_at,
        1,
        bulk.as_json(person.origins),
        *match_keys(values),
    )


def history_row(
    person: Person,
    values: dict[str, Any],
    created_at: Any,
    at: Any,
    kind: str,
    hand: Hand,
    *,
    shared: bool | None = None,
) -> tuple[Any, ...]:
    """One row of the contact's history, in the order of ``HISTORY_COLUMNS``; ``kind`` is + or ~.

    ``shared`` is the mark of a shared mailbox at that moment, where it may differ from the person's now.
    """
    return (
        person.id,
        *stored_values(values),
        person.shared_mailbox if shared is None else shared,
        created_at,
        values.get("owner"),
        at,
        kind,
        hand.reason,
        hand.actor,
        hand.arrival_id,
        hand.user_id,
    )
