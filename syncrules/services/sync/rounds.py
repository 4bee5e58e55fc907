"""One whole round with a MAP in this process, and what waits for a worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from syncrules.connectors.base import Connector
from syncrules.models import Connection, Look, Push, SyncRun
from syncrules.services.sync import looking, pausing, polling, runs, sending
from syncrules.services.sync.counting import Counts

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Due:
    """Ids of what a worker should look at: connections, and full syncs."""

    outboxes: list[int]
    inboxes: list[int]
    pulls: list[int]
    runs: list[int]


def exchange(connection: Connection, connector: Connector, at: datetime, *, full: bool = False) -> Counts:
    """Pull and push once, to the end, as of ``at``; with ``full`` every record is judged again.

    Raises ``NoWorksheet`` where no version is in force.
    """
    return whole_round(connection, connector, lambda: at, full=full)


def whole_round(connection: Connection, connector: Connector, clock: Clock, *, full: bool = False) -> Counts:
    """The same with time going on. What the MAP does not answer makes the connection rest and ends the round."""
    counts = Counts()
    if full:
        counts += runs.run_here(connection, connection.name, connector, clock)
    else:
        counts += polling.pull(connection, connector, clock)
    counts += looking.drain(connection, connector, clock)
    counts += sending.drain(connection, connector, clock)
    return counts


def due(at: datetime) -> Due:
    """What waits, of connections that may call their MAP now. A fixed number of queries."""
    open_now = pausing.open_now(at)
    reading = SyncRun.objects.filter(connection=OuterRef("pk"), status__in=runs.READING)
    polls = open_now.exclude(Exists(reading)).values_list("pk", "pulled_at", "poll_every")
    return Due(
        outboxes=_with(open_now, Push, at),
        inboxes=_with(open_now, Look, at),
        pulls=[pk for pk, last, every in polls if last is None or last + timedelta(seconds=every) <= at],
        runs=runs.open_runs(at, open_now.values("pk")),
    )


def _with(connections: QuerySet[Connection], rows: type[Push] | type[Look], at: datetime) -> list[int]:
    waits = rows._default_manager.filter(connection=OuterRef("pk"), parked=False, due_at__lte=at)
    return list(connections.filter(Exists(waits)).values_list("pk", flat=True))
