"""The only door to the contact table: whole plans go in, and everything they mean is stored at once.

Contacts, addresses, history, verdicts and holds of a batch are written in bulk, inside the caller's
transaction. Actor, source and time come with the plans.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contacts.domain.changes import Case, Person, Plan
from contacts.domain.identity import sort_key
from contacts.domain.matching import who
from contacts.models import Address, Arrival, Contact, Review, ReviewCandidate
from contacts.services import bulk
from contacts.services.contact_rows import (
    COLUMN,
    CONTACT_COLUMNS,
    HISTORY_COLUMNS,
    KEYED,
    KEYS,
    STORED,
    Hand,
    contact_row,
    custom_values,
    history_row,
    match_keys,
    stored,
)

ADDRESS_COLUMNS = ["contact_id", "shown", "key", "primary", "added_at", "added_by", "arrival_id"]
ARRIVAL_COLUMNS = [
    "id", "source_id", "source_slug", "batch_id", "row", "door", "actor", "received_at", "occurred_at",
    "delivery_key", "content_hash", "external_id", "raw", "email_key", "who", "who_key", "outcome", "reason",
    "verdicts", "contact_id", "review_id", "repeat_of_id",
]  # fmt: skip
DECIDED_COLUMNS = [
    "source_id",
    "outcome",
    "reason",
    "verdicts",
    "contact_id",
    "review_id",
    "email_key",
    "who",
    "who_key",
]
REVIEW_COLUMNS = [
    "id", "kind", "status", "waiting_key", "rule", "reason", "who", "source_id", "opened_at", "decided_by_name", "note"
]  # fmt: skip


@dataclass(frozen=True)
class Entrance:
    """How a batch of records came in: the door, who or what sent them, and when."""

    source_id: int
    door: str
    actor: str
    at: datetime
    batch_id: int | None = None
    user_id: int | None = None


def apply(plans: Sequence[Plan], entrance: Entrance, *, replay: bool = False) -> None:
    """Store a batch of plans. With ``replay`` the arrivals are stored already and only get their outcome."""
    _contacts(plans, entrance)
    _history(plans, entrance)
    _cases(plans, entrance)
    if replay:
        bulk.update(Arrival, DECIDED_COLUMNS, [(*_decided(p, entrance), p.incoming.arrival_id) for p in plans])
    else:
        at = bulk.as_time(entrance.at)
        bulk.insert(Arrival, ARRIVAL_COLUMNS, [_arrival(p, entrance, at) for p in plans])


def _contacts(plans: Sequence[Plan], entrance: Entrance) -> None:
    at = bulk.as_time(entrance.at)
    created, addresses = [], []
    for plan in plans:
        if plan.outcome == "created" and plan.person is not None:
            person = plan.person
            created.append(contact_row(person, at, at))
            addresses += [
                (person.id, a.shown, a.key, n == 0, at, entrance.actor, plan.incoming.arrival_id)
                for n, a in enumerate(person.addresses)
            ]
    bulk.insert(Contact, CONTACT_COLUMNS, created)
    bulk.insert(Address, ADDRESS_COLUMNS, addresses)
    _fills(plans, at)


def _fills(plans: Sequence[Plan], at: Any) -> None:
    touched: dict[int, tuple[Person, set[str]]] = {}
    for plan in plans:
        person = plan.person
        if person is None or person.new:
            continue
        _, fields = touched.setdefault(person.id, (person, set()))
        fields.update(plan.writes)
        if plan.marks_mailbox:
            fields.add("shared_mailbox")
        if plan.incoming.occurred_at and person.last_activity == plan.incoming.occurred_at:
            fields.add("last_activity")
    store_changes(touched.values(), at)


def store_changes(touched: Iterable[tuple[Person, set[str]]], at: Any) -> None:
    """Update contacts, those with the same changed columns together. Rows of history are the caller's."""
    groups: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for person, fields in touched:
        changed = column_values(person, fields, at)
        if changed:
            groups[tuple(changed)].append((*changed.values(), person.id))
    for columns, rows in groups.items():
        bookkeeping = set(columns) <= {"last_activity"}
        bulk.update(Contact, columns, rows, extra="" if bookkeeping else "version = contacts_contact.version + 1")


