"""Records of a MAP that changed there: taken in or judged, page by page, each page one transaction.

Nothing is sent. A record that shows what the hub has seen of it is the echo of the hub's own write, or was read
before, and nothing is done. A page may be older than what the hub knows, because a MAP's search is behind or the page
was read ahead: such a record is looked at by its id instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from django.db import InterfaceError, OperationalError

from contacts.services.intake import in_transaction
from contacts.services.locks import lock_all
from syncrules.connectors.base import Page, Record
from syncrules.models import Connection, Link
from syncrules.services import links
from syncrules.services.sync import counting, departures, errors, inbox, outbox, waking
from syncrules.services.sync.counting import Counts
from syncrules.services.sync.deciding import Batch, Context, NoWorksheet, Todo, decide_here

log = structlog.get_logger(__name__)
#: Records that are asked for and judged together.
PAGE = 200


@dataclass
class Sorted:
    """The records of a page that are linked: to judge; back again; showing more only of what no row is about; to be
    looked at, because the page is older than what is known; and how many are echoes."""

    todo: list[Todo] = field(default_factory=list)
    back: list[Link] = field(default_factory=list)
    aside: list[Link] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    echoes: int = 0


def records(context: Context, page: Page, *, all_: bool = False, cursor: str | None = None) -> Counts:
    """Take in or judge the records of a page; with ``all_`` echoes are judged too. Then the ``cursor`` is stored.

    What the MAP must hear is in the outbox then. A record that makes us fail is set aside, and the others go on.
    """
    context.obey(context.at)
    counts = _with_care(context, page.records, all_)
    if cursor is not None:
        Connection.objects.filter(pk=context.connection.pk).update(cursor=cursor)
    return counts


def _with_care(context: Context, shown: Sequence[Record], all_: bool) -> Counts:
    """All of them in one transaction; where one fails, in halves without it."""

    def whole() -> Counts:
        counts = judge_records(context, shown, all_=all_)
        counting.note(context.connection.pk, counts, context.at)
        return counts

    try:
        counts: Counts = in_transaction(whole)
    except Exception as error:
        if is_passing(error):
            raise
        if len(shown) > 1:
            half = len(shown) // 2
            first = _with_care(context, shown[:half], all_)
            first += _with_care(context, shown[half:], all_)
            return first
        log.exception("record_failed", connection=context.connection.slug, record=shown[0].id)
        counts = Counts(errors=1)
        fault = inbox.poison(shown[0].id, f"The hub’s own work on this record failed: {type(error).__name__}.")
        errors.record(context.connection.pk, [fault], context.at)
    context.counts += counts
    return counts


def is_passing(error: Exception) -> bool:
    """Whether the fault is the database's or the worksheet's state, and no record's."""
    return isinstance(error, (OperationalError, InterfaceError, NoWorksheet))


def judge_records(context: Context, shown: Sequence[Record], *, all_: bool = False, looked: bool = False) -> Counts:
    """Records as they stand, in the caller's transaction; ``looked``: each was read by its id, just now."""
    lock_all()
    connection = context.connection
    shown = context.scope.records(shown, context.address)
    departures.merged(context, {old: record for record in shown for old in record.merged})
    known = links.of_records(connection, [r.id for r in shown])
    found = _sorted(context, [r for r in shown if r.id in known], known, all_=all_, looked=looked)
    departures.returned(context, found.back)
    new = [r for r in shown if r.id not in known]
    plans = links.take_in(connection, context.terms, new, context.at, context.gate.lets_in)
    met = links.of_records(connection, [r.id for r in new]) if new else {}
    batch = decide_here(context, [*(Todo(met[r.id], links.shown_of(r)) for r in new if r.id in met), *found.todo])
    links.store(found.aside)
    _tell(context, batch)
    if found.late:
        inbox.enqueue(connection.pk, found.late, context.at)
        waking.look_at_inbox(connection.pk)
    counts = batch.counts
    counts += Counts(
        pulled=len(plans) + sum(t.pulled for t in found.todo),
        held=sum(p.outcome == "held" for p in plans),
        echoes=found.echoes,
    )
    return counts


def _sorted(context: Context, shown: Sequence[Record], known: dict[str, Link], *, all_: bool, looked: bool) -> Sorted:
    found, mapped = Sorted(), {row.map for row in context.terms.rows}
    for record in shown:
        link, values = known[record.id], links.shown_of(record)
        away = link.state != Link.State.LINKED
        differs = any(values.get(name, "") != link.seen.get(name, "") for name in mapped)
        if not looked and (away or (differs and links.is_older(record.changed_at, link.stamp))):
            found.late.append(record.id)
            continue
        if away:
            found.back.append(link)
        found.echoes += not differs
        if differs or away or all_ or link.agreed_at is None:
            found.todo.append(Todo(link, values, pulled=differs, stamp=record.changed_at))
        elif values != link.seen or (record.changed_at and record.changed_at[:40] != link.stamp):
            link.seen, link.stamp = values, record.changed_at[:40] or link.stamp
            found.aside.append(link)
    return found


def _tell(context: Context, batch: Batch) -> None:
    """Into the outbox with whom the MAP must hear something about, or has twice; who is in line leaves it."""
    met = {d.link.contact_id for d in batch.decided}
    owing = {d.link.contact_id for d in batch.decided if d.owes} | links.with_several(context.connection, met)
    ids = [context.connection.pk]
    if outbox.enqueue(ids, owing, context.at, context.priority, look=context.look):
        waking.look_at_outbox(context.connection.pk)
    outbox.in_line(context.connection.pk, met - owing)
