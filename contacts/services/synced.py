"""The connections' only door to the writer: contacts are locked and loaded, and what was decided is stored.

What is decided is a value that the caller brings; nothing here knows of worksheets. Call both functions in one
transaction (``intake.in_transaction``). A number of statements that does not depend on how many contacts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from contacts.domain import consent
from contacts.domain.changes import Person
from contacts.domain.identity import NotAnAddress, read_address
from contacts.domain.lifecycle import UNSUBSCRIBED
from contacts.domain.origins import Writer, is_protected, stamp
from contacts.domain.overwrite import is_empty
from contacts.models import Address, Contact
from contacts.services import bulk, contact_rows, write
from contacts.services.consent.unsubscribing import BEFORE, follow
from contacts.services.consent.withdrawing import record_withdrawal
from contacts.services.locks import lock_all
from contacts.services.people import person_from

STAGE = "lifecycle_stage"


class NotAllowed(Exception):
    """A connection asked for more than it may write. Nothing was written; it is a fault of the caller."""


class Change(NamedTuple):
    """One value that a connection writes into a contact, and the rule that lets it."""

    contact: int
    field: str
    value: Any
    rule: str


@dataclass(frozen=True)
class Connected:
    """Who writes: a connection by its name, for the history; ``why`` is the beginning of each row's reason.

    ``fields`` is everything that it may write.
    """

    name: str
    why: str
    fields: frozenset[str]
    at: datetime
    slug: str = ""  # the connection's, for the ledger of consent


@dataclass(frozen=True)
class Loaded:
    """A contact that nobody else changes or matches until the transaction ends."""

    contact: Contact
    person: Person


def locked(ids: Iterable[int]) -> dict[int, Loaded]:
    """The contacts that there are of these, after waiting for everybody who decides about anybody."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    lock_all()
    found = Contact.objects.select_for_update().filter(pk__in=bulk.among(wanted)).order_by("pk")
    return {c.pk: Loaded(c, person_from(c)) for c in found}


def taken_addresses(texts: Iterable[str]) -> set[str]:
    """Those of these addresses that some contact has already, or that are none; as they were given."""
    keys = {text: _key_of(text) for text in texts}
    known = set(Address.objects.filter(key__in=[k for k in keys.values() if k]).values_list("key", flat=True))
    return {text for text, key in keys.items() if not key or key in known}


def store(changes: Sequence[Change], contacts: Mapping[int, Loaded], by: Connected) -> None:
    """Write what was decided: values, origins, keys, addresses and a row of history for each contact."""
    each: dict[int, list[Change]] = defaultdict(list)
    for change in changes:
        _check(change, contacts[change.contact].person, by)
        each[change.contact].append(change)
    writer = Writer("connection", by.name, by.at.isoformat(timespec="seconds"))
    at = bulk.as_time(by.at)
    touched, history = [], []
    for ident, mine in each.items():
        loaded = contacts[ident]
        fields = _take(loaded.person, mine, writer)
        touched.append((loaded.person, fields))
        hand = contact_rows.Hand(by.name, f"{by.why} {_why(mine)}")
        made = bulk.as_time(loaded.contact.created_at)
        history.append(contact_rows.history_row(loaded.person, loaded.person.values, made, at, "~", hand))
    write.store_changes(touched, at)
    _add_addresses([c for c in changes if c.field == "email"], by, at)
    write.store_history(history)
    if unsubscribed := [c.contact for c in changes if c.field == STAGE and c.value == UNSUBSCRIBED]:
        record_withdrawal(unsubscribed, actor=by.name, method=consent.SYNC, source=by.slug, at=by.at)
    follow([_key_of(c.value) for c in changes if c.field == "email"], actor=BEFORE, why=by.why, at=by.at)


def _check(change: Change, person: Person, by: Connected) -> None:
    """The last look before the writer, whatever was decided: only its own fields, and nothing that is protected."""
    if change.field not in by.fields:
        raise NotAllowed(f"{by.name} has no row for {change.field}.")
    if change.field == STAGE and change.value == UNSUBSCRIBED:
        return
    if change.field == STAGE and person.values.get(STAGE) == UNSUBSCRIBED:
        raise NotAllowed(f"Contact {change.contact} is Unsubscribed: only the person leaves that, by agreeing anew.")
    if is_protected(person.origins, change.field):
        raise NotAllowed(f"A person wrote {change.field} of contact {change.contact}.")
    if change.field == "email" and not is_empty(person.values.get("email")):
        raise NotAllowed(f"Contact {change.contact} has an address.")


def _take(person: Person, changes: Iterable[Change], writer: Writer) -> set[str]:
    stamps = {}
    for _, field, value, rule in changes:
        person.values[field] = value
        stamps[field] = rule
    person.origins = stamp(person.origins, stamps, writer)
    return {c.field for c in changes}


def _why(changes: Iterable[Change]) -> str:
    """ "job_title fresh@7.5, phone fill@7.6": which rule let which value in."""
    return ", ".join(f"{c.field} {c.rule}" for c in changes)


def _add_addresses(changes: Sequence[Change], by: Connected, at: Any) -> None:
    rows = [(c.contact, c.value, _key_of(c.value), True, at, by.name, None) for c in changes]
    bulk.insert(Address, write.ADDRESS_COLUMNS, rows)


def _key_of(text: str) -> str:
    try:
        return read_address(text).key
    except NotAnAddress:
        return ""
