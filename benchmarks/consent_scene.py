"""The ledger of consent at a million addresses: adding, working out what stands, and checking the chain."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import connection

from contacts.domain import consent
from contacts.services.consent import Said, append, every_standing, of_addresses
from contacts.services.consent.checking import verify

ADDRESSES, STEP = 1_000_000, 10_000
AT = datetime(2026, 4, 1, tzinfo=UTC)
WORDS = "Yes, send me product news. I can stop it at any time."


def run(say: Callable[..., None], addresses: int = ADDRESSES) -> None:
    """Print the seconds of each."""
    started = time.perf_counter()
    for first in range(0, addresses, STEP):
        append(_said(first), AT + timedelta(days=60))
    added = time.perf_counter() - started
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    started = time.perf_counter()
    mailable = sum(found.mailable for _, found in every_standing())
    worked_out = time.perf_counter() - started
    started = time.perf_counter()
    of_addresses([f"p{n}@firm{n % 5000}.example" for n in range(0, addresses, addresses // 50)])
    page = time.perf_counter() - started
    started = time.perf_counter()
    found = verify()
    checked = time.perf_counter() - started
    assert found.whole
    say(f"consent, {addresses:,} addresses with {found.records:,} records:")
    say(f"  what stands for all of them       {worked_out:6.1f} s, {mailable:,} may be mailed")
    say(f"  what stands for a page of 50      {page * 1000:6.1f} ms")
    say(f"  added, sealed and chained         {found.records / added:,.0f} records/s")
    say(f"  the whole chain checked           {checked:6.1f} s")


def _said(first: int) -> list[Said]:
    """Three in ten agree twice or withdraw; each address has at least one record."""
    told = []
    for n in range(first, first + STEP):
        address = f"p{n}@firm{n % 5000}.example"
        words = WORDS if n % 4 else ""
        told.append(Said(address, consent.GRANTED, consent.FORM, occurred_at=AT, source="s", how="form", words=words))
        if n % 10 < 2:
            told.append(
                Said(address, consent.WITHDRAWN, consent.LINK, consent.ALL, occurred_at=AT + timedelta(days=n % 50))
            )
        if n % 10 == 0:
            later = AT + timedelta(days=55)
            told.append(Said(address, consent.GRANTED, consent.FORM, occurred_at=later, source="s", how="f", words="y"))
    return told
