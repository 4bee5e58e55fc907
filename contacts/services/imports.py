"""A file through the decision tree, chunk by chunk: each chunk, its progress and its lease in one transaction.

So a process killed at any point has lost and doubled nothing: the next one goes on after the last row that
has its outcome.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

import structlog
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from contacts.domain.changes import Plan, Policy
from contacts.domain.packing import Packed, unpack
from contacts.domain.reasons import UNSTORABLE_ROW
from contacts.models import ImportBatch
from contacts.readers import UnreadableFile
from contacts.services import leases
from contacts.services.ahead import translated
from contacts.services.bulk import unlogged
from contacts.services.consent.arrivals import Agreed
from contacts.services.consent.imported import ASKED
from contacts.services.dry_run import dry_run
from contacts.services.intake import refuse, take_translated
from contacts.services.write import Entrance

log = structlog.get_logger(__name__)
Status = ImportBatch.Status
Clock = Callable[[], datetime]


def queue(batch: ImportBatch) -> None:
    """Hand a batch to whichever worker looks first."""
    batch.status, batch.stop_asked, batch.problem = Status.QUEUED, False, ""
    batch.save(update_fields=["status", "stop_asked", "problem", "mapping", "agreed"])


def ask_to_stop(batch_id: int) -> None:
    """Ask the worker to stop after the chunk it is in. What is done stays; the rest can go on later."""
    ImportBatch.objects.filter(pk=batch_id, status=Status.QUEUED).update(status=Status.STOPPED)
    ImportBatch.objects.filter(pk=batch_id, status=Status.RUNNING).update(stop_asked=True)


def run(
    batch_id: int,
    *,
    clock: Clock = timezone.now,
    tell: Callable[[ImportBatch], None] = lambda batch: None,
) -> bool:
    """Work on a batch to its end, unless someone else does. Returns whether this process worked on it.

    ``tell`` is called after each chunk, for a progress line.
    """
    holder = leases.new_holder()
    if not leases.take_lease(batch_id, holder, clock(), Status.RUNNING, (Status.QUEUED, Status.RUNNING)):
        return False
    batch = ImportBatch.objects.select_related("source").get(pk=batch_id)
    if batch.started_at is None:
        batch.started_at = clock()
        batch.save(update_fields=["started_at"])
    try:
        with few_collections(), unlogged():
            _work(batch, holder, clock, tell)
    except UnreadableFile as error:
        leases.give_back(batch_id, holder, status=Status.FAILED, problem=str(error), finished_at=clock())
    except leases.LeaseLost:
        return False
    return True


def check(batch_id: int, *, clock: Clock = timezone.now) -> bool:
    """The dry run of a batch, with its progress on the row. Returns whether this process did it."""
    holder = leases.new_holder()
    if not leases.take_lease(batch_id, holder, clock(), Status.CHECKING, (Status.CHECKING,)):
        return False
    batch = ImportBatch.objects.select_related("source").get(pk=batch_id)
    try:
        with few_collections(), unlogged():
            found = dry_run(batch, clock(), lambda done: leases.renew(batch_id, holder, clock(), checked=done))
    except UnreadableFile as error:
        leases.give_back(batch_id, holder, status=Status.FAILED, problem=str(error))
    except leases.LeaseLost:
        return False
    else:
        leases.give_back(batch_id, holder, status=Status.CHECKED, dry_run=found, checked=found["rows"])
    return True


def ask_to_check(batch: ImportBatch) -> None:
    """Hand the dry run of a batch to whichever worker looks first."""
    batch.status, batch.checked, batch.dry_run, batch.problem = Status.CHECKING, 0, {}, ""
    batch.save(update_fields=["status", "checked", "dry_run", "problem", "mapping", "agreed"])


@contextmanager
def few_collections() -> Iterator[None]:
    """Let the garbage collector run seldom: a chunk makes many small objects and no cycles."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _work(batch: ImportBatch, holder: str, clock: Clock, tell: Callable[[ImportBatch], None]) -> None:
    for chunk, policy in translated(batch, skip=batch.done):
        entrance = Entrance(batch.source_id, "file", _actor(batch), clock(), batch_id=batch.pk, agreed=agreed_on(batch))
        _take(batch, chunk, policy, entrance, partial(_advance, batch, holder, clock))
        tell(batch)
        if batch.stop_asked:
            leases.give_back(batch.pk, holder, status=Status.STOPPED, stop_asked=False)
            return
    leases.give_back(batch.pk, holder, status=Status.DONE, finished_at=clock(), rows=batch.done)


def _take(
    batch: ImportBatch, chunk: list[Packed], policy: Policy, entrance: Entrance, advance: Callable[[list[Plan]], None]
) -> None:
    """A chunk; if something unforeseen is wrong with it, its halves, so that a bad row costs only itself."""
    try:
        take_translated(lambda: [unpack(row) for row in chunk], policy, entrance, before_commit=advance)
    except (OperationalError, InterfaceError, leases.LeaseLost):
        raise
    except Exception:
        if len(chunk) > 1:
            middle = len(chunk) // 2
            _take(batch, chunk[:middle], policy, entrance, advance)
            _take(batch, chunk[middle:], policy, entrance, advance)
            return
        record = unpack(chunk[0]).received
        log.exception("row_not_stored", batch=batch.pk, row=record.row)
        refuse(record, UNSTORABLE_ROW, entrance, before_commit=advance)
    batch.refresh_from_db(fields=["done", "counts", "stop_asked"])


def _advance(batch: ImportBatch, holder: str, clock: Clock, plans: list[Plan]) -> None:
    counts = Counter(batch.counts) + Counter(plan.outcome for plan in plans)
    leases.renew(batch.pk, holder, clock(), done=batch.done + len(plans), counts=dict(counts))


def agreed_on(batch: ImportBatch) -> Agreed | None:
    """What whoever brought the file says that its people agreed to, if they said anything."""
    told = batch.agreed
    if not any(told.get(name) for name in ASKED):
        return None
    at = datetime.fromisoformat(told["at"]) if told.get("at") else None
    everybody = "opt_in" not in batch.mapping.values()
    return Agreed(told.get("words", ""), at, told.get("how", ""), everybody, told.get("purpose", ""))


def _actor(batch: ImportBatch) -> str:
    by = f", uploaded by {batch.created_by_name}" if batch.created_by_name else ""
    return f"{batch.source.name}{by}"[:200]
