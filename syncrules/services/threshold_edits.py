"""Ops change a threshold: held against what stands, refused where it is wrong, kept in the history, and obeyed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from syncrules.domain.threshold import Problem, Threshold
from syncrules.domain.worksheet import FieldType
from syncrules.models import Connection, ConnectionChange, SyncRun
from syncrules.services import changes
from syncrules.services import threshold as thresholds
from syncrules.services.sync import outbox, runs

EDIT = "syncrules.change_connection"
_NOTED = {
    thresholds.TAKES_PART: ConnectionChange.What.TAKES_PART,
    thresholds.QUALIFIES: ConnectionChange.What.QUALIFIES,
}


class Unfit(ValueError):
    """A threshold that can't be stored, with its problems."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(" ".join(p.text for p in problems))
        self.problems = problems


class Stored(NamedTuple):
    """What became of it: whether anything is different, and whether a full sync makes everybody obey it now.

    ``busy``: a full sync was under way already, under the threshold that stood when it began.
    """

    different: bool
    syncing: bool = False
    busy: bool = False


def store(
    connection: Connection, which: str, wanted: Threshold, was: str, by: str, reason: str, at: datetime
) -> Stored:
    """Put a threshold in the place of the one whose ``changes.mark`` was ``was``.

    Raises ``Unfit``, ``changes.NeedsReason``, and ``changes.Stale`` where another one stands by now.
    """
    if wanted.problems:
        raise Unfit(wanted.problems)
    with transaction.atomic():
        stands = Connection.objects.select_for_update(of=("self",)).get(pk=connection.pk)
        before, after = getattr(stands, which), wanted.tree
        if changes.mark(before) != was:
            raise changes.stale(stands, _NOTED[which])
        if before == after:
            return Stored(different=False)
        kept = changes.reason_for(stands, reason)
        Connection.objects.filter(pk=stands.pk).update(**{which: after})
        changes.note(stands, _NOTED[which], before, after, by, kept, at)
        return _obeyed(stands, by, at)


def _obeyed(connection: Connection, by: str, at: datetime) -> Stored:
    """Everybody is judged anew: a full sync reads every record of the MAP and looks at every contact."""
    if connection.state in (Connection.State.DRAFT, Connection.State.TESTING):
        return Stored(different=True)
    outbox.unpark(connection.pk, at)
    try:
        runs.start(connection, by, at)
    except runs.AlreadyRunning:
        waiting = SyncRun.objects.filter(connection=connection, status=SyncRun.Status.QUEUED, started_at=None)
        fresh = waiting.exists()  # one that has not begun will judge by what stands now
        return Stored(different=True, syncing=fresh, busy=not fresh)
    return Stored(different=True, syncing=True)


def problems_of(connection: Connection, fields: Mapping[str, FieldType]) -> dict[str, tuple[Problem, ...]]:
    """What is wrong by now with the thresholds that stand, as after a field or a stage went."""
    found = {which: thresholds.compiled(connection, which, fields).problems for which in _NOTED}
    return {which: problems for which, problems in found.items() if problems}


def mark_of(connection: Connection, which: str) -> str:
    """The sign of the threshold that stands, for ``store``."""
    return changes.mark(getattr(connection, which))
