"""Somebody says "no more": recorded for every address of the person, for all purposes, whoever hears it first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from contacts.domain import consent
from contacts.models import Address
from contacts.services.consent.ledger import Said, append
from contacts.services.consent.reading import entries_of


def record_withdrawal(contact_id: int, *, actor: str, at: datetime, note: str = "") -> list[int]:
    """A member of staff heard it: all addresses of the contact. In the caller's transaction."""
    shown = dict(Address.objects.filter(contact=contact_id).order_by("pk").values_list("key", "shown"))
    return withdraw(shown, method=consent.STAFF, actor=actor, at=at, how="told to the hub", note=note)


def withdraw(
    shown: Mapping[str, str],
    *,
    method: str,
    actor: str,
    at: datetime,
    how: str,
    source: str = "",
    note: str = "",
    occurred_at: datetime | None = None,
) -> list[int]:
    """Record that these addresses (key to how they are written) are not to be mailed; the new records.

    Where that stands already nothing is added, so the same word twice is one record.
    """
    told = entries_of(shown)
    more = {"note": note} if note else {}
    new = [
        Said(
            address, consent.WITHDRAWN, method, consent.ALL, occurred_at=occurred_at, source=source, actor=actor,
            shown=as_written, how=how, more=dict(more),
        )
        for address, as_written in shown.items()
        if not stands(told.get(address, ()))
    ]  # fmt: skip
    return append(new, at)


def stands(entries: Iterable[consent.Entry]) -> bool:
    """Whether a withdrawal stands for every purpose already."""
    entries = list(entries)
    purposes = {consent.ALL, *(e.purpose for e in entries)}
    return all(consent.WITHDRAWN in consent.standing(entries, consent.EMAIL, p).stops for p in purposes)
