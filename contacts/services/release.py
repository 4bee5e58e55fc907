"""A person lets the connections decide about a value again that a person wrote, and takes that back.

The value stays until a row of a worksheet writes another one; for arrivals nothing changes. Who released it,
and when, is a row of the contact's history.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from contacts.domain import rules
from contacts.domain.changes import Person
from contacts.domain.origins import is_protected, origin_of, stamp
from contacts.models import Contact
from contacts.services import contact_rows, story, write
from contacts.services.bulk import as_time
from contacts.services.merged import lived_as
from contacts.services.people import Conflict, Invalid, with_contact

#: How a row of history begins that releases a field, or takes that back; the field's name follows.
RELEASED, TAKEN_BACK = "released to the connections:", "no longer released:"
#: Who somebody is, and who looks after them, no connection ever decides.
NEVER = frozenset({"email", "owner"})
SAID = {
    "never": "{} is never released to a connection.",
    "free": "No person protects {}, so there is nothing to release.",
    "not": "{} is not released.",
}


def may_be_released(origins: dict[str, Any], field: str) -> bool:
    """Whether a person's hold on a value can be released."""
    return field not in NEVER and is_protected(origins, field)


def is_released(origins: dict[str, Any], field: str) -> bool:
    """Whether a person released the value that stands there, and nobody wrote it since."""
    origin = origin_of(origins, field)
    return origin is not None and origin.rule == rules.RELEASED


def release(contact_id: int, field: str, *, user: Any, version: int, at: datetime) -> None:
    """Let the worksheets decide about a value; raises Invalid, Conflict, PermissionDenied or Contact.DoesNotExist."""

    def act(contact: Contact, person: Person) -> None:
        if field in NEVER:
            raise Invalid({field: _said("never", field)})
        if not is_protected(person.origins, field):
            raise Invalid({field: _said("free", field)})
        _store(contact, person, field, rules.RELEASED, RELEASED, user, version, at)

    with_contact(contact_id, user, act)


def take_back(contact_id: int, field: str, *, user: Any, version: int, at: datetime) -> None:
    """Protect a released value again; raises as ``release`` does, also where a connection has written since."""

    def act(contact: Contact, person: Person) -> None:
        if not is_released(person.origins, field):
            raise Invalid({field: _said("not", field)})
        _store(contact, person, field, rules.PERSON, TAKEN_BACK, user, version, at)

    with_contact(contact_id, user, act)


def releases(contact_id: int, origins: dict[str, Any]) -> dict[str, dict[str, str]]:
    """By field that is released now, who did it and when; a query where there is one, else none."""
    fields = {f for f in origins.get("of", {}) if is_released(origins, f)}
    if not fields:
        return {}
    words = {f"{RELEASED} {f}": f for f in fields}
    rows = Contact.history.model.objects.filter(id__in=lived_as(contact_id), history_change_reason__in=words)
    columns = "history_change_reason", "actor", "history_date"
    found = rows.order_by("history_id").values_list(*columns)
    return {words[why]: {"by": by, "at": at.isoformat(timespec="seconds")} for why, by, at in found}


def _store(
    contact: Contact, person: Person, field: str, rule: str, words: str, user: Any, version: int, at: datetime
) -> None:
    """The same value under another rule, still by whom it was written; the history says whose hand it was."""
    if contact.version != version:
        raise Conflict
    origin = origin_of(person.origins, field)
    if origin is not None:
        person.origins = stamp(person.origins, {field: rule}, origin.writer)
    write.store_changes([(person, {field})], as_time(at))
    hand = contact_rows.Hand(story.person_name(user), f"{words} {field}", user_id=user.pk)
    row = contact_rows.history_row(person, person.values, as_time(contact.created_at), as_time(at), "~", hand)
    write.store_history([row])


def _said(which: str, field: str) -> str:
    label = story.HUB_LABELS.get(field, field.replace("_", " "))
    return SAID[which].format(label)
