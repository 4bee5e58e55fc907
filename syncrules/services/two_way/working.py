"""A two-way test at work: both sides are made, synced, changed, synced again, held side by side, and cleaned up."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import structlog
from django.utils import timezone

from contacts.services import leases
from syncrules.connectors.base import Connector
from syncrules.connectors.trouble import Trouble
from syncrules.domain.two_way.checks import eight
from syncrules.models import Connection, TwoWayTest
from syncrules.services import calling
from syncrules.services.going_live.basis import basis_of
from syncrules.services.sync.deciding import NoWorksheet
from syncrules.services.two_way.cleaning import NotClean, clean
from syncrules.services.two_way.running import Running, Stopped
from syncrules.services.two_way.starting import OPEN, Refused, start

log = structlog.get_logger(__name__)
Clock = Callable[[], datetime]
Sleep = Callable[[float], None]
Status = TwoWayTest.Status
GONE = "The process that ran it stopped in the middle. What it had made was cleaned up; run it again."
CHANGED = "What is in force changed while it ran, so it shows nothing. What it had made was cleaned up; run it again."
ASKED = "Somebody stopped it. What it had made was cleaned up."


def run_here(
    connection: Connection, by: str, connector: Connector, clock: Clock = timezone.now, sleep: Sleep = time.sleep
) -> TwoWayTest:
    """A whole test in this process. Raises ``Refused``, also where somebody else took it over."""
    holder = leases.new_holder()
    test = start(connection, by, clock(), holder)
    if not _work(test.pk, connector, holder, clock, sleep):
        raise Refused("A worker took the test over; its page shows what comes of it.")
    test.refresh_from_db()
    return test


def work(
    test_id: int, connector: Connector | None = None, clock: Clock = timezone.now, sleep: Sleep = time.sleep
) -> bool:
    """Run a test that waits, or clean up after one that was left; False where somebody else does."""
    holder = leases.new_holder()
    left = TwoWayTest.objects.filter(pk=test_id, cleaned_at=None)
    return leases.claim(left, holder, clock()) and _work(test_id, connector, holder, clock, sleep)


def _work(test_id: int, connector: Connector | None, holder: str, clock: Clock, sleep: Sleep) -> bool:
    """Whoever holds the lease works; False where it was lost."""
    test = TwoWayTest.objects.select_related("connection__source").get(pk=test_id)
    try:
        connector = connector or calling.connector_for(test.connection)
        if test.status == Status.QUEUED:
            _run(test, connector, holder, clock, sleep)
        elif test.status == Status.RUNNING:
            _note(test, holder, clock, status=Status.CLEANING, problem=GONE)
        _clean(test, connector, holder, clock)
    except Trouble as trouble:
        said = {"problem": f"{test.connection.name}: {trouble}"}
        begun = test.status != Status.QUEUED  # else nothing was made, and nothing waits for the MAP to come back
        over = {"status": Status.STOPPED, "cleaned_at": clock(), "finished_at": clock()}
        leases.give_back(test_id, holder, TwoWayTest, **said, **({"status": Status.CLEANING} if begun else over))
    except leases.LeaseLost:
        return False
    return True


def _run(test: TwoWayTest, connector: Connector, holder: str, clock: Clock, sleep: Sleep) -> None:
    """The test up to its checks; why it did not get there is kept."""
    _note(test, holder, clock, status=Status.RUNNING, started_at=clock(), basis=basis_of(test.connection))

    def note(step: str, done: int, of: int) -> None:
        _note(test, holder, clock, step=step, done=done, of=of)
        if TwoWayTest.objects.filter(pk=test.pk, stop=True).exists():
            raise Stopped

    checks, problem = [], ""
    try:
        story = Running(test, connector, clock, sleep, note).go()
        checks = [check._asdict() for check in eight(story)]
    except Stopped:
        problem = ASKED
    except NoWorksheet as missing:
        problem = str(missing)
    except Trouble as trouble:
        problem = f"{test.connection.name} did not answer as it should: {trouble}"
    except leases.LeaseLost:
        raise
    except Exception as error:  # the records must go whatever went wrong
        log.exception("two_way_test_failed", test=test.pk)
        problem = f"The hub’s own work failed: {type(error).__name__}: {error}"[:500]
    _note(test, holder, clock, status=Status.CLEANING, checks=checks, problem=problem, step="cleaning up")


def _clean(test: TwoWayTest, connector: Connector, holder: str, clock: Clock) -> None:
    try:
        clean(test, connector, clock())
    except NotClean as left:
        leases.give_back(test.pk, holder, TwoWayTest, problem=str(left))
        return
    if test.checks and test.basis != basis_of(test.connection):
        _note(test, holder, clock, checks=[], problem=CHANGED)
    passed = bool(test.checks) and all(check["passed"] for check in test.checks)
    status = Status.PASSED if passed else Status.FAILED if test.checks else Status.STOPPED
    _note(test, holder, clock, status=status, step="", cleaned_at=clock(), finished_at=clock())
    leases.give_back(test.pk, holder, TwoWayTest)
    if status == Status.FAILED:
        _fall_back(test, clock())


def _fall_back(test: TwoWayTest, at: datetime) -> None:
    """Nobody goes on syncing real contacts by rules that failed their test."""
    from syncrules.services.going_live import steps

    connection = Connection.objects.get(pk=test.connection_id)
    if connection.state in (Connection.State.LIVE, Connection.State.PILOT):
        failed = [check["number"] for check in test.checks if not check["passed"]]
        words = ", ".join(map(str, failed))
        steps.fall_back(connection, f"Check {words} of the two-way test failed on worksheet v{test.worksheet}.", at)


def _note(test: TwoWayTest, holder: str, clock: Clock, **what: object) -> None:
    leases.renew(test.pk, holder, clock(), TwoWayTest, **what)
    for name, value in what.items():
        setattr(test, name, value)


__all__ = ["OPEN", "run_here", "work"]
