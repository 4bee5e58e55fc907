"""What a MAP, or the hub, did not take: one open row for each thing and field, until it went through.

``sent`` and ``answered`` hold the values of the record concerned and what was said of it, and never a secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from contacts.services import bulk
from syncrules.connectors.base import Why
from syncrules.models import Push, SyncError

Way = SyncError.Way
#: A record of a MAP, as the subject of an error.
RECORD = Push.Kind.RECORD.value


class Cause(StrEnum):
    """Why something was not taken. Pages group by it and have the words."""

    INVALID = "invalid"  # the MAP takes no such value
    OPTION_UNKNOWN = "option-unknown"  # the hub's value has no counterpart in the MAP
    TAKEN = "taken"  # another record has the address
    MISSING = "missing"  # there is no such record
    REFUSED = "refused"  # the MAP refuses it for another reason
    DENIED = "denied"  # the token lacks a right
    GARBLED = "garbled"  # the answer is not what this MAP answers
    UNAVAILABLE = "unavailable"  # a passing reason that lasts
    UNKNOWN = "unknown"  # nobody said whether it was done
    MERGED_THERE = "merged-there"  # the hub took a merge back that the MAP can't take back
    CURSOR = "cursor"  # the place up to which changes were read can't be right
    HOOK = "hook"  # a webhook that can't be understood
    POISON = "poison"  # the hub's own work on it fails


OF_WRITES = {
    Why.INVALID: Cause.INVALID,
    Why.TAKEN: Cause.TAKEN,
    Why.MISSING: Cause.MISSING,
    Why.REFUSED: Cause.REFUSED,
    Why.LATER: Cause.UNAVAILABLE,
    Why.UNKNOWN: Cause.UNKNOWN,
}


@dataclass(frozen=True)
class Fault:
    """One thing that went wrong. ``subject`` is as in the outbox, and for what comes from a MAP a record's id.

    ``field`` is the MAP's property where one is to blame, ``value`` what was to be stored in it.
    """

    subject: str
    cause: Cause
    text: str
    kind: str = RECORD
    contact: int | None = None
    record: str = ""
    field: str = ""
    value: str = ""
    sent: Any = None
    answered: Any = None
    way: str = Way.TO_MAP

    @property
    def mark(self) -> tuple[str, str, str, str]:
        """What there is one open row of."""
        return self.way, self.kind, self.subject, self.field


def record(connection_id: int, faults: Sequence[Fault], at: datetime) -> None:
    """Note faults; one that is open already counts up and says what is so now. A fixed number of statements."""
    wanted = {fault.mark: fault for fault in faults}
    if not wanted:
        return
    known = {_mark(row): row for row in _open(connection_id, {f.subject for f in faults})}
    old = [(known[mark].times + 1, fault, known[mark].pk) for mark, fault in wanted.items() if mark in known]
    bulk.update(SyncError, list(COLUMNS), [(*_columns(fault, times, at), pk) for times, fault, pk in old])
    SyncError.objects.bulk_create(
        [_row(connection_id, fault, at) for mark, fault in wanted.items() if mark not in known], ignore_conflicts=True
    )


COLUMNS = (
    "contact_id", "record_id", "cause", "value", "text", "sent", "answered", "last_at", "times",
)  # fmt: skip


def _columns(fault: Fault, times: int, at: datetime) -> tuple[Any, ...]:
    """In the order of ``COLUMNS``."""
    sent, answered = (None if x is None else bulk.as_json(x) for x in (fault.sent, fault.answered))
    said = (fault.contact, fault.record, str(fault.cause), fault.value, fault.text, sent, answered)
    return (*said, bulk.as_time(at), times)


def _row(connection_id: int, fault: Fault, at: datetime) -> SyncError:
    return SyncError(
        connection_id=connection_id, way=fault.way, kind=fault.kind, subject=fault.subject, contact_id=fault.contact,
        record_id=fault.record, cause=str(fault.cause), field=fault.field[:200], value=fault.value, text=fault.text,
        sent=fault.sent, answered=fault.answered, first_at=at, last_at=at,
    )  # fmt: skip


def solve(
    connection_id: int, subjects: Iterable[str], at: datetime, *, kind: str = RECORD, way: str = Way.TO_MAP,
    but: Sequence[Fault] = (), by: str = "",
) -> None:  # fmt: skip
    """What was wrong with these subjects went through, but for these faults, which stay open. Three statements."""
    if not SyncError.objects.filter(connection_id=connection_id, solved_at=None).exists():
        return  # by far the most usual
    still = {fault.mark for fault in but}
    found = [
        row.pk
        for row in _open(connection_id, set(subjects))
        if (row.way, row.kind) == (way, kind) and _mark(row) not in still
    ]
    if found:
        SyncError.objects.filter(pk__in=found).update(solved_at=at, solved_by=by)


def _open(connection_id: int, subjects: set[str]) -> Iterable[SyncError]:
    rows = SyncError.objects.filter(connection_id=connection_id, subject__in=subjects, solved_at=None)
    return rows.only("pk", "way", "kind", "subject", "field", "times").order_by("pk")


def _mark(row: SyncError) -> tuple[str, str, str, str]:
    return row.way, row.kind, row.subject, row.field
