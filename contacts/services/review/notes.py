"""Where a value came from and when, in the few words under it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from contacts.domain.changes import Person
from contacts.domain.fields import FIELDS
from contacts.domain.identity import fold
from contacts.domain.lifecycle import StageTable
from contacts.domain.origins import origin_of
from contacts.models import Contact
from contacts.services.review.cases import Offer
from contacts.services.story import as_text

DOMAIN_HOW = {"address": "read off the address", "company": "known for the company", "website": "from the website"}


def fields(custom: dict[str, str]) -> list[tuple[str, str]]:
    """The fields that a case compares, with their labels; ``custom`` is slug to label."""
    return [(f.name, f.label) for f in FIELDS if f.kept] + list(custom.items())


def shown(name: str, value: Any, stages: StageTable) -> str:
    """A value as people read it."""
    if value is None or value == "":
        return ""
    stage = stages.named(str(value)) if name == "lifecycle_stage" else None
    return stage.label if stage else as_text(value)


def origin_note(person: Person, name: str, year: int) -> str:
    """ "Website contact form, 9 Jan"."""
    origin = origin_of(person.origins, name)
    if origin is None:
        return ""
    at = datetime.fromisoformat(origin.writer.at)
    return f"{origin.writer.name}, {at:%-d %b}" + ("" if at.year == year else f" {at:%Y}")


def address_note(contact: Contact, person: Person, year: int) -> str:
    """Which address it is, where from, and which others there are."""
    others = [a.shown for a in contact.addresses.all() if not a.primary]
    also = f"also {others[0]}" + (f" and {len(others) - 1} more" if len(others) > 1 else "") if others else ""
    return " · ".join(filter(None, [also, origin_note(person, "email", year)]))


def arrival_note(offer: Offer, name: str, text: str) -> str:
    """How an arrival's value was read, where that is not how it was sent."""
    incoming = offer.incoming
    if name == "company_domain":
        return DOMAIN_HOW.get(incoming.domain_how, "")
    if name == "lifecycle_stage" and not incoming.stage:
        return "entry stage of the source"
    sent = (incoming.received.values.get(name) or "").strip()
    if not sent or sent == text or name == "email":
        return ""
    if name != "phone" and fold(sent) == fold(text):
        return ""
    return f"from “{sent[:60]}”"
