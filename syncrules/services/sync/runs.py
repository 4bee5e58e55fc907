"""Full syncs: every record of the MAP is judged, then everybody who is to get one there goes into the outbox.

The row is the work. Each page and each chunk is one step whose progress is stored, tied to the lease of the process
that works on it; so a run can be left, stopped and resumed, and a killed process costs a step that is done again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from contacts.models import Contact
from contacts.services import leases
from contacts.services.bulk import unlogged
from contacts.services.imports import few_collections
from contacts.services.intake import in_transaction
from syncrules.connectors.base import Connector
from syncrules.connectors.trouble import BadCursor, Trouble
from syncrules.models import Connection, Link, Push, SyncRun
from syncrules.services import threshold
from syncrules.services.sync import inbox, outbox, pausing, pulling, sending, waking
from syncrules.services.sync.counting import Counts
from syncrules.services.sync.deciding import Context, NoWorksheet
from syncrules.services.sync.paging import pages

#: Contacts that are looked through in one step.
CHUNK = 2000
FULL = Push.Priority.FULL
Status = SyncRun.Status
WORKING = (Status.QUEUED, Status.PULLING, Status.PUSHING)
#: While a run is in one of these, nobody else needs to read the MAP's changes.
READING = (Status.QUEUED, Status.PULLING)
#: Where the counts of a run keep how much was done before it was resumed.
BEFORE = "before"

Clock = Callable[[], datetime]
Stop = Callable[[], bool]


UNDER_WAY = "A full sync of {} is under way already."


class AlreadyRunning(Exception):
    """A connection has one full sync at a time."""


@dataclass(frozen=True)
class Progress:
    """How far a full sync is. ``share`` is from 0 to 1, None while nobody knows how many records the MAP has.

    ``rate`` is records and contacts in a second since it was started or resumed, ``ends_at`` what comes of it.
    """

    read: int
    told: int
    to_tell: int
    share: float | None
    rate: float
    ends_at: datetime | None


def start(connection: Connection, by: str, at: datetime) -> SyncRun:
    """Begin a full sync (``AlreadyRunning``); a worker finds it at once."""
    run = _make(connection, by, at)
    waking.look_at_run(run.pk)
    return run


def run_here(connection: Connection, by: str, connector: Connector, clock: Clock) -> Counts:
    """A full sync in this process. One that nobody works on is gone on with; raises ``AlreadyRunning`` else.

    One that had read everything reads on from there, and looks through the contacts anew.
    """
    holder, at = leases.new_holder(), clock()
    left = SyncRun.objects.filter(connection=connection, status__in=(*WORKING, Status.STOPPED)).first()
    if left is None:
        left = _make(connection, by, at, lease_holder=holder, lease_until=at + leases.LEASE)
    else:
        resume(left, at)
        if not leases.claim(_working(left.pk), holder, at, status=Status.QUEUED, contact=0):
            raise AlreadyRunning(UNDER_WAY.format(connection.name))
    return _work(left.pk, connector, clock, lambda: False, holder)


def _make(connection: Connection, by: str, at: datetime, **lease: object) -> SyncRun:
    try:
        with transaction.atomic():
            return SyncRun.objects.create(connection=connection, started_by_name=by, created_at=at, **lease)
    except IntegrityError:
        raise AlreadyRunning(UNDER_WAY.format(connection.name)) from None


def _working(run_id: int) -> QuerySet[SyncRun]:
    return SyncRun.objects.filter(pk=run_id, status__in=WORKING)


def stop(run: SyncRun) -> bool:
    """Have it stop after the step at hand; what it put into the outbox waits for its turn all the same."""
    return bool(_working(run.pk).update(status=Status.STOPPED, lease_holder="", lease_until=None))


def resume(run: SyncRun, at: datetime) -> bool:
    """Go on where it was stopped."""
    with transaction.atomic():
        mine = SyncRun.objects.select_for_update().filter(pk=run.pk, status=Status.STOPPED).first()
        if mine is None:
            return False
        mine.status, mine.started_at = Status.QUEUED, at
        mine.counts = {**mine.counts, BEFORE: mine.read + _told(mine)}
        mine.save(update_fields=["status", "started_at", "counts"])
    waking.look_at_run(run.pk)
    return True


def progress(run: SyncRun, at: datetime) -> Progress:
    """How far it is at this moment."""
    told, read = _told(run), run.read
    span = ((run.finished_at or at) - run.started_at).total_seconds() if run.started_at else 0.0
    rate = max(0, read + told - run.counts.get(BEFORE, 0)) / span if span > 0 else 0.0
    share = None
    if run.status == Status.DONE:
        share = 1.0
    elif run.status == Status.PUSHING and run.to_tell:
        share = told / run.to_tell
    ends = at + timedelta(seconds=(run.to_tell - told) / rate) if run.status == Status.PUSHING and rate else None
    return Progress(read, told, run.to_tell, share, rate, ends)


def open_runs(at: datetime, connections: Any) -> list[int]:
    """Runs of these connections with work to do on which nobody works."""
    return leases.abandoned(SyncRun.objects.filter(status__in=WORKING, connection__in=connections), at)


def work(run_id: int, connector: Connector, clock: Clock, until: Stop = lambda: False) -> Counts:
    """Work on a run until it is done, stopped, or ``until`` says to leave the rest to a later turn.

    Nothing where somebody else works on it. A MAP that can't be called now makes the connection rest, and the run
    waits with it.
    """
    holder = leases.new_holder()
    if not leases.claim(_working(run_id), holder, clock()):
        return Counts()
    return _work(run_id, connector, clock, until, holder)


def _work(run_id: int, connector: Connector, clock: Clock, until: Stop, holder: str) -> Counts:
    """One turn by whoever holds the lease."""
    counts = Counts()
    run = SyncRun.objects.select_related("connection").get(pk=run_id)
    try:
        with few_collections(), unlogged():
            _Run(run, connector, clock, until, holder, counts).go()
    except leases.LeaseLost:
        pass  # stopped, or taken over: what was stored stays
    except NoWorksheet as problem:
        _end(run, holder, Status.FAILED, clock(), problem=str(problem))
    except Trouble as trouble:
        pausing.failed(run.connection, trouble, clock())
    finally:
        leases.give_back(run_id, holder, SyncRun)
    return counts


class _Run:
    """One turn of work on a run."""

    def __init__(
        self, run: SyncRun, connector: Connector, clock: Clock, until: Stop, holder: str, counts: Counts
    ) -> None:
        self.run, self.connector, self.clock, self.until, self.holder = run, connector, clock, until, holder
        self.connection, self.counts = run.connection, counts

    def go(self) -> None:
        """The steps that are left, in order."""
        if self.run.status != Status.PUSHING:
            self._note(Counts(), status=Status.PULLING, started_at=self.run.started_at or self.clock())
            if not self._read():
                return
        if self._fill():
            self._send()

    def _read(self) -> bool:
        """Every record of the MAP, page by page; whether the end was reached."""
        context = Context(self.connection, self.clock(), priority=FULL)
        try:
            for page in pages(self.connector, self.run.cursor, pulling.PAGE):
                context.at = self.clock()
                counts = pulling.records(context, page, all_=True)
                self._note(counts, cursor=page.cursor, read=F("read") + len(page.records))
                pausing.went_well(self.connection)
                if page.more and not self._may_go_on():
                    return False
        except BadCursor:
            self._note(Counts(), cursor="")  # the next turn begins anew
            return False
        self._go_on_from_here()
        return True

    def _may_go_on(self) -> bool:
        return not self.until() and pausing.may_call(self.connection, self.clock())

    def _go_on_from_here(self) -> None:
        """The next pull of changes begins where the whole reading ended; what it did not show is looked at."""
        end, at = SyncRun.objects.values_list("cursor", flat=True).get(pk=self.run.pk), self.clock()
        Connection.objects.filter(pk=self.connection.pk).update(cursor=end, pulled_at=at)
        if inbox.look_at_unseen(self.connection, self.run.created_at, at):
            waking.look_at_inbox(self.connection.pk)
        self._note(Counts(), status=Status.PUSHING, to_tell=waiting(self.connection).count())

    def _fill(self) -> bool:
        """Everybody who is to get a record, into the outbox; whether the end was reached."""
        last = SyncRun.objects.values_list("contact", flat=True).get(pk=self.run.pk)
        wanted = unmet(self.connection)
        while found := list(wanted.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
            last = found[-1]
            in_transaction(lambda ids=tuple(found): self._put(ids))
            if self.until():
                return False
        return True

    def _put(self, ids: tuple[int, ...]) -> None:
        outbox.enqueue([self.connection.pk], ids, self.clock(), FULL, look=False)
        self._note(Counts(), contact=ids[-1], to_tell=F("to_tell") + len(ids))

    def _send(self) -> None:
        """What is in the outbox, with everybody else who sends; done when nothing is left there."""
        waking.look_at_outbox(self.connection.pk)
        self._note(sending.drain(self.connection, self.connector, self.clock, self._let_go))
        if not waiting(self.connection).exists():
            _end(self.run, self.holder, Status.DONE, self.clock())

    def _let_go(self) -> bool:
        """Asked between batches: keep the lease, and say whether to leave."""
        self._note(Counts())
        return self.until()

    def _note(self, counts: Counts, **progress: object) -> None:
        """Store progress and keep the lease (``LeaseLost``)."""
        self.counts += counts
        if counts:
            self.run.counts = {**self.run.counts, **_sum(self.run.counts, counts)}
            progress["counts"] = self.run.counts
        leases.renew(self.run.pk, self.holder, self.clock(), SyncRun, **progress)


def unmet(connection: Connection) -> QuerySet[Contact]:
    """Contacts that take part and were never linked; the others were judged as their records were read.

    Whom the MAP refused waits for a change or for a person: a full sync would only be refused again.
    """
    links = Link.objects.filter(connection=connection, contact=OuterRef("pk"))
    found = Contact.objects.filter(threshold.matching(connection.takes_part), ~Exists(links))
    refused = Push.objects.filter(connection=connection, kind=Push.Kind.RECORD, parked=True)
    return found.exclude(pk__in=[int(subject) for subject in refused.values_list("subject", flat=True)])


def waiting(connection: Connection) -> QuerySet[Push]:
    """What waits for the MAP, but for what it refused and what people change meanwhile."""
    return Push.objects.filter(connection=connection, parked=False, priority__gte=Push.Priority.BATCH)


def _told(run: SyncRun) -> int:
    return max(0, run.to_tell - waiting(run.connection).count())


def _sum(before: dict[str, int], counts: Counts) -> dict[str, int]:
    return {name: before.get(name, 0) + number for name, number in counts.as_json().items()}


def _end(run: SyncRun, holder: str, status: str, at: datetime, problem: str = "") -> None:
    mine = SyncRun.objects.filter(pk=run.pk, lease_holder=holder)
    mine.update(status=status, finished_at=at, problem=problem)
