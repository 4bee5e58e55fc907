"""How fast unsubscribes reached a connection, and which ones still wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from syncrules.models import Connection, OptOutOrder
from syncrules.services.shown.words import span
from syncrules.services.sync import opt_outs

WEEK = timedelta(days=7)
#: Rows of the list, and orders that the figures are worked out of at most.
SHOWN, COUNTED = 100, 10_000


@dataclass(frozen=True)
class Line:
    """One order: ``took`` in words; ``late`` while it waits for longer than it may."""

    order: OptOutOrder
    took: str
    late: bool


@dataclass(frozen=True)
class Pace:
    """The week's orders that were acknowledged: how many, and how long half, 99% and all of them took at most."""

    count: int
    half: str = ""
    most: str = ""
    longest: str = ""


def lines(connection: Connection, now: datetime) -> list[Line]:
    """The newest orders, those that wait before all others; two queries."""
    mine = OptOutOrder.objects.filter(connection=connection)
    waiting = list(mine.filter(acknowledged_at=None).order_by("asked_at")[:SHOWN])
    done = mine.filter(acknowledged_at__isnull=False).order_by("-asked_at")[: SHOWN - len(waiting)]
    return [_line(order, now) for order in (*waiting, *done)]


def _line(order: OptOutOrder, now: datetime) -> Line:
    took = (order.acknowledged_at or now) - order.asked_at
    return Line(order, span(took), order.acknowledged_at is None and took > opt_outs.LATE)


def pace(connection: Connection, now: datetime) -> Pace:
    """Worked out of the last week; those that the MAP told of itself took no time. One query."""
    week = OptOutOrder.objects.filter(connection=connection, asked_at__gte=now - WEEK, acknowledged_at__isnull=False)
    times = week.order_by("-asked_at").values_list("asked_at", "acknowledged_at")[:COUNTED]
    took = sorted(end - start for start, end in times)
    if not took:
        return Pace(0)
    half, most = took[len(took) // 2], took[min(len(took) - 1, int(len(took) * 0.99))]
    return Pace(len(took), span(half), span(most), span(took[-1]))
