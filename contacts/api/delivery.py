"""A delivery: the records of one request, decided at once, or kept when nobody registered their source.

The same delivery sent again is answered from the first one. A delivery is known by its Idempotency-Key, and
without one by the ``external_id`` and the content of each record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from contacts.api import waiting
from contacts.api.bodies import canonical
from contacts.api.callers import Caller
from contacts.api.errors import ApiError
from contacts.domain.changes import CustomType, Plan, Policy, Received
from contacts.domain.identity import is_blank
from contacts.models import Arrival, Source
from contacts.queries import policy_for
from contacts.services.intake import take
from contacts.services.records import received_from_dict
from contacts.services.write import Entrance


def deliver(caller: Caller, sent: Sequence[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """Decide and store the records; one result for each, in their order. Raises ApiError for a reused key."""
    slug, source = caller.token.source_slug, caller.registered
    policy = policy_for(source or Source(slug=slug, name=slug))
    records = received(sent, policy.custom, slug, key)
    try:
        if source is None:
            results = waiting.keep(records, policy, checked=bool(key), reason=_why_waiting(caller))
        else:
            results = _decide(records, policy, source, keyed=bool(key))
    except waiting.KeyReused as reused:
        waiting.refuse(records, policy, source, str(reused))
        raise ApiError(422, "idempotency_key_reused", str(reused), ["Idempotency-Key"]) from None
    for result, record in zip(results, records, strict=True):
        if record.unknown:
            result["unknown"] = list(record.unknown)
    return results


def received(sent: Sequence[dict[str, Any]], custom: dict[str, CustomType], slug: str, key: str) -> list[Received]:
    """The records with the names of their deliveries."""
    records = [received_from_dict(raw, custom) for raw in sent]
    if key:
        content = digest(canonical(sent))
        for place, record in enumerate(records):
            record.delivery_key, record.content_hash = digest(slug, "key", key, str(place)), content
        return records
    for raw, record in zip(sent, records, strict=True):
        ident = record.values.get("external_id", "")
        if ident and not is_blank(ident, "external_id"):
            record.content_hash = digest(canonical(raw))
            record.delivery_key = digest(slug, "id", ident, record.content_hash)
    return records


def digest(*parts: str) -> str:
    """A name of 128 bits for the parts, in hex."""
    text = "\x1e".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def _decide(records: list[Received], policy: Policy, source: Source, *, keyed: bool) -> list[dict[str, Any]]:
    entrance = Entrance(source.pk, "api", actor=f"{source.name} (API)", at=timezone.now())
    plans = take(records, policy, entrance, before_commit=_same_bodies if keyed else None)
    return [_result(plan) for plan in plans]


def _same_bodies(plans: list[Plan]) -> None:
    """Take the whole delivery back if its key belongs to another body."""
    repeats = {p.earlier.arrival_id: p.incoming.received for p in plans if p.earlier}
    originals = Arrival.objects.filter(pk__in=repeats) if repeats else ()
    for original in originals:
        waiting.check(repeats[original.pk], original)


def _result(plan: Plan) -> dict[str, Any]:
    case = plan.case or plan.notice
    contact, review = plan.person.id if plan.person else None, case.id if case else None
    if plan.earlier is not None:
        contact, review = plan.earlier.contact_id, plan.earlier.review_id
    return {"outcome": plan.outcome, "contact": contact, "review": review, "reason": plan.reason}


def _why_waiting(caller: Caller) -> str:
    slug = caller.token.source_slug
    if caller.source is not None:
        return f"“{slug}” is a retired source: kept, and run when ops register it again."
    return f"“{slug}” is not a registered source: kept, and run when ops register it."