def column_values(person: Person, fields: set[str], at: Any) -> dict[str, Any]:
    """The columns to set for the changed fields, keys and origins included."""
    changed: dict[str, Any] = {COLUMN[f]: stored(f, person.values.get(f)) for f in STORED if f in fields}
    if "owner" in fields:
        changed["owner_id"] = person.values.get("owner")
    if fields - COLUMN.keys() - {"shared_mailbox", "last_activity"}:
        changed["custom"] = bulk.as_json(custom_values(person.values))
    if "shared_mailbox" in fields:
        changed["shared_mailbox"] = person.shared_mailbox
    if fields & KEYED:
        changed |= dict(zip(KEYS, match_keys(person.values), strict=True))
    if fields - {"last_activity"}:
        changed |= {"origins": bulk.as_json(person.origins), "updated_at": at}
    if "last_activity" in fields:
        changed["last_activity"] = bulk.as_time(person.last_activity)
    return changed


def _history(plans: Sequence[Plan], entrance: Entrance) -> None:
    at = bulk.as_time(entrance.at)
    known = created_times({p.person.id for p in plans if p.person and p.after and not p.person.new})
    rows = []
    for plan in plans:
        if plan.person is None or not (plan.writes or plan.marks_mailbox):
            continue
        kind = "+" if plan.outcome == "created" else "~"
        hand = Hand(entrance.actor, f"{plan.outcome}: {plan.reason}", plan.incoming.arrival_id, entrance.user_id)
        created_at = known.get(plan.person.id, at)
        rows.append(history_row(plan.person, plan.after, created_at, at, kind, hand, shared=plan.shared_mailbox))
    store_history(rows)


def store_history(rows: Sequence[tuple[Any, ...]]) -> None:
    """Add rows to the contact's history."""
    bulk.insert(Contact.history.model, HISTORY_COLUMNS, rows)


def created_times(ids: set[int]) -> dict[int, Any]:
    """When contacts were made, which each of their history rows repeats."""
    if not ids:
        return {}
    return {i: bulk.as_time(at) for i, at in Contact.objects.filter(pk__in=ids).values_list("pk", "created_at")}


def _cases(plans: Sequence[Plan], entrance: Entrance) -> None:
    cases: dict[int, Case] = {}
    for plan in plans:
        for case in (plan.case, plan.notice):
            if case is not None and case.new:
                cases[case.id] = case
    at = bulk.as_time(entrance.at)
    rows = [
        (c.id, c.kind, "open", c.waiting_key, c.rule, c.reason, c.who, entrance.source_id, at, "", "")
        for c in cases.values()
    ]
    bulk.insert(Review, REVIEW_COLUMNS, rows)
    pairs = [(c.id, p.id) for c in cases.values() for p in c.candidates]
    bulk.insert(ReviewCandidate, ["review_id", "contact_id"], pairs, ignore=True)


def _decided(plan: Plan, entrance: Entrance) -> tuple[Any, ...]:
    incoming, case = plan.incoming, plan.case or plan.notice
    values = incoming.values
    return (
        entrance.source_id,
        plan.outcome,
        plan.reason,
        bulk.as_json([_compact(v) for v in plan.verdicts]),
        plan.person.id if plan.person else plan.earlier and plan.earlier.contact_id,
        case.id if case else plan.earlier and plan.earlier.review_id,
        incoming.address.key if incoming.address else "",
        who(incoming),
        sort_key(values.get("first_name", ""), values.get("last_name", "")),
    )


def _compact(verdict: tuple[str, ...]) -> list[str]:
    """A verdict without its empty tail."""
    if verdict[5]:
        return list(verdict)
    return list(verdict[: 5 if verdict[4] else 4 if verdict[3] else 3])


def _arrival(plan: Plan, entrance: Entrance, at: Any) -> tuple[Any, ...]:
    incoming, received = plan.incoming, plan.incoming.received
    source, outcome, reason, verdicts, contact, review, email, name, name_key = _decided(plan, entrance)
    repeat = plan.earlier
    return (
        incoming.arrival_id,
        source,
        "",
        entrance.batch_id,
        received.row,
        entrance.door,
        entrance.actor,
        at,
        bulk.as_time(incoming.occurred_at),
        None if repeat else received.delivery_key,
        received.content_hash,
        incoming.external_id,
        None if repeat else bulk.as_json(received.raw),
        email,
        name,
        name_key,
        outcome,
        reason,
        verdicts,
        contact,
        review,
        repeat.arrival_id if repeat else None,
    )
