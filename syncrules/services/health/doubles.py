"""Duplicates in the hub and in each MAP, by audits that are fresh where that can be had."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from syncrules.domain.scorecard import Figure, Place, Targets, duplicates
from syncrules.models import Audit, Connection
from syncrules.services import audit
from syncrules.services.audit.work import Clock, Connect
from syncrules.services.health.stages import COMPARED

#: So old an audit of a MAP may be before it is read again; the hub's own is always made anew.
FRESH = timedelta(hours=20)
BY = "health"


def work_out(targets: Targets, clock: Clock, connect: Connect, progress: Callable[[], None]) -> Figure:
    """The figure. An audit that does not work leaves the newest one standing, with its date."""
    hub = _place(None, "The hub", clock, connect, fresh=timedelta(0))
    progress()
    maps = []
    for connection in Connection.objects.filter(state__in=COMPARED):
        maps.append(_place(connection, connection.name, clock, connect, fresh=FRESH))
        progress()
    return duplicates(hub, maps, targets)


def _place(connection: Connection | None, name: str, clock: Clock, connect: Connect, fresh: timedelta) -> Place:
    known, note = audit.newest(connection), ""
    if known is None or known.finished_at is None or known.finished_at < clock() - fresh or not fresh:
        started = audit.start(connection, BY, clock())
        if not started.finished_at:
            audit.work(started.pk, clock=clock, connect=connect)
            started.refresh_from_db()
            note = started.problem
            known = started if started.finished_at else known
    if known is None:
        return Place(name, None, note=note)
    return Place(name, known.after, known.pk, _at(known), note)


def _at(found: Audit) -> str:
    moment: datetime | None = found.finished_at
    return moment.isoformat(timespec="seconds") if moment else ""
