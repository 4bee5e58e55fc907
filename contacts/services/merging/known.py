"""Contacts as a merge sees them, read in a fixed number of queries, and as a merge remembers them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contacts.domain.changes import Person
from contacts.domain.identity import company_key, full_person_key
from contacts.domain.merging import MergePlan, Rank, Side
from contacts.domain.origins import origin_of
from contacts.domain.unmerging import Email, Was
from contacts.domain.world import person_key_of
from contacts.models import Address, Contact, Merge
from contacts.services.consent import stopped
from contacts.services.locks import lock_keys
from contacts.services.people import person_from


@dataclass(frozen=True)
class Known:
    """A contact with everything that a merge has to know of it."""

    contact: Contact
    addresses: tuple[Email, ...]
    side: Side
    stops: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by address: what its person said against mail

    @property
    def id(self) -> int:
        return self.contact.pk

    @property
    def stopped(self) -> frozenset[str]:
        """What stands against mailing any of its addresses."""
        return stops_on(self.addresses, self.stops)

    @property
    def person(self) -> Person:
        return self.side.person


def stops_on(addresses: Iterable[Email], stops: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """What stands against mailing a person with these addresses."""
    return frozenset(stop for a in addresses for stop in stops.get(a.key, ()))


def load(ids: Sequence[int], *, lock: bool = False) -> dict[int, Known]:
    """The contacts that there are of these; few queries. With ``lock`` nobody else changes them meanwhile."""
    contacts = Contact.objects.filter(pk__in=ids).order_by("pk")
    found = list(contacts.select_for_update() if lock else contacts)
    addresses: dict[int, list[Email]] = {}
    columns = "contact_id", "pk", "key", "shown", "primary"
    for contact, *row in Address.objects.filter(contact__in=ids).order_by("-primary", "pk").values_list(*columns):
        addresses.setdefault(contact, []).append(Email(*row))
    earlier = dict(Merge.objects.filter(kept_id__in=ids, undone_at=None).order_by("pk").values_list("kept_id", "after"))
    stops = stopped(a.key for found in addresses.values() for a in found)
    return {c.pk: Known(c, tuple(addresses.get(c.pk, ())), _side(c, earlier.get(c.pk)), stops) for c in found}


def load_locked(ids: Sequence[int], more_keys: Sequence[str] = ()) -> dict[int, Known]:
    """The same, after waiting for everybody who decides about any of these people, as intake does."""
    lock_keys([*more_keys, *(key for known in load(ids).values() for key in keys_of(known))])
    return load(ids, lock=True)


def keys_of(known: Known) -> list[str]:
    """Under what arrivals and people look for a contact."""
    return [*(a.key for a in known.addresses), *keys_of_values(known.person.values)]


def keys_of_values(values: Mapping[str, Any]) -> list[str]:
    """The same for values alone: name, name at a company, phone and company."""
    first, last, company = (values.get(f) or "" for f in ("first_name", "last_name", "company"))
    keys = [full_person_key(first, last, "*"), person_key_of(dict(values)), values.get("phone") or ""]
    return [k for k in keys if k] + ([f"company:{company_key(company)}"] if company else [])


def _side(contact: Contact, after: Mapping[str, Any] | None) -> Side:
    person = person_from(contact)
    if after is None:
        return Side(person, contact.created_at, contact.created_at)
    homes = {f: Rank(*rank) for f, rank in after["homes"].items() if _is_still(f, person, after)}
    return Side(person, contact.created_at, datetime.fromisoformat(after["own_since"]), homes)


def _is_still(name: str, person: Person, after: Mapping[str, Any]) -> bool:
    """Whether a value is the one that the last merge left there."""
    same = person.values.get(name) == after["values"].get(name)
    return same and origin_of(person.origins, name) == origin_of(after["origins"], name)


# --- what a merge remembers ---


def snapshot(person: Person, created_at: datetime, addresses: Iterable[Email], version: int) -> dict[str, Any]:
    """A contact as JSON: enough to bring it back."""
    return {
        "id": person.id,
        "values": person.values,
        "origins": person.origins,
        "shared_mailbox": person.shared_mailbox,
        "last_activity": _text(person.last_activity),
        "created_at": _text(created_at),
        "addresses": [list(a) for a in addresses],
        "version": version,
    }


def snapshot_of(known: Known) -> dict[str, Any]:
    """A contact as it is now."""
    return snapshot(known.person, known.contact.created_at, known.addresses, known.contact.version)


def snapshot_after(plan: MergePlan, addresses: Iterable[Email], version: int) -> dict[str, Any]:
    """The contact that a merge leaves, and which of its values are whose own."""
    whole = snapshot(plan.person, plan.created_at, addresses, version)
    return whole | {"homes": {f: list(r) for f, r in plan.homes.items()}, "own_since": _text(plan.own_since)}


def was(stored: Mapping[str, Any]) -> Was:
    """A contact out of what a merge remembers."""
    return Was(
        stored["values"],
        stored["origins"],
        stored["shared_mailbox"],
        _moment(stored["last_activity"]),
        datetime.fromisoformat(stored["created_at"]),
        tuple(Email(*a) for a in stored["addresses"]),
    )


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
