"""Looking at records one by one, by their ids: what stands there is read, and judged as it is.

Reading by id shows what stands, also where a MAP's lists and searches are behind. An id that leads to another record
was merged into it; one that leads nowhere is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from contacts.services.intake import in_transaction
from contacts.services.leases import new_holder
from syncrules.connectors.base import Connector, Record
from syncrules.connectors.trouble import Trouble
from syncrules.models import Connection, Look
from syncrules.services.sync import counting, departures, errors, inbox, pausing
from syncrules.services.sync.counting import Counts
from syncrules.services.sync.deciding import Context, NoWorksheet
from syncrules.services.sync.errors import Way
from syncrules.services.sync.pulling import is_passing, judge_records

log = structlog.get_logger(__name__)
#: Records that are read and judged together.
BATCH = 100
Clock = Callable[[], datetime]


def drain(
    connection: Connection, connector: Connector, clock: Clock, stop: Callable[[], bool] = lambda: False
) -> Counts:
    """Look at what waits until nothing is due. What the MAP does not answer makes the connection rest.

    Raises ``NoWorksheet``. ``stop`` is asked between batches.
    """
    context, holder = Context(connection, clock()), new_holder()
    inbox.adopt(connection, clock())
    inbox.free(connection.pk)
    while pausing.may_call(connection, clock()) and not stop():
        rows = inbox.lease(connection.pk, holder, clock(), BATCH)
        if not rows:
            break
        try:
            context.obey(clock())
            look_batch(context, connector, rows)
        except (Trouble, NoWorksheet) as problem:
            inbox.give_back(rows)
            if isinstance(problem, NoWorksheet):
                raise
            pausing.failed(connection, problem, clock())
            break
        pausing.went_well(connection)
    return context.counts


def look_batch(context: Context, connector: Connector, rows: Sequence[Look]) -> None:
    """Read the records of these rows in one go and settle each. A record that makes us fail is set aside."""
    found = connector.read([row.record_id for row in rows])
    settle(context, rows, found)


def settle(context: Context, rows: Sequence[Look], found: Mapping[str, Record]) -> None:
    """What was read, in one transaction with the end of the rows; where one record fails, in halves without it."""
    try:
        counts: Counts = in_transaction(lambda: _settle(context, rows, found))
    except Exception as error:
        if is_passing(error):
            raise
        _without_the_bad(context, rows, found, error)
    else:
        context.counts += counts


def _without_the_bad(context: Context, rows: Sequence[Look], found: Mapping[str, Record], error: Exception) -> None:
    if len(rows) > 1:
        half = len(rows) // 2
        settle(context, rows[:half], found)
        settle(context, rows[half:], found)
        return
    log.exception("record_failed", connection=context.connection.slug, record=rows[0].record_id)
    why = f"The hub’s own work on this record failed: {type(error).__name__}."
    inbox.set_aside(context.connection.pk, rows, why, context.at)
    context.counts += Counts(errors=1)


def _settle(context: Context, rows: Sequence[Look], found: Mapping[str, Record]) -> Counts:
    by_id = {record.id: record for record in found.values()}
    for asked, record in found.items():
        if asked != record.id and asked not in by_id[record.id].merged:
            by_id[record.id] = replace(by_id[record.id], merged=(*by_id[record.id].merged, asked))
    ids = [row.record_id for row in rows]
    shown = {found[i].id: by_id[found[i].id] for i in ids if i in found}
    counts = judge_records(context, list(shown.values()), looked=True)
    departures.gone(context, context.scope.linked([i for i in ids if i not in found]))
    _end(rows)
    errors.solve(context.connection.pk, ids, context.at, way=Way.TO_HUB)
    counting.note(context.connection.pk, counts, context.at)
    return counts


def _end(rows: Sequence[Look]) -> None:
    """Rows that were not asked for again meanwhile go; the others are free."""
    mine = Look.objects.filter(pk__in=[r.pk for r in rows], lease_holder__in={r.lease_holder for r in rows})
    there = {row.pk: row.generation for row in mine.select_for_update().order_by("record_id")}
    done = [row.pk for row in rows if there.get(row.pk) == row.generation]
    Look.objects.filter(pk__in=done).delete()
    Look.objects.filter(pk__in=there.keys() - set(done)).update(lease_holder="", lease_until=None, tries=0)
