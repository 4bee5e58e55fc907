"""Trying again what was not taken: the work is put back, and what is wrong stays open until it went through."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from syncrules.models import Connection, Push, SyncError
from syncrules.services.sync import inbox, listening, outbox
from syncrules.services.sync.errors import RECORD, Cause, Way

#: Trying these again changes nothing: a person has to act in the MAP, or it is noted only.
IN_VAIN = (Cause.MERGED_THERE, Cause.CURSOR, Cause.HOOK)
#: How many are put back in one statement.
CHUNK = 5_000


def retry(connection: Connection, ids: Sequence[int] | None, at: datetime) -> int:
    """Put open errors back to work, those of these ids or all that trying again can mend; how many."""
    rows = SyncError.objects.filter(connection=connection, solved_at=None).exclude(cause__in=IN_VAIN)
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    found = list(rows.order_by("pk").values_list("way", "kind", "subject"))
    with transaction.atomic():
        for start in range(0, len(found), CHUNK):
            _put_back(connection, found[start : start + CHUNK], at)
        listening.wake()
    return len(found)


def _put_back(connection: Connection, found: Sequence[tuple[str, str, str]], at: datetime) -> None:
    """By way and kind, one statement each."""
    by_kind: dict[tuple[str, str], list[str]] = defaultdict(list)
    for way, kind, subject in found:
        by_kind[way, kind].append(subject)
    here = [connection.pk]
    records = [int(s) for s in by_kind[Way.TO_MAP, RECORD] if s.isdecimal()]
    outbox.enqueue(here, records, at, Push.Priority.NOW)
    outbox.withdraw(by_kind[Way.TO_MAP, Push.Kind.OPT_OUT], at, here)
    outbox.delete_records(connection.pk, by_kind[Way.TO_MAP, Push.Kind.DELETE], at)
    outbox.erase_records(connection.pk, by_kind[Way.TO_MAP, Push.Kind.ERASE], at)
    inbox.enqueue(connection.pk, by_kind[Way.TO_HUB, RECORD], at)
