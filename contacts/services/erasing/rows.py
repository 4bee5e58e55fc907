"""The person out of every table. What others need to understand their own work stays, without the person in it."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Q

from contacts.models import (
    Address,
    Arrival,
    BulkDecision,
    BulkEdit,
    Contact,
    Erasure,
    ImportBatch,
    Merge,
    Refusal,
    Review,
    ReviewCandidate,
    ReviewStep,
)
from contacts.services.erasing.mentions import FORGOTTEN, forget_words, without
from contacts.services.erasing.person import Whole

VALUES = ("email", "first_name", "last_name", "company", "company_domain", "phone", "job_title", "country", "custom")
#: Where words of a person can stand in the tables of this app.
COLUMNS: dict[str, tuple[str, ...]] = {
    "contacts.Contact": VALUES,
    "contacts.HistoricalContact": (*VALUES, "history_change_reason"),
    "contacts.Address": ("shown",),
    "contacts.Arrival": ("raw", "email_key", "who", "who_key", "reason", "verdicts", "external_id"),
    "contacts.Review": ("who", "reason", "evidence", "matters", "note", "trace"),
    "contacts.ReviewStep": ("detail",),
    "contacts.Merge": ("lost_name", "before", "after", "verdicts", "unplaced"),
    "contacts.Refusal": ("offered", "current", "ref"),
    "contacts.ImportBatch": ("filename", "survey", "dry_run"),
    "contacts.BulkDecision": ("which", "note", "found", "left"),
    "contacts.BulkEdit": ("which", "reason", "found", "left"),
    "contacts.Erasure": ("reason",),
}
#: What staff typed, or saw, and what may name the person although the row is about somebody else.
WRITTEN_BY_OTHERS = (
    (Review, ("note", "reason")), (ReviewStep, ("detail",)), (BulkDecision, ("which", "note")),
    (BulkEdit, ("which", "reason")), (ImportBatch, ("filename",)), (Erasure, ("reason",)), (Arrival, ("reason",)),
    (Contact.history.model, ("history_change_reason",)), (Refusal, ("offered", "current")),
)  # fmt: skip
#: Lists that show contacts by number and name.
SHOWN = ((BulkEdit, ("found", "left")), (BulkDecision, ("found", "left")), (ImportBatch, ("dry_run",)))
#: What is left of an arrival: when it came, by which way, and what became of it.
_BLANK = {
    "raw": None, "email_key": "", "who": "", "who_key": "", "reason": FORGOTTEN, "verdicts": [], "external_id": "",
    "delivery_key": None, "content_hash": "", "contact": None, "review": None,
}  # fmt: skip


def forget(person: Whole) -> None:
    """Everything in the tables of this app, in the caller's transaction."""
    texts = person.texts
    arrivals = arrivals_of(person)
    batches = batches_of(person)
    _lived_with(person)
    cases = set(person.cases.values_list("pk", flat=True))
    _cases(person, cases, arrivals)
    _refusals(person, arrivals)
    Arrival.objects.filter(pk__in=arrivals).update(**_BLANK)
    # What an import shows of its first rows would show the person again.
    ImportBatch.objects.filter(pk__in=batches).update(survey={}, dry_run={})
    person.merges.delete()
    person.history._raw_delete(connection.alias)
    LogEntry.objects.filter(content_type__app_label="contacts", object_id__in=map(str, person.ids)).delete()
    Address.objects.filter(contact__in=person.ids)._raw_delete(connection.alias)
    Contact.objects.filter(pk__in=person.ids)._raw_delete(connection.alias)
    _sessions(texts)
    for model, columns in WRITTEN_BY_OTHERS:
        forget_words(model, columns, texts)
    _shown_in_lists(person)


def arrivals_of(person: Whole) -> set[int]:
    """What came in of the person, or perhaps of the person and of nobody else."""
    return set(person.arrivals.values_list("pk", flat=True)) | _perhaps(person)


def batches_of(person: Whole) -> set[int]:
    """The imports in whose files the person has a row."""
    found = Arrival.objects.filter(pk__in=arrivals_of(person), batch__isnull=False)
    return set(found.values_list("batch", flat=True))


def _lived_with(person: Whole) -> None:
    """Rows of history of those who were one with the person for a while: they may have values of both."""
    apart = Merge.objects.filter(undone_at__isnull=False)
    for merge in apart.filter(Q(kept_id__in=person.ids) | Q(lost_id__in=person.ids)).defer("before", "after"):
        other = ({merge.kept_id, merge.lost_id} - set(person.ids)).pop()
        between = {"history_date__gte": merge.merged_at, "history_date__lt": merge.undone_at}
        Contact.history.filter(id=other, **between)._raw_delete(connection.alias)


def _shown_in_lists(person: Whole) -> None:
    """What edits and decisions about many, and imports, showed of the person."""
    ids, texts = person.ids, person.texts
    for model, columns in SHOWN:
        for row in model.objects.only(*columns):
            now = {column: getattr(row, column) for column in columns}
            then = {column: without(told, ids, texts) for column, told in now.items()}
            if now != then:
                model.objects.filter(pk=row.pk).update(**then)


def _perhaps(person: Whole) -> set[int]:
    """Arrivals that wait as perhaps the same person, and as nobody else. Their addresses are not suppressed."""
    about = Review.objects.filter(status=Review.Status.OPEN, candidates__contact__in=person.ids)
    others = ReviewCandidate.objects.filter(review__in=about.values("pk")).exclude(contact__in=person.ids)
    alone = about.exclude(pk__in=others.values("review"))
    return set(Arrival.objects.filter(review__in=alone.values("pk")).values_list("pk", flat=True))


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
    _bulk(cases)


def _bulk(cases: set[int]) -> None:
    """What decisions about many cases told of these."""
    for bulk in BulkDecision.objects.only("cases", "left"):
        if cases.intersection(bulk.cases):
            left = [[case, FORGOTTEN] if case in cases else [case, *why] for case, *why in bulk.left]
            BulkDecision.objects.filter(pk=bulk.pk).update(found={}, left=left)


def _refusals(person: Whole, arrivals: set[int]) -> None:
    Refusal.objects.filter(contact__in=person.ids).delete()
    Refusal.objects.filter(arrival_id__in=arrivals).delete()


def _sessions(texts: Iterable[str]) -> None:
    """Sessions whose messages or searches name the person; their users sign in again."""
    wanted = [text.lower() for text in texts]
    for session in Session.objects.all().iterator():
        held = str(session.get_decoded()).lower()
        if any(text in held for text in wanted):
            session.delete()
