"""What workers do for connections and for proof. Each task only looks at rows: it may run twice, late or never.

A task works for a few seconds and then asks for another turn, so that many connections, and whatever else workers
have to do, get theirs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from celery import shared_task
from django.utils import timezone

from syncrules.connectors.base import Connector
from syncrules.connectors.trouble import Trouble
from syncrules.models import Connection, SyncRun
from syncrules.services import audit, calling, health, two_way
from syncrules.services.pilot import taking_back, watching
from syncrules.services.sync import budget, inbox, looking, pausing, polling, rounds, runs, sending, waking
from syncrules.services.sync.deciding import NoWorksheet

#: Seconds of one turn.
TURN = 3.0
Stop = Callable[[], bool]


@shared_task
def sweep() -> None:
    """Find what waits: rows that nobody was told of, connections that rested long enough, polls, and full syncs."""
    found = rounds.due(timezone.now())
    for tell, ids in (
        (waking.look_at_outbox, found.outboxes),
        (waking.look_at_inbox, found.inboxes),
        (waking.look_at_changes, found.pulls),
        (waking.look_at_run, found.runs),
    ):
        for row in ids:
            tell(row)


@shared_task
def work_outbox(connection_id: int) -> None:
    """Send what waits for a MAP."""
    if _work(connection_id, sending.drain):
        waking.look_at_outbox(connection_id)


@shared_task
def work_inbox(connection_id: int) -> None:
    """Look at the records that webhooks told of."""
    if _work(connection_id, looking.drain):
        waking.look_at_inbox(connection_id)


@shared_task
def pull(connection_id: int) -> None:
    """Pull what changed in a MAP."""
    if _work(connection_id, polling.pull):
        waking.look_at_changes(connection_id)


@shared_task
def work_run(run_id: int) -> None:
    """Go on with a full sync."""
    connection_id = SyncRun.objects.filter(pk=run_id).values_list("connection", flat=True).first()

    def go_on(connection: Connection, connector: Connector, clock: Any, stop: Stop) -> None:
        runs.work(run_id, connector, clock, stop)

    if connection_id and _work(connection_id, go_on):
        waking.look_at_run(run_id)


@shared_task
def forget_hooks() -> None:
    """Remove what webhooks told long ago."""
    inbox.forget_old(timezone.now())


@shared_task
def sweep_proofs() -> None:
    """Find audits, tests, pilots and health reports that wait or whose worker is gone."""
    now = timezone.now()
    for audit_id in audit.unfinished(now):
        look_at_audit.delay(audit_id)
    two_way.retest(now)
    for test_id in two_way.unfinished(now):
        look_at_two_way_test.delay(test_id)
    watching.watch(now)
    for pilot_id in taking_back.unfinished(now):
        look_at_pilot.delay(pilot_id)
    for report_id in health.unfinished(now):
        look_at_health.delay(report_id)


@shared_task
def look_at_audit(audit_id: int) -> None:
    """Work on a duplicate audit: read, or carry its plan out."""
    audit.work(audit_id)


@shared_task
def look_at_two_way_test(test_id: int) -> None:
    """Run the eight checks, or clean up after a test that was left."""
    two_way.work(test_id)


@shared_task
def look_at_pilot(pilot_id: int) -> None:
    """Take a pilot back."""
    taking_back.work(pilot_id)


@shared_task
def look_at_health(report_id: int) -> None:
    """Work out a health report."""
    health.work(report_id)


@shared_task
def nightly_health() -> None:
    """Start the night's health report, once; the next sweep finds it."""
    health.start_nightly(timezone.now())


def _work(connection_id: int, work: Callable[[Connection, Connector, Any, Stop], object]) -> bool:
    """One turn for a live connection; whether the turn ended before the work did."""
    connection = pausing.open_now(timezone.now()).filter(pk=connection_id).first()
    if connection is None:
        return False
    turn = _Turn()
    try:
        connector = calling.connector_for(connection)
        work(connection, connector, timezone.now, turn.is_over)
        budget.note(connection, connector.allowance(), timezone.now())
        if connection.state == Connection.State.PILOT:
            watching.watch(timezone.now())  # not only with the sweep: a pilot that goes wrong stops at once
    except NoWorksheet:
        return False  # nothing is sent or pulled without one; its page says so
    except Trouble as trouble:
        pausing.failed(connection, trouble, timezone.now())
    return turn.cut


class _Turn:
    """A span of time, and whether it cut anything short."""

    def __init__(self) -> None:
        self.ends, self.cut = time.monotonic() + TURN, False

    def is_over(self) -> bool:
        self.cut = time.monotonic() >= self.ends
        return self.cut
