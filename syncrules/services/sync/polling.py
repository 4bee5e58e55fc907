"""Pulling by the clock: what changed in a MAP, what left it, and who unsubscribed there without a trace in a record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from contacts.services import leases
from contacts.services.imports import few_collections
from syncrules.connectors.base import Connector, Page, Record
from syncrules.connectors.trouble import BadCursor, Garbled, Trouble
from syncrules.domain.cases import OPT_IN
from syncrules.models import Connection, Link, SyncError
from syncrules.services.sync import errors, inbox, pausing, pulling, waking
from syncrules.services.sync.counting import Counts
from syncrules.services.sync.deciding import Context
from syncrules.services.sync.errors import Cause, Fault, Way
from syncrules.services.sync.paging import pages

Clock = Callable[[], datetime]
Stop = Callable[[], bool]
#: Pages of deleted records that one pull reads at most, the next one goes on; and links that one pull looks after.
BIN_PAGES, BIN_PAGE, LINKS = 3, 100, 100
#: That a place was lost is shown for so long.
SHOWN = timedelta(days=1)
LOST = "The place up to which changes were read was gone, so everything was read again from the start."


def pull(connection: Connection, connector: Connector, clock: Clock, stop: Stop = lambda: False) -> Counts:
    """Pull until nothing is new, unless somebody else does; ``stop`` is asked after each page.

    What the MAP does not answer makes the connection rest; what was pulled stays. Raises ``NoWorksheet``.
    """
    holder = leases.new_holder()
    mine = Connection.objects.filter(pk=connection.pk)
    if not pausing.may_call(connection, clock()) or not leases.claim(mine, holder, clock()):
        return Counts()
    connection.refresh_from_db()
    work = _Pull(connection, connector, clock, stop, holder)
    try:
        with few_collections():
            work.go()
    except Trouble as trouble:
        pausing.failed(connection, trouble, clock())
    except leases.LeaseLost:
        pass  # another process has taken over; what was stored stays
    finally:
        leases.give_back(connection.pk, holder, Connection)
    return work.context.counts


class _Pull:
    """One connection's pull under way."""

    def __init__(self, connection: Connection, connector: Connector, clock: Clock, stop: Stop, holder: str) -> None:
        self.connection, self.connector, self.clock, self.stop, self.holder = connection, connector, clock, stop, holder
        self.mine = Connection.objects.filter(pk=connection.pk)
        self.context = Context(connection, clock())

    def go(self) -> None:
        inbox.adopt(self.connection, self.clock())
        if self._changes():
            self.mine.update(pulled_at=self.clock())
            self._departures()
            some = self._next_links()
            self._verify(some)
            self._subscriptions(some)

    def _changes(self) -> bool:
        """Whether the end was reached. A place that can't be right is noted, and everything is read again."""
        if not self.connection.cursor and self.connection.pulled_at:
            self._lost(LOST)
            return self._everything()
        try:
            done = self._read(self.connection.cursor, all_=False)
        except BadCursor as problem:
            self._lost(f"{problem} So everything was read again from the start.")
            return self._everything()
        old = SyncError.objects.filter(connection=self.connection, cause=Cause.CURSOR, solved_at=None)
        old.filter(last_at__lt=self.clock() - SHOWN).update(solved_at=self.clock())
        return done

    def _lost(self, text: str) -> None:
        fault = Fault(f"cursor:{self.connection.pk}", Cause.CURSOR, text, kind="pull", way=Way.TO_HUB)
        errors.record(self.connection.pk, [fault], self.clock())
        self.mine.update(cursor="")

    def _everything(self) -> bool:
        began = self.clock()
        done = self._read("", all_=True)
        if done and inbox.look_at_unseen(self.connection, began, self.clock()):
            waking.look_at_inbox(self.connection.pk)
        return done

    def _read(self, cursor: str, *, all_: bool) -> bool:
        for page in pages(self.connector, cursor, pulling.PAGE):
            if page.more and page.cursor == cursor:
                raise Garbled("A page of the MAP’s changes does not lead on: the next one would be the same.")
            cursor = page.cursor
            self.context.at = self.clock()
            pulling.records(self.context, page, all_=all_, cursor=cursor)
            leases.renew(self.connection.pk, self.holder, self.clock(), Connection)
            pausing.went_well(self.connection)
            if page.more and self.stop():
                return False
        return True

    def _departures(self) -> None:
        """Deleted records that are linked here are looked at; some pages each time, and on from there the next."""
        cursor = self.connection.departures
        for _ in range(BIN_PAGES):
            try:
                found = self.connector.deletions(cursor, BIN_PAGE)
            except BadCursor:
                found = self.connector.deletions("", BIN_PAGE)
            linked = Link.objects.filter(connection=self.connection, state=Link.State.LINKED)
            ids = linked.filter(record_id__in=[gone.id for gone in found.gone]).values_list("record_id", flat=True)
            inbox.enqueue(self.connection.pk, ids, self.clock())
            cursor = found.cursor
            self.mine.update(departures=cursor)
            if ids:
                waking.look_at_inbox(self.connection.pk)
            if not found.more:
                break

    def _verify(self, some: Sequence[Link]) -> None:
        """Some records by their ids, others each time: what is gone, merged or different and no list told of."""
        found = self.connector.read([link.record_id for link in some]) if some else {}
        wrong = [link.record_id for link in some if not _stands(link, found.get(link.record_id))]
        inbox.enqueue(self.connection.pk, wrong, self.clock())
        if wrong:
            waking.look_at_inbox(self.connection.pk)

    def _subscriptions(self, some: Sequence[Link]) -> None:
        """Their addresses too: an unsubscribe may show in no property of its record."""
        rows = {row.hub: row for row in self.context.terms.rows}
        if OPT_IN not in rows or "email" not in rows:
            return
        asked = {a: link for link in some if (a := link.seen.get(rows["email"].map, ""))}
        told = self.connector.subscriptions(list(asked)) if asked else {}
        state = rows[OPT_IN].map
        read = self.context.terms.by_row[rows[OPT_IN].key].read
        new = [asked[a] for a, s in told.items() if s.opted_out and read(asked[a].seen.get(state, "")) is not False]
        shown = self.connector.read([link.record_id for link in new]) if new else {}
        out = self.context.terms.by_row[rows[OPT_IN].key].write(False)
        found = [replace(r, values={**r.values, state: out}) for r in shown.values() if isinstance(out, str)]
        if found:
            self.context.at = self.clock()
            pulling.records(self.context, Page(found, "", more=False))

    def _next_links(self) -> list[Link]:
        mine = Link.objects.filter(connection=self.connection, state=Link.State.LINKED).order_by("pk")
        slices = -(-mine.count() // LINKS) or 1
        first = int(self.clock().timestamp() // max(1, self.connection.poll_every)) % slices * LINKS
        return list(mine[first : first + LINKS])


def _stands(link: Link, record: Record | None) -> bool:
    """Whether a record is as it was last seen."""
    return record is not None and record.id == link.record_id and record.changed_at[:40] == link.stamp
