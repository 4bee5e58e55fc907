"""Reports over the whole ledger: who may be mailed, which agreements lack evidence, what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from contacts.domain import consent
from contacts.domain.consent import NEWS, Standing
from contacts.domain.lifecycle import UNSUBSCRIBED
from contacts.models import Address, ConsentRecord
from contacts.services.consent import keys, purposes
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


# --- the same as rows of a file, a header first ---

TOGETHER = 500


def mailable_rows(purpose: str) -> Iterator[list[Any]]:
    """Everybody who may be mailed, with the newest agreement that proves it."""
    yield ["contact", "address", "purpose", "agreed_at", "words", "how", "source", "record"]
    found, name = mailable(purpose), purposes.names().get(purpose, purpose)
    while some := list(islice(found, TOGETHER)):
        shown = dict(Address.objects.filter(contact__in={c for c, _ in some}).values_list("shown", "key"))
        subjects = keys.subjects_of(shown[address] for _, address in some if address in shown)
        proofs = _proofs(subjects.values(), purpose)
        for contact, address in some:
            proof = proofs.get(subjects.get(shown.get(address, ""), ""))
            if proof is not None:
                told, record = proof.told or {}, proof.record
                yield [
                    contact,
                    address,
                    name,
                    _when(record),
                    told.get("words"),
                    told.get("how"),
                    record.source,
                    record.pk,
                ]


def _proofs(subjects: Iterable[str], purpose: str) -> dict[str, Evidence]:
    """The newest complete agreement of each subject."""
    granted = ConsentRecord.objects.filter(subject__in=list(subjects), act=consent.GRANTED, purpose=purpose)
    found = of_records(granted.filter(proof=consent.PROVED).order_by("pk"))
    return {evidence.record.subject: evidence for evidence in found}


def unproven_rows() -> Iterator[list[Any]]:
    """Agreements of which a part of the proof is missing, the newest first."""
    yield ["record", "recorded_at", "address", "purpose", "missing", "how", "source", "told_by"]
    for e in _told(ConsentRecord.objects.filter(act=consent.GRANTED).exclude(proof=consent.PROVED)):
        told, r = e.told or {}, e.record
        missing = ", ".join(e.missing)
        yield [
            r.pk,
            r.recorded_at.isoformat(),
            told.get("address"),
            e.purpose,
            missing,
            told.get("how"),
            r.source,
            r.actor,
        ]


def week_rows(at: datetime) -> Iterator[list[Any]]:
    """What was recorded in the week before this moment, the newest first."""
    yield ["record", "recorded_at", "happened_at", "address", "what", "purpose", "how_it_came", "source", "told_by"]
    for e in _told(ConsentRecord.objects.filter(recorded_at__gt=at - WEEK)):
        told, r = e.told or {}, e.record
        yield [
            r.pk, r.recorded_at.isoformat(), _when(r), told.get("address"), r.get_act_display(), e.purpose,
            r.get_method_display(), r.source, r.actor,
        ]  # fmt: skip


def _told(records: Any) -> Iterator[Evidence]:
    """The evidence of these records, some at a time, the newest first."""
    below = None
    while True:
        rest = records if below is None else records.filter(pk__lt=below)
        some = of_records(rest.order_by("-pk")[:TOGETHER])
        if not some:
            return
        yield from some
        below = some[-1].record.pk


def _when(record: ConsentRecord) -> str:
    return (record.occurred_at or record.recorded_at).isoformat()
