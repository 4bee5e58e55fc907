"""Records that are kept without a decision: their source is not registered, or their key was used before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from contacts.domain.changes import Earlier, Policy, Received
from contacts.domain.consent import ALL, GRANTED, SYNC
from contacts.domain.identity import sort_key
from contacts.domain.matching import who
from contacts.domain.reasons import repeated_reason
from contacts.domain.translate import translate
from contacts.models import Arrival, Source
from contacts.queries import arrival_ids
from contacts.services.consent import Said
from contacts.services.consent.unsubscribing import hear
from contacts.services.intake import in_transaction
from contacts.services.locks import lock_keys
from contacts.services.stored import received_of


class KeyReused(Exception):
    """An Idempotency-Key that came before with another body."""


def check(record: Received, original: Arrival | None) -> None:
    """Refuse a record whose key belongs to a delivery of other content."""
    if original is not None and original.content_hash != record.content_hash:
        raise KeyReused(
            f"This Idempotency-Key came with another body before (arrival {original.pk}): nothing was done. "
            "Send a new key with new records."
        )


def keep(records: Sequence[Received], policy: Policy, *, checked: bool, reason: str) -> list[dict[str, Any]]:
    """Store records that wait for their source to be registered; one result for each."""

    def attempt() -> list[dict[str, Any]]:
        keys = [r.delivery_key for r in records if r.delivery_key]
        lock_keys(f"delivery:{key}" for key in keys)
        known = Arrival.objects.in_bulk(keys, field_name="delivery_key") if keys else {}
        rows, results = [], []
        for record, ident in zip(records, arrival_ids(len(records)), strict=True):
            original = known.get(record.delivery_key)
            if checked:
                check(record, original)
            row = _repeat(record, policy, original) if original else _row(record, policy)
            row.pk, row.received_at = ident, timezone.now()
            if row.delivery_key:
                known[row.delivery_key] = row
            rows.append(row)
            results.append(_answer(row, reason))
        Arrival.objects.bulk_create(rows)
        _hear_no([row for row in rows if row.outcome == ""], policy)
        return results

    return in_transaction(attempt)


def _hear_no(rows: Sequence[Arrival], policy: Policy) -> None:
    """A no counts at once, whoever sends it; a yes waits with its record until somebody knows the source."""
    said = []
    for row in rows:
        incoming = translate(received_of(row, policy.custom), policy)
        if incoming.consent is not None and incoming.consent.act != GRANTED and incoming.address is not None:
            told = Said(
                incoming.address.key, incoming.consent.act, SYNC, ALL, occurred_at=incoming.consent.at,
                source=row.source_slug, arrival_id=row.pk, actor=row.actor, shown=incoming.address.shown, how=row.actor,
            )  # fmt: skip
            said.append(told)
    if said:
        hear(said, actor=said[0].actor, why="a record of a source that nobody registered", at=rows[0].received_at)


def refuse(records: Sequence[Received], policy: Policy, source: Source | None, reason: str) -> None:
    """Store records that were refused as a whole, for whoever asks later what came."""
    rows = [_row(record, policy) for record in records]
    for row in rows:
        row.delivery_key, row.received_at, row.outcome, row.reason = None, timezone.now(), "rejected", reason
        if source is not None:
            row.source, row.source_slug = source, ""
    Arrival.objects.bulk_create(rows)


def _row(record: Received, policy: Policy) -> Arrival:
    incoming = translate(record, policy)
    values = incoming.values
    return Arrival(
        source_slug=policy.source.slug,
        door=Arrival.Door.API,
        actor=f"{policy.source.name} (API)",
        occurred_at=incoming.occurred_at,
        delivery_key=record.delivery_key,
        content_hash=record.content_hash,
        external_id=incoming.external_id,
        raw=record.raw,
        email_key=incoming.address.key if incoming.address else "",
        who=who(incoming),
        who_key=sort_key(values.get("first_name", ""), values.get("last_name", "")),
    )


def _repeat(record: Received, policy: Policy, original: Arrival) -> Arrival:
    row = _row(record, policy)
    row.raw, row.delivery_key, row.repeat_of = None, None, original
    row.contact_id, row.review_id = original.contact_id, original.review_id
    row.outcome = "repeated"
    label = f"arrival {original.pk}, {original.received_at:%-d %B %Y}"
    row.reason = repeated_reason(Earlier(label, original.pk, original.outcome))
    return row


def _answer(row: Arrival, reason: str) -> dict[str, Any]:
    return {
        "outcome": row.outcome or "waiting",
        "contact": row.contact_id,
        "review": row.review_id,
        "reason": row.reason or reason,
    }
