"""How each connection stands: its state in words, how far behind it is, what waits and what failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, Sum
from django.utils import timezone

from syncrules.models import Connection, Link, Look, Push, SyncCount, SyncError, SyncRun, WorksheetVersion
from syncrules.services.shown.states import STATES, STUCK, Shown
from syncrules.services.shown.words import ago, clock, span

#: A change should be on the other side within this.
AIM = timedelta(seconds=2)
#: From this on the lag is told in red, and on the front page.
LATE = timedelta(minutes=5)
#: A trouble that passes sooner is no news.
BRIEF = timedelta(minutes=1)


@dataclass(frozen=True)
class Waiting:
    """Rows of the outbox or the inbox that wait; ``since`` is how long the oldest change does."""

    changes: int = 0
    full: int = 0  # put there by a full sync
    parked: int = 0
    since: datetime | None = None


@dataclass(frozen=True)
class Wrong:
    """Open errors, and how many contacts and records have one."""

    errors: int = 0
    subjects: int = 0


@dataclass(frozen=True)
class Standing:
    """One connection at one moment."""

    connection: Connection
    now: datetime
    number: int | None  # of the worksheet in force
    outbox: Waiting
    inbox: Waiting
    links: int
    wrong: Wrong
    calls: int  # made today
    run: SyncRun | None  # the full sync that isn't over

    @property
    def errors(self) -> int:
        return self.wrong.errors

    @property
    def out_of_step(self) -> int:
        """Contacts and records with an open error."""
        return self.wrong.subjects

    @property
    def state(self) -> str:
        """The connection's own, or stuck: it is live and paused itself."""
        stuck = self.connection.state == Connection.State.LIVE and self.is_stuck
        return STUCK if stuck else self.connection.state

    @property
    def is_stuck(self) -> bool:
        """Whether calls have failed for longer than a moment, or are not tried again for longer than that."""
        one = self.connection
        since = one.trouble_since or self.now
        return bool(one.trouble) and max(self.now, one.again_at or self.now) - since >= BRIEF

    @property
    def look(self) -> Shown:
        """The state as pages show it."""
        return STATES[self.state]

    @property
    def words(self) -> str:
        return self.look.words

    @property
    def frame(self) -> str:
        """What the head of its page depends on: where this differs, the page is another one."""
        return f"{self.state}-{self.run.pk}" if self.run else self.state

    @property
    def below(self) -> str:
        """The line under its name."""
        one = self.connection
        if self.state == STUCK:
            return f"{one.trouble.rstrip('.')}; {self.again}" if self.again else one.trouble
        if self.state == Connection.State.PAUSED:
            return f"{one.state_by}: {self.reason}"
        return f"worksheet v{self.number} in force" if self.number else "no worksheet in force"

    @property
    def reason(self) -> str:
        """Why a person paused it, without the last full stop."""
        return self.connection.state_reason.rstrip(".") or "no reason given"

    @property
    def again(self) -> str:
        at = self.connection.again_at
        return f"tries at {clock(at, self.now)}" if at and at > self.now else "tries now"

    @property
    def lag(self) -> timedelta:
        """How long the oldest change, in either direction, has waited to get across."""
        since = min((w.since for w in (self.outbox, self.inbox) if w.since), default=None)
        return max(self.now - since, timedelta()) if since else timedelta()

    @property
    def lag_words(self) -> str:
        return span(self.lag) if self.lag else "none"

    @property
    def late(self) -> bool:
        return self.lag >= LATE

    @property
    def changes(self) -> int:
        """Changes that wait on either side."""
        return self.outbox.changes + self.inbox.changes

    @property
    def synced(self) -> str:
        return ago(self.connection.pulled_at, self.now) or "not yet"

    @property
    def ours_a_day(self) -> int | None:
        """Calls a day that are ours to make; None where the MAP has said no limit."""
        most = self.connection.allowance.get("most_a_day")
        return most * self.connection.share // 100 if most else None

    @property
    def calls_percent(self) -> int:
        return min(100, 100 * self.calls // self.ours_a_day) if self.ours_a_day else 0


def standings(now: datetime, connections: Iterable[Connection] | None = None) -> list[Standing]:
    """How these connections stand, all of them unless told otherwise; eight queries however many there are."""
    wanted = list(Connection.objects.all()) if connections is None else list(connections)
    if not wanted:
        return []
    ids = [one.pk for one in wanted]
    parts = {name: read(ids, now) for name, read in _PARTS.items()}
    found = [
        Standing(one, now, **{name: part.get(one.pk, _NOTHING[name]) for name, part in parts.items()}) for one in wanted
    ]
    for one in found:
        if one.run:
            one.run.connection = one.connection
    return found


def standing(connection: Connection, now: datetime) -> Standing:
    """How one connection stands."""
    return standings(now, [connection])[0]


def _numbers(ids: list[int], now: datetime) -> Mapping[int, Any]:
    force = WorksheetVersion.objects.filter(connection__in=ids, state=WorksheetVersion.State.IN_FORCE)
    return dict(force.values_list("connection", "number"))


def _outbox(ids: list[int], now: datetime) -> Mapping[int, Any]:
    full, parked = Q(priority=Push.Priority.FULL, parked=False), Q(parked=True)
    change = Q(priority__lt=Push.Priority.FULL, parked=False)
    return _waiting(Push.objects.filter(connection__in=ids), change, full, parked, "changed_at")


def _inbox(ids: list[int], now: datetime) -> Mapping[int, Any]:
    parked = Q(parked=True)
    return _waiting(Look.objects.filter(connection__in=ids), ~parked, Q(pk__in=[]), parked, "told_at")


def _waiting(rows: Any, change: Q, full: Q, parked: Q, since: str) -> dict[int, Waiting]:
    counted = rows.order_by().values_list("connection").annotate(
        n=Count("pk", filter=change), f=Count("pk", filter=full), p=Count("pk", filter=parked),
        since=Min(since, filter=change),
    )  # fmt: skip
    return {pk: Waiting(*found) for pk, *found in counted}


def _links(ids: list[int], now: datetime) -> Mapping[int, Any]:
    here = Link.objects.filter(connection__in=ids, state=Link.State.LINKED)
    return dict(here.order_by().values_list("connection").annotate(n=Count("pk")))


def _wrong(ids: list[int], now: datetime) -> Mapping[int, Any]:
    still = SyncError.objects.filter(connection__in=ids, solved_at__isnull=True).order_by()
    counted = still.values_list("connection").annotate(n=Count("pk"), m=Count("subject", distinct=True))
    return {pk: Wrong(*found) for pk, *found in counted}


def _calls(ids: list[int], now: datetime) -> Mapping[int, Any]:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    today = SyncCount.objects.filter(connection__in=ids, hour__gte=midnight).order_by()
    return dict(today.values_list("connection").annotate(n=Sum("calls")))


def _runs(ids: list[int], now: datetime) -> Mapping[int, Any]:
    over = [SyncRun.Status.DONE, SyncRun.Status.FAILED]
    return {run.connection_id: run for run in SyncRun.objects.filter(connection__in=ids).exclude(status__in=over)}


_PARTS: Mapping[str, Any] = {
    "number": _numbers, "outbox": _outbox, "inbox": _inbox, "links": _links, "wrong": _wrong, "calls": _calls,
    "run": _runs,
}  # fmt: skip
_NOTHING: Mapping[str, Any] = {
    "number": None, "outbox": Waiting(), "inbox": Waiting(), "links": 0, "wrong": Wrong(), "calls": 0,
    "run": None,
}  # fmt: skip
