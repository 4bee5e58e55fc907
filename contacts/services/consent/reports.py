"""Reports over the whole ledger: who may be mailed, which agreements lack evidence, what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from contacts.domain import consent
from contacts.domain.consent import NEWS, Standing
from contacts.domain.lifecycle import UNSUBSCRIBED
from contacts.models import Address, ConsentRecord
from contacts.services.consent import keys
from contacts.services.consent.evidence import Evidence, of_records
from contacts.services.consent.reading import every_standing

WEEK = timedelta(days=7)


def mailable(purpose: str = NEWS) -> Iterator[tuple[int, str]]:
    """Contact and address of everybody who may be mailed for a purpose right now, in the order of contacts.

    A word of the person at one address counts for all of them; a contact whose stage is Unsubscribed is left out.
    """
    known = {subject: found for subject, found in every_standing(purpose=purpose) if found != consent.NONE}
    if not any(found.mailable for found in known.values()):
        return
    free = Address.objects.exclude(contact__lifecycle_stage=UNSUBSCRIBED).order_by("contact_id", "-primary", "pk")
    rows = free.values_list("contact_id", "key", "shown").iterator(chunk_size=5000)
    for contact, addresses in groupby(rows, itemgetter(0)):
        shown = {key: text for _, key, text in addresses}
        alone = {key: _known(known, subject) for key, subject in keys.subjects_of(shown).items()}
        for key, found in consent.of_person(alone).items():
            if found.mailable:
                yield contact, shown[key]


def _known(known: dict[str, Standing], subject: str) -> Standing:
    return known.get(subject, consent.NONE)


def unproven(most: int) -> tuple[int, list[Evidence]]:
    """Agreements of which a part of the proof is missing: how many, and the newest of them."""
    found = ConsentRecord.objects.filter(act=consent.GRANTED).exclude(proof=consent.PROVED)
    return found.count(), of_records(found.order_by("-pk")[:most])


def since(at: datetime, most: int) -> tuple[dict[str, int], list[Evidence]]:
    """What was recorded in the week before this moment: numbers by kind, and the newest records."""
    found = ConsentRecord.objects.filter(recorded_at__gt=at - WEEK)
    labels = dict(ConsentRecord.Act.choices)
    counts = Counter(found.order_by().values_list("act", flat=True))
    return {labels[act]: counts[act] for act in (consent.GRANTED, *consent.STOPS) if counts[act]}, of_records(
        found.order_by("-pk")[:most]
    )


def first(rows: Iterator[tuple[int, str]], most: int) -> tuple[int, list[tuple[int, str]]]:
    """How many there are, and the first of them."""
    shown: list[tuple[int, str]] = []
    count = 0
    for count, row in enumerate(rows, 1):
        if count <= most:
            shown.append(row)
    return count, shown
