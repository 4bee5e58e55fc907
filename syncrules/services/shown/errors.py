"""The errors of a connection one by one: who it is about, what was wanted, and when it is tried again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from contacts.exports import safe_cell
from contacts.models import Contact
from syncrules.models import Connection, Look, Push, SyncError
from syncrules.services.shown.causes import CAUSES, OTHER, still_open
from syncrules.services.shown.words import clock

#: Errors of a group that are shown at once, and that are read together for a file.
PAGE, CHUNK = 25, 500
DAY, WEEK = timedelta(days=1), timedelta(days=7)
HEAD = ("Way", "Cause", "Contact", "Name", "E-mail", "Record", "Field", "Wanted", "What was said", "Since", "Last",
        "Times", "Next try")  # fmt: skip
PARKED = "waits for a change"


@dataclass(frozen=True)
class Line:
    """One error with its contact and its next try."""

    error: SyncError
    contact: Contact | None
    next_at: datetime | None
    parked: bool
    now: datetime

    @property
    def who(self) -> str:
        if self.contact:
            return str(self.contact)
        one = self.error
        if one.kind == Push.Kind.OPT_OUT:
            return one.subject
        return f"contact {one.contact_id}, gone from the hub" if one.contact_id else "no contact here"

    @property
    def next(self) -> str:
        if self.parked:
            return PARKED
        if self.next_at is None:
            return "with the next pull" if self.error.way == SyncError.Way.TO_HUB else "when it changes"
        return clock(self.next_at, self.now) if self.next_at > self.now else "now"


@dataclass(frozen=True)
class Record:
    """How many are out of step now, were a week ago, and were mended in the last 24 hours."""

    week_ago: int
    solved: int
    by_themselves: int


def record(connection: Connection, now: datetime) -> Record:
    """One query."""
    then = Q(first_at__lte=now - WEEK) & (Q(solved_at__isnull=True) | Q(solved_at__gt=now - WEEK))
    solved = Q(solved_at__gte=now - DAY)
    found = SyncError.objects.filter(connection=connection).aggregate(
        week_ago=Count("subject", distinct=True, filter=then),
        solved=Count("pk", filter=solved),
        by_themselves=Count("pk", filter=solved & Q(solved_by="")),
    )
    return Record(**found)


def lines(errors: QuerySet[SyncError], after: int, now: datetime) -> tuple[list[Line], int | None]:
    """The errors after an id, the oldest first, and the id to go on from, None at the end. Four queries."""
    found = list(errors.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
    return told(found[:PAGE], now), found[PAGE - 1].pk if len(found) > PAGE else None


def told(errors: Sequence[SyncError], now: datetime) -> list[Line]:
    """Errors with their contacts and next tries; at most three queries."""
    contacts = Contact.objects.in_bulk({e.contact_id for e in errors if e.contact_id})
    out = [e for e in errors if e.way == SyncError.Way.TO_MAP]
    pushes = _tries(Push, "subject", out)
    looks = _tries(Look, "record_id", [e for e in errors if e.way == SyncError.Way.TO_HUB])
    lines = []
    for e in errors:
        tries = pushes.get((e.kind, e.subject)) if e.way == SyncError.Way.TO_MAP else looks.get(("", e.subject))
        due, parked = tries or (None, False)
        lines.append(Line(e, contacts.get(e.contact_id or 0), due, parked, now))
    return lines


def _tries(model: Any, column: str, errors: Sequence[SyncError]) -> Mapping[tuple[str, str], tuple[datetime, bool]]:
    """By kind and subject, when the row behind an error is due and whether it is set aside."""
    if not errors:
        return {}
    wanted = {f"{column}__in": {e.subject for e in errors}}
    rows = model.objects.filter(connection=errors[0].connection_id, **wanted)
    kind = ["kind"] if model is Push else []
    return {((*k, "")[0], subject): (due, parked)
            for subject, due, parked, *k in rows.values_list(column, "due_at", "parked", *kind)}  # fmt: skip


def counted(connection: Connection) -> int:
    """How many are open."""
    return still_open(connection).count()


def table(errors: QuerySet[SyncError], now: datetime) -> Iterator[list[str]]:
    """The errors as the rows of a file, with its head; no cell is taken for a formula."""
    yield list(HEAD)
    for chunk in _chunks(errors.order_by("pk").iterator(CHUNK)):
        yield from ([safe_cell(cell) for cell in _cells(line)] for line in told(chunk, now))


def _chunks(errors: Iterable[SyncError]) -> Iterator[list[SyncError]]:
    every = iter(errors)
    while chunk := list(islice(every, CHUNK)):
        yield chunk


def _cells(line: Line) -> list[Any]:
    e, contact = line.error, line.contact
    said = CAUSES.get(e.cause, OTHER)
    title = (said.plain or said.title).format(map="the MAP", field=e.field, value=e.value)
    first, last = (timezone.localtime(at).isoformat(sep=" ", timespec="seconds") for at in (e.first_at, e.last_at))
    return [e.get_way_display(), title, e.contact_id, line.who if contact else "", contact.email if contact else "",
            e.record_id, e.field, e.value, e.text, first, last, e.times, line.next]  # fmt: skip
