"""Emptying the outbox of a connection: lease, judge, send, settle, until nothing is due.

All work on the database is done in one thread. The calls to the MAP are made in others meanwhile, so that the next
contacts are judged while it answers. Any number of workers may do this for one connection at once.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, connections, transaction

from contacts.services.bulk import unlogged
from contacts.services.imports import few_collections
from contacts.services.leases import new_holder
from syncrules.connectors.base import Connector
from syncrules.models import Connection, Push
from syncrules.services.sync import budget, errors, outbox, pausing
from syncrules.services.sync.counting import Counts
from syncrules.services.sync.deciding import Context
from syncrules.services.sync.errors import Cause, Fault
from syncrules.services.sync.letters import Letter, Parcel, Sort
from syncrules.services.sync.outbox import Leased
from syncrules.services.sync.posting import post
from syncrules.services.sync.preparing import prepare
from syncrules.services.sync.scope import WORKING
from syncrules.services.sync.settling import settle

log = structlog.get_logger(__name__)
#: Rows that are leased and judged together: what is sent in so many seconds, so that what is urgent comes soon.
LEASED_FOR, FEWEST, MOST = 0.25, 200, 1600
#: Calls under way at most, and parcels that wait for their turn meanwhile.
THREADS, AHEAD = 3, 4
#: How long answers are gathered while more calls than needed are under way; seconds.
GATHERED = 0.05
#: A worker that waits for slow answers says so often that it is still at it; seconds.
RENEWED = 30.0
#: How often the MAP's own word on its limits is kept.
NOTED = timedelta(seconds=5)
#: The database itself is in the way: no row's fault.
NOT_ITS_FAULT = (OperationalError, InterfaceError)
Clock = Callable[[], datetime]


def drain(
    connection: Connection,
    connector: Connector,
    clock: Clock,
    stop: Callable[[], bool] = lambda: False,
    *,
    threads: int = THREADS,
) -> Counts:
    """Send until nothing is due, ``stop`` says so, or the connection has to rest; what was done.

    ``threads`` 0 makes each call in this thread, one after the other. Raises ``NoWorksheet`` where none is in force.
    """
    with few_collections(), unlogged(), _Pool(threads) if threads else _Here() as pool:
        return _Drain(connection, connector, clock, stop, pool).run()


class _Pool(ThreadPoolExecutor):
    """Calls are made in threads, which let go of the line to the database that a gate may have opened."""

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
        def call():  # type: ignore[no-untyped-def]
            try:
                return fn(*args, **kwargs)
            finally:
                connections.close_all()

        return super().submit(call)


class _Here(Executor):
    """Calls are made at once, where they are asked for."""

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
        done: Future = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as problem:
            done.set_exception(problem)
        return done


class _Drain:
    """One worker at one outbox."""

    def __init__(
        self, connection: Connection, connector: Connector, clock: Clock, stop: Callable[[], bool], pool: Executor
    ) -> None:
        self.connection, self.connector, self.clock, self.stop, self.pool = connection, connector, clock, stop, pool
        self.holder, self.under_way = new_holder(), dict[Future, Parcel]()
        self.context = Context(connection, clock())
        self.noted = self.renewed = self.began = clock()
        self.sent = 0

    def run(self) -> Counts:
        outbox.free(self.connection.pk)
        try:
            while True:
                while len(self.under_way) < AHEAD and self._take():
                    pass
                if not self.under_way:
                    return self.context.counts
                self._settle_some()
        finally:
            self._leave()

    def _take(self) -> bool:
        """Lease what is due, judge it and give it to be sent; whether there was anything. Opt-outs go alone, first."""
        at = self.clock()
        self.connection.refresh_from_db(fields=["state", "again_at", "takes_part", "failures", "trouble"])
        if self.connection.state not in WORKING or self._rests(at) or self.stop():
            return False
        rows = outbox.lease(self.connection.pk, self.holder, at, FEWEST, kind=Push.Kind.OPT_OUT)
        if rows:
            self._prepare(rows)
            while self.under_way:
                self._settle_some()
            return True
        rows = outbox.lease(self.connection.pk, self.holder, at, self._how_many(at))
        if rows:
            self._prepare(rows)
        return bool(rows)

    def _how_many(self, at: datetime) -> int:
        """As many rows as this MAP takes in a moment, going by those that it took so far."""
        passed = max((at - self.began).total_seconds(), LEASED_FOR)
        found = int(min(MOST, max(FEWEST, self.sent / passed * LEASED_FOR)))
        return max(1, found // self.connector.batch) * self.connector.batch

    def _rests(self, at: datetime) -> bool:
        return self.connection.again_at is not None and self.connection.again_at > at

    def _prepare(self, rows: Sequence[Leased]) -> None:
        """Judge rows and send what that comes to. The rows on which our own work fails are set aside, one by one."""
        poison = [row for row in rows if row.tries > outbox.POISON]
        for row in poison:
            self._park(row, "Workers that were at it did not come back.")
        rows = [row for row in rows if row not in poison]
        if not rows:
            return
        try:
            self.context.obey(self.clock())
            letters = prepare(self.context, rows)
        except NOT_ITS_FAULT:
            raise
        except Exception as problem:
            self._halve(rows, problem, self._prepare)
            return
        for parcel in parcels(letters, self.connector.batch):
            self._submit(parcel)

    def _submit(self, parcel: Parcel) -> None:
        self.under_way[self.pool.submit(post, self.connector, parcel)] = parcel

    def _settle_some(self) -> None:
        """Store what came of the parcels that are back; while there are none, keep what is leased."""
        done = self._back()
        now = self.clock()
        if now - self.renewed > timedelta(seconds=RENEWED):
            self.renewed = now
            outbox.renew([letter.row for parcel in self.under_way.values() for letter in parcel.letters], now)
        back: dict[Sort, Parcel] = {}
        for future in done:
            parcel, problem = self.under_way[future], future.exception()
            if problem is None:
                back.setdefault(parcel.sort, Parcel(parcel.sort, [])).add(parcel)
            elif isinstance(problem, Exception):
                self._again(parcel.letters, problem)
            else:
                raise problem
        for parcel in back.values():
            self._store(parcel)
            self.sent += len(parcel.letters)
        for future in done:
            del self.under_way[future]

    def _back(self) -> Collection[Future]:
        """Calls that are answered: as soon as one is, and so many as come at once, since they are stored together."""
        done, left = wait(self.under_way, timeout=RENEWED, return_when=FIRST_COMPLETED)
        ends = time.monotonic() + GATHERED
        while done and len(left) >= AHEAD and (rest := ends - time.monotonic()) > 0:
            more, left = wait(left, timeout=rest, return_when=FIRST_COMPLETED)
            done |= more
        return done

    def _again(self, letters: Sequence[Letter], problem: Exception) -> None:
        """A connector that fails in a way of its own: smaller parcels, until the letter is alone that does it."""

        def send(some: Sequence[Leased]) -> None:
            rows = set(some)
            self._submit(Parcel(letters[0].sort, [letter for letter in letters if letter.row in rows]))

        self._halve([letter.row for letter in letters], problem, send)

    def _store(self, parcel: Parcel) -> None:
        self.context.at = self.clock()
        try:
            trouble = settle(self.context, parcel)
        except NOT_ITS_FAULT:
            raise
        except Exception as problem:
            self._halve([a.letter.row for a in parcel.answers], problem, self._store_part(parcel))
            return
        if trouble is not None:
            pausing.failed(self.connection, trouble, self.clock())
        elif self.connection.failures or self.connection.trouble:
            pausing.went_well(self.connection)
        self._note_allowance()

    def _store_part(self, parcel: Parcel) -> Callable[[Sequence[Leased]], None]:
        def store(some: Sequence[Leased]) -> None:
            rows = set(some)
            self._store(Parcel(parcel.sort, parcel.letters, [a for a in parcel.answers if a.letter.row in rows]))

        return store

    def _halve(self, rows: Sequence[Leased], problem: Exception, do: Callable[[Sequence[Leased]], None]) -> None:
        """Do with both halves what failed with all; one that fails alone is parked, and the others go on."""
        log.error("work on the outbox failed", rows=len(rows), error=repr(problem)[:500])
        if len(rows) == 1:
            self._park(rows[0], "".join(traceback.format_exception_only(problem)).strip()[:500])
            return
        middle = len(rows) // 2
        do(rows[:middle])
        do(rows[middle:])

    def _park(self, row: Leased, why: str) -> None:
        contact = int(row.subject) if row.kind == Push.Kind.RECORD else None
        text = f"The hub could not work on this, so it was set aside. {why}"
        with transaction.atomic():
            fault = Fault(row.subject, Cause.POISON, text, row.kind, contact)
            errors.record(self.connection.pk, [fault], self.clock())
            outbox.park([row])

    def _note_allowance(self) -> None:
        told, now = self.connector.allowance(), self.clock()
        if told.most is not None and now - self.noted >= NOTED:
            self.noted = now
            budget.note(self.connection, told, now)

    def _leave(self) -> None:
        """What was under way when something stopped this worker is free for others; nobody knows what came of it."""
        rows = [letter.row for parcel in self.under_way.values() for letter in parcel.letters]
        if rows:
            outbox.give_back(rows, self.clock(), look=True)


def parcels(letters: Sequence[Letter], most: int) -> Iterator[Parcel]:
    """Letters of one sort, as many as one call takes; a merge is a call of its own."""
    for sort in Sort:
        mine = [letter for letter in letters if letter.sort is sort]
        for start in range(0, len(mine), most):
            yield Parcel(sort, mine[start : start + most])
