"""The only door to the contact table: whole plans go in, and everything they mean is stored at once.

Contacts, addresses, history, verdicts and holds of a batch are written in bulk, inside the caller's
transaction. Actor, source and time come with the plans.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model

from contacts.domain.changes import Case, Incoming, Person, Plan
from contacts.domain.identity import sort_key
from contacts.domain.matching import who
from contacts.domain.queue import place_of_hold
from contacts.models import Address, Arrival, Contact, Review, ReviewCandidate
from contacts.queries import stage_table
from contacts.services import bulk, listeners, refusals
from contacts.services.consent.arrivals import Agreed, record_consent
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
DATE, KIND = HISTORY_COLUMNS.index("history_date"), HISTORY_COLUMNS.index("history_type")
REVIEW_COLUMNS = [
    "id", "kind", "status", "waiting_key", "rule", "reason", "who", "source_id", "opened_at", "due_at", "score",
    "matters", "decided_by_name", "note",
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
    agreed: Agreed | None = None


def apply(plans: Sequence[Plan], entrance: Entrance, *, replay: bool = False) -> None:
    """Store a batch of plans. With ``replay`` the arrivals are stored already and only get their outcome."""
    at = bulk.as_time(entrance.at)
    created = [contact_row(p.person, at, at) for p in plans if p.outcome == "created" and p.person is not None]
    bulk.insert(Contact, CONTACT_COLUMNS, created)
    _fills(plans, at)
    _cases(plans, entrance)
    if replay:
        bulk.update(Arrival, DECIDED_COLUMNS, [(*_decided(p, entrance), p.incoming.arrival_id) for p in plans])
    else:
        bulk.insert(Arrival, ARRIVAL_COLUMNS, [_arrival(p, entrance, at) for p in plans])
    _addresses(plans, entrance)
    _history(plans, entrance)
    _refusals(plans, entrance)
    record_consent(plans, entrance, replay=replay)  # last: it keeps others waiting


def _refusals(plans: Sequence[Plan], entrance: Entrance) -> None:
    """The log of what the stage table refused to these arrivals, if it refused anything."""
    found = refusals.refusing(plans)
    if found:
        refusals.log_refusals(refusals.of_plans(found, stage_table(), entrance.at))


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
    listeners.tell([ident for ident, (_, fields) in touched.items() if fields == {"last_activity"}], [], at)


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
    """A row for each plan that changed its contact. A contact that one plan touched is copied as it stands now."""
    changing = [(p, p.person) for p in plans if p.person is not None and (p.writes or p.marks_mailbox)]
    touched = Counter(person.id for _, person in changing)
    store_history([_history_row(p, person, entrance) for p, person in changing if touched[person.id] > 1])
    _copy_history([p for p, person in changing if touched[person.id] == 1], entrance)


def _history_row(plan: Plan, person: Person, entrance: Entrance) -> tuple[Any, ...]:
    at = bulk.as_time(entrance.at)
    kind = "+" if plan.outcome == "created" else "~"
    hand = Hand(entrance.actor, f"{plan.outcome}: {plan.reason}", plan.incoming.arrival_id, entrance.user_id)
    created_at = at if person.new else person.created_at
    return history_row(person, plan.after, created_at, at, kind, hand, shared=plan.shared_mailbox)


def remove(ids: Sequence[int]) -> None:
    """Contacts go with their addresses and their history, as if they had never been: those of a two-way test."""
    Address.objects.filter(contact__in=ids)._raw_delete(connection.alias)
    Contact.objects.filter(pk__in=ids)._raw_delete(connection.alias)
    Contact.history.filter(id__in=ids)._raw_delete(connection.alias)


def store_history(rows: Sequence[tuple[Any, ...]]) -> None:
    """Add rows to the contact's history, and tell who listens: there is no change without such a row."""
    if not rows:
        return
    bulk.insert(Contact.history.model, HISTORY_COLUMNS, rows)
    removed = {row[0] for row in rows if row[KIND] == "-"}
    changed = {row[0] for row in rows if row[KIND] != "-"}
    listeners.tell(sorted(changed), sorted(removed), rows[0][DATE])


def _copy_history(plans: Sequence[Plan], entrance: Entrance) -> None:
    contact = ", ".join(f"c.{column}" for column in HISTORY_COLUMNS[: HISTORY_COLUMNS.index("history_date")])
    what = "CASE a.outcome WHEN 'created' THEN '+' ELSE '~' END, a.outcome || ': ' || a.reason"
    by = [bulk.as_time(entrance.at), entrance.actor, entrance.user_id]
    _from_arrivals(Contact.history.model, HISTORY_COLUMNS, f"{contact}, %s, {what}, %s, a.id, %s", by, plans)
    listeners.tell([p.person.id for p in plans if p.person is not None], [], by[0])


def _addresses(plans: Sequence[Plan], entrance: Entrance) -> None:
    """The address of each new contact."""
    created = [p for p in plans if p.outcome == "created" and p.incoming.address]
    by = [True, bulk.as_time(entrance.at), entrance.actor]
    _from_arrivals(Address, ADDRESS_COLUMNS, "c.id, c.email, a.email_key, %s, %s, %s, a.id", by, created)


def _from_arrivals(
    model: type[Model], columns: Sequence[str], values: str, params: Sequence[Any], plans: Sequence[Plan]
) -> None:
    """Rows that the database makes itself of what it was just given: ``values`` is SQL over arrival and contact."""
    source = f"{Arrival._meta.db_table} a ON a.id = k.value JOIN {Contact._meta.db_table} c ON c.id = a.contact_id"
    bulk.insert_selected(model, columns, f"SELECT {values}", source, params, [p.incoming.arrival_id for p in plans])


def _cases(plans: Sequence[Plan], entrance: Entrance) -> None:
    cases: dict[int, tuple[Case, Incoming]] = {}
    for plan in plans:
        for case in (plan.case, plan.notice):
            if case is not None and case.new:
                cases.setdefault(case.id, (case, plan.incoming))
    bulk.insert(Review, REVIEW_COLUMNS, [_case_row(*opened, entrance) for opened in cases.values()])
    pairs = [(case.id, person.id) for case, _ in cases.values() for person in case.candidates]
    bulk.insert(ReviewCandidate, ["review_id", "contact_id"], pairs, ignore=True)
    _wake({p.case.id for p in plans if p.case is not None and p.case.id not in cases})


def _wake(joined: set[int]) -> None:
    """A case that was put off comes back when one more record waits in it."""
    if joined:
        Review.objects.filter(pk__in=joined, asleep_until__isnull=False).update(asleep_until=None)


def _case_row(case: Case, incoming: Incoming, entrance: Entrance) -> tuple[Any, ...]:
    place = place_of_hold(case, incoming, entrance.at)
    opened, due = bulk.as_time(entrance.at), bulk.as_time(place.due_at)
    about = (case.kind, "open", case.waiting_key, case.rule, case.reason, case.who, entrance.source_id)
    return (case.id, *about, opened, due, place.score, place.why[:200], "", "")


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


def _compact(verdict: tuple[str, ...]) -> tuple[str, ...]:
    """A verdict without its empty tail."""
    return verdict[: 6 if verdict[5] else 5 if verdict[4] else 4 if verdict[3] else 3]


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
        None if repeat else received.raw_json or bulk.as_json(received.raw),
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
