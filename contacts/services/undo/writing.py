"""The writing of it: contacts removed, values emptied, cases closed. Each call belongs into a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, QuerySet

from contacts.domain import rules
from contacts.domain.changes import Person
from contacts.domain.origins import forget
from contacts.models import Address, Arrival, Contact, ImportBatch, Refusal, Review, ReviewCandidate, ReviewStep
from contacts.services import bulk, contact_rows, write
from contacts.services.people import person_from
from contacts.services.undo.judging import UNDONE, others
from contacts.services.undo.plan import NOTE


def remove(contacts: Sequence[Contact], hand: contact_rows.Hand, at: datetime) -> None:
    """Contacts go; their history and the arrivals that led to them stay."""
    ids = [c.pk for c in contacts]
    pairs = list(_likely_pairs().filter(candidates__contact__in=ids).values_list("pk", flat=True).distinct())
    write.store_history([_history(c, person_from(c), "-", hand, at) for c in contacts])
    for log in (Arrival, Refusal):
        log.objects.filter(contact__in=ids).update(contact=None)
    # Not delete(): it would load every row again, and write a second, nameless row of history for each.
    for model, key in ((ReviewCandidate, "contact__in"), (Address, "contact__in"), (Contact, "pk__in")):
        model.objects.filter(**{key: ids})._raw_delete(connection.alias)
    if pairs:
        counted = _likely_pairs().filter(pk__in=pairs).annotate(left=Count("candidates"))
        alone = list(counted.filter(left__lt=2).values_list("pk", flat=True))
        _decided(alone, Review.Status.SETTLED, hand, at)


def _likely_pairs() -> QuerySet[Review]:
    """Open cases of contacts that only look like one person."""
    return Review.objects.filter(kind=Review.Kind.PAIR, status=Review.Status.OPEN)


def empty(emptied: Iterable[tuple[Contact, dict[str, Any]]], hand: contact_rows.Hand, at: datetime) -> None:
    """Values go, and with them where they came from: later arrivals may fill them again."""
    touched, rows = [], []
    why = replace(hand, reason=f"{UNDONE} {rules.words(rules.IMPORT_UNDONE)} ({hand.reason})")
    for contact, fields in emptied:
        person = person_from(contact)
        person.values.update(dict.fromkeys(fields))
        person.origins = forget(person.origins, set(fields))
        touched.append((person, set(fields)))
        rows.append(_history(contact, person, "~", why, at))
    write.store_changes(touched, bulk.as_time(at))
    write.store_history(rows)


def _history(contact: Contact, person: Person, kind: str, hand: contact_rows.Hand, at: datetime) -> tuple[Any, ...]:
    return contact_rows.history_row(
        person, person.values, bulk.as_time(contact.created_at), bulk.as_time(at), kind, hand
    )


def release_keys(batch: ImportBatch, first: int, last: int) -> None:
    """Let rows ``first`` to ``last`` of the file count as new when they come again, corrected or not."""
    rows = batch.arrivals.filter(row__gte=first, row__lte=last)
    rows.exclude(delivery_key=None).update(delivery_key=None)


def close(batch: ImportBatch, ids: Sequence[int], hand: contact_rows.Hand, at: datetime) -> None:
    """Close the cases in which still nobody else waits. A mailbox case can only be seen; the others are no leads."""
    joined = others(batch).filter(review=OuterRef("pk"))
    waiting = Review.objects.filter(~Exists(joined), pk__in=ids, status=Review.Status.OPEN).order_by("pk")
    kinds = dict(waiting.select_for_update().values_list("pk", "kind"))
    for kind, status in ((Review.Kind.MAILBOX, Review.Status.SEEN), (Review.Kind.HOLD, Review.Status.NOT_A_LEAD)):
        _decided([case for case, its in kinds.items() if its == kind], status, hand, at)


def _decided(cases: Sequence[int], status: str, hand: contact_rows.Hand, at: datetime) -> None:
    """Close cases, whoever has them open, and note it in their log."""
    free: dict[str, Any] = {"taken_by": None, "taken_by_name": "", "taken_until": None}
    who = {"decided_by_id": hand.user_id, "decided_by_name": hand.actor[:200]}
    Review.objects.filter(pk__in=cases).update(status=status, decided_at=at, note=NOTE, **who, **free)
    ReviewStep.objects.bulk_create(
        ReviewStep(review_id=case, at=at, actor=hand.actor[:200], act=status, detail=NOTE) for case in cases
    )
