"""The contacts that a new sandbox starts with: people of the hub's demo data, some of them twice, and others."""

from __future__ import annotations

import csv
from pathlib import Path

from . import consent, contacts
from .storage import Store

CONTACTS = Path(__file__).parent / "seeds" / "contacts.csv"
#: Made one after the other, a minute apart, as if somebody had typed them in.
APART_MS = 60_000


def seed(store: Store, now: int) -> int:
    """Fill a sandbox that never had a contact; the number of contacts made."""
    if not store.untouched():
        return 0
    with CONTACTS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    store.tells, tells = False, store.tells  # nobody is told: they were there before
    with store.transaction():
        for place, values in enumerate(rows):
            at = now - (len(rows) - place) * APART_MS
            if values.pop("unsubscribed"):
                consent.unsubscribe_all(store, values["email"], at)
            contacts.create(store, {name: value for name, value in values.items() if value}, at)
    store.tells = tells
    return len(rows)
