"""The person out of every table. What others need to understand their own work stays, without the person in it."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import connection

from contacts.models import (
    Address,
    Arrival,
    BulkDecision,
    Contact,
    ImportBatch,
    OutboxEvent,
    Refusal,
    Review,
    ReviewCandidate,
    ReviewStep,
)
from contacts.services.erasing.person import Whole

#: Tables whose rows held something of a person.
TABLES = tuple(
    model._meta.db_table
    for model in (Address, Arrival, BulkDecision, Contact, Contact.history.model, ImportBatch, LogEntry, OutboxEvent,
                  Refusal, Review, ReviewCandidate, ReviewStep, Session)
)  # fmt: skip
FORGOTTEN = "forgotten"
#: What is left of an arrival: when it came, by which way, and what became of it.
_BLANK = {
    "raw": None, "email_key": "", "who": "", "who_key": "", "reason": FORGOTTEN, "verdicts": [], "external_id": "",
    "delivery_key": None, "content_hash": "", "contact": None, "review": None,
}  # fmt: skip


def forget(person: Whole) -> set[int]:
    """Everything in the tables, in the caller's transaction; the imports whose files have the person in them."""
    arrivals = set(person.arrivals.values_list("pk", flat=True)) | _perhaps(person)
    batches = set(Arrival.objects.filter(pk__in=arrivals, batch__isnull=False).values_list("batch", flat=True))
    cases = set(person.cases.values_list("pk", flat=True))
    _cases(person, cases, arrivals)
    _refusals(person, arrivals)
    Arrival.objects.filter(pk__in=arrivals).update(**_BLANK)
    # What an import shows of its first rows would show the person again.
    ImportBatch.objects.filter(pk__in=batches).update(survey={}, dry_run={})
    OutboxEvent.objects.filter(contact_id__in=person.ids).delete()
    person.merges.delete()
    person.history._raw_delete(connection.alias)
    names = _names(person)
    LogEntry.objects.filter(content_type__app_label="contacts", object_id__in=map(str, person.ids)).delete()
    Address.objects.filter(contact__in=person.ids)._raw_delete(connection.alias)
    Contact.objects.filter(pk__in=person.ids)._raw_delete(connection.alias)
    _sessions([*names, *person.shown, *person.shown.values()])
    return batches


def _perhaps(person: Whole) -> set[int]:
    """Arrivals that wait as perhaps the same person, and as nobody else. Their addresses are not suppressed."""
    about = Review.objects.filter(status=Review.Status.OPEN, candidates__contact__in=person.ids)
    others = ReviewCandidate.objects.filter(review__in=about.values("pk")).exclude(contact__in=person.ids)
    alone = about.exclude(pk__in=others.values("review"))
    return set(Arrival.objects.filter(review__in=alone.values("pk")).values_list("pk", flat=True))


def _names(person: Whole) -> list[str]:
    contact = Contact.objects.get(pk=person.contact_id)
    return [contact.display_name, contact.phone]


def _cases(person: Whole, cases: set[int], arrivals: set[int]) -> None:
    """Cases keep that they were there and how they ended. Those with nobody left to decide about are settled."""
    ReviewCandidate.objects.filter(contact__in=person.ids)._raw_delete(connection.alias)
    blank = {"who": "", "reason": FORGOTTEN, "evidence": [], "matters": "", "trace": {}, "note": "", "score": None}
    found = Review.objects.filter(pk__in=cases)
    found.filter(contact__in=person.ids).update(contact=None)
    for case in found:
        theirs = Arrival.objects.filter(review=case).exclude(pk__in=arrivals).exists()
        still = case.status == Review.Status.OPEN and theirs and case.kind == Review.Kind.HOLD
        status = Review.Status.SETTLED if case.status == Review.Status.OPEN and not still else case.status
        kept = {"who": case.who} if theirs else {}
        key = case.waiting_key if still else f"x:{case.pk}"
        Review.objects.filter(pk=case.pk).update(**(blank | kept), status=status, waiting_key=key)
    ReviewStep.objects.filter(review__in=cases).update(detail="")
    Arrival.objects.filter(review__in=cases).update(reason=FORGOTTEN)  # it names whom the arrival was held against
    for bulk in BulkDecision.objects.exclude(status__in=[BulkDecision.Status.QUEUED, BulkDecision.Status.RUNNING]):
        if cases.intersection(bulk.cases):
            bulk.found, bulk.left, bulk.which = {}, [[case, FORGOTTEN] for case, *_ in bulk.left], ""
            bulk.save(update_fields=["found", "left", "which"])


def _refusals(person: Whole, arrivals: set[int]) -> None:
    Refusal.objects.filter(contact__in=person.ids).delete()
    Refusal.objects.filter(arrival_id__in=arrivals).delete()


def _sessions(texts: Iterable[str]) -> None:
    """Sessions whose messages or searches name the person; their users sign in again."""
    wanted = [text.lower() for text in texts if len(text) > 3]
    for session in Session.objects.all().iterator():
        held = str(session.get_decoded()).lower()
        if any(text in held for text in wanted):
            session.delete()
