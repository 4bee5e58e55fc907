"""What a decision changed, in a form that can be put back: written with the decision, read when it is taken back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contacts.domain.changes import Person
from contacts.models import Contact
from contacts.services import contact_rows
from contacts.services.people import person_from
from contacts.services.review.cases import Offer


def snapshot(person: Person) -> dict[str, Any]:
    """A contact as it is now."""
    return {
        "values": {f: v for f, v in person.values.items() if f in contact_rows.COLUMN or v is not None},
        "origins": person.origins,
        "shared_mailbox": person.shared_mailbox,
        "last_activity": person.last_activity.isoformat() if person.last_activity else None,
    }


def restored(contact_id: int, before: dict[str, Any]) -> Person:
    """The contact that a snapshot tells of."""
    activity = before["last_activity"]
    return Person(
        before["values"],
        before["origins"],
        contact_id,
        shared_mailbox=before["shared_mailbox"],
        last_activity=datetime.fromisoformat(activity) if activity else None,
    )


def touched(contact_ids: Sequence[int], before: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """The contacts that a decision touched as they are afterwards, each with what it was; None where it was made."""
    found = Contact.objects.filter(pk__in=contact_ids).order_by("pk").prefetch_related("addresses")
    return [
        {
            "id": c.pk,
            "state": state_of(c),
            "last_activity": c.last_activity.isoformat() if c.last_activity else None,
            "before": before.get(c.pk),
        }
        for c in found
    ]


def state_of(contact: Contact) -> str:
    """What a contact is, in a few characters: its values, who wrote them, its addresses.

    Not its version: that has gone on also where a later decision was taken back, and all is as it was.
    """
    now = snapshot(person_from(contact)) | {"last_activity": None}
    addresses = sorted((a.key, a.primary) for a in contact.addresses.all())
    said = json.dumps([now, addresses], sort_keys=True, default=str)
    return hashlib.blake2b(said.encode(), digest_size=12).hexdigest()


def arrivals_of(offers: Sequence[Offer]) -> list[dict[str, Any]]:
    """The arrivals of a case as they are before its decision."""
    return [{"id": o.arrival.pk, "contact": o.arrival.contact_id, "verdicts": o.arrival.verdicts} for o in offers]
