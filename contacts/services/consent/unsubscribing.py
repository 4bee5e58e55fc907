"""An unsubscribe at any door of people: the ledger, and the stage that shows it, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied

from contacts.domain import consent, rules
from contacts.domain.lifecycle import UNSUBSCRIBED
from contacts.domain.origins import Writer, stamp
from contacts.models import Address, Contact
from contacts.services import contact_rows, story, write
from contacts.services.bulk import as_time
from contacts.services.consent.ledger import Said, append
from contacts.services.consent.reading import stopped
from contacts.services.consent.withdrawing import record_withdrawal, withdraw
from contacts.services.intake import in_transaction
from contacts.services.people import person_from

MAY = "contacts.withdraw_consent"
BY_LINK, BY_API = "the link in a mail", "the API"
#: Who makes a contact Unsubscribed that is given an address whose person said no.
BEFORE = "what they said before"


def unsubscribe_contact(
    contact_id: int, *, user: Any, note: str, at: datetime, purpose: str = consent.ALL
) -> list[int]:
    """Somebody who works with the hub heard it: every address of the contact. The new records.

    Who says no to one purpose alone does not become Unsubscribed, and no connection is told.
    """
    if not user.has_perm(MAY):
        raise PermissionDenied

    def act() -> list[int]:
        contact = Contact.objects.select_for_update().get(pk=contact_id)
        name = story.person_name(user)
        if purpose == consent.ALL:
            _show(contact, Writer("person", name, at.isoformat(timespec="seconds")), note, at, user.pk)
        return record_withdrawal([contact_id], actor=name, note=note, at=at, purpose=purpose)

    return in_transaction(act)


def unsubscribe_address(
    address: str,
    *,
    method: str,
    actor: str,
    at: datetime,
    source: str = "",
    shown: str = "",
    occurred_at: datetime | None = None,
    purpose: str = consent.ALL,
) -> list[int]:
    """The person, or a tool on their behalf, says no for one address (match key), known to the hub or not."""

    def act() -> list[int]:
        _lock([address])
        how = BY_LINK if method == consent.LINK else BY_API
        told = {address: shown or _as_written(address)}
        new = withdraw(
            told, method=method, actor=actor, source=source, at=at, how=how, occurred_at=occurred_at, purpose=purpose
        )
        follow([address], actor=actor, why=how, at=at)
        return new

    return in_transaction(act)


def hear(said: Sequence[Said], *, actor: str, why: str, at: datetime) -> list[int]:
    """Add to the ledger what was said of addresses that no judge looks at now. In the caller's transaction."""
    addresses = [s.address for s in said]
    _lock(addresses)
    new = append(said, at)
    follow(addresses, actor=actor, why=why, at=at)
    return new


def follow(addresses: Iterable[str], *, actor: str, why: str, at: datetime) -> None:
    """Contacts with an address (match key) whose person said no are Unsubscribed, as the ledger stands now."""
    said = stopped(addresses)
    owners = Address.objects.filter(key__in=list(said)).values("contact")
    for contact in Contact.objects.filter(pk__in=owners).order_by("pk") if said else ():
        _show(contact, Writer("source", actor, at.isoformat(timespec="seconds")), why, at)


def _lock(addresses: Collection[str]) -> None:
    """Contacts are locked before the ledger, as everywhere: whoever adds to the ledger waits for nobody else."""
    owners = Address.objects.filter(key__in=addresses).values("contact")
    list(Contact.objects.select_for_update().filter(pk__in=owners).order_by("pk").values_list("pk"))


def _as_written(address: str) -> str:
    return Address.objects.filter(key=address).values_list("shown", flat=True).first() or address


def _show(contact: Contact, writer: Writer, why: str, at: datetime, user_id: int | None = None) -> None:
    """The stage follows, whatever it was, with its row of history."""
    if contact.lifecycle_stage_id == UNSUBSCRIBED:
        return
    person = person_from(contact)
    person.values["lifecycle_stage"] = UNSUBSCRIBED
    person.origins = stamp(person.origins, {"lifecycle_stage": rules.SAID_NO}, writer)
    write.store_changes([(person, {"lifecycle_stage"})], as_time(at))
    hand = contact_rows.Hand(writer.name, f"unsubscribed: {why}".strip(": "), user_id=user_id)
    row = contact_rows.history_row(person, person.values, as_time(contact.created_at), as_time(at), "~", hand)
    write.store_history([row])
