"""Full syncs in tests: people whom no outbox has heard of, and a turn of work."""

from __future__ import annotations

from syncrules.models import Connection, SyncRun
from syncrules.services.sync import runs
from tests.syncrules.sync.kit import Both, arrives


def before_it_was_on(pair: Both, count: int) -> list[int]:
    """People who came while the connection was a draft, so that no outbox has heard of them."""
    Connection.objects.update(state="draft")
    made = [arrives(pair, n) for n in range(count)]
    Connection.objects.update(state="live")
    pair.connection.refresh_from_db()
    return made


def work(pair: Both, run: SyncRun, until=lambda: False) -> SyncRun:
    runs.work(run.pk, pair.connector, pair.clock, until)
    run.refresh_from_db()
    return run


def after(steps: int):
    """Says to leave after so many steps."""
    left = iter(range(steps))
    return lambda: next(left, None) is None
