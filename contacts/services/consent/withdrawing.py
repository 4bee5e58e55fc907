"""Somebody says "no more": recorded for every address of the person, for all purposes, whoever hears it first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from contacts.domain import consent
from contacts.models import Address
from contacts.services.bulk import among
from contacts.services.consent.ledger import Said, append
from contacts.services.consent.reading import entries_of


def record_withdrawal(
    contact_ids: Sequence[int],
    *,
    actor: str,
    at: datetime,
    method: str = consent.STAFF,
    source: str = "",
    note: str = "",
    purpose: str = consent.ALL,
) -> list[int]:
    """Somebody of ours, or a MAP, heard it: all addresses of these contacts. In the caller's transaction."""
    rows = Address.objects.filter(contact__in=among(contact_ids)).order_by("pk")
    shown = dict(rows.values_list("key", "shown"))
    how = "told to the hub" if method == consent.STAFF else actor
    return withdraw(shown, method=method, actor=actor, at=at, how=how, source=source, note=note, purpose=purpose)


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
    purpose: str = consent.ALL,
) -> list[int]:
    """Record that these addresses (key to how they are written) are not to be mailed; the new records.

    ``purpose`` is the slug of the one that it is about, or ``consent.ALL``.

    Where that stands already nothing is added, so the same word twice is one record.
    """
    told = entries_of(shown)
    more = {"note": note} if note else {}
    new = [
        Said(
            address, consent.WITHDRAWN, method, purpose, occurred_at=occurred_at, source=source, actor=actor,
            shown=as_written, how=how, more=dict(more),
        )
        for address, as_written in shown.items()
        if not stands(told.get(address, ()), purpose)
    ]  # fmt: skip
    return append(new, at)


def stands(entries: Iterable[consent.Entry], purpose: str = consent.ALL) -> bool:
    """Whether a withdrawal stands already, for that purpose or for every one."""
    entries = list(entries)
    purposes = {consent.ALL, *(e.purpose for e in entries)} if purpose == consent.ALL else {purpose}
    return all(consent.WITHDRAWN in consent.standing(entries, consent.EMAIL, p).stops for p in purposes)
