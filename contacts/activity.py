"""What came in, day by day, and what was done last: the lower half of the front page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from operator import attrgetter
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.core.cache import cache
from django.db.models import CharField, Count, F, Func
from django.urls import reverse
from django.utils import timezone

from contacts.models import Arrival, ImportBatch, Outcome, Review, Source

DAYS = 30
NEWS = 8
#: More arrivals than this in the past days are remembered for so many seconds.
MANY, REMEMBERED = 50_000, 600
#: The chart, in its own units.
WIDTH, HEIGHT, STEP, BAR = 720, 96, 24, 16


class DayOf(Func):
    """The day of a stored moment in UTC, as text. On SQLite Django's own would call Python for each row."""

    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="SUBSTR(%(expressions)s, 1, 10)", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        template = "TO_CHAR(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
        return self.as_sql(compiler, connection, template=template, **context)


class Part(NamedTuple):
    """One outcome of one day, and its place in the chart."""

    outcome: str
    label: str
    count: int
    y: float = 0
    height: float = 0


@dataclass
class Day:
    """One day: its outcomes in their order, and its place in the chart."""

    day: date
    parts: list[Part]
    x: int = 0

    @property
    def total(self) -> int:
        return sum(part.count for part in self.parts)

    @property
    def shown(self) -> list[Part]:
        return [part for part in self.parts if part.count]


@dataclass
class Days:
    """The last days, the newest last."""

    days: list[Day]
    counted_at: datetime
    width: int = WIDTH
    height: int = HEIGHT
    bar: int = BAR

    @property
    def today(self) -> Day:
        return self.days[-1]

    @property
    def highest(self) -> int:
        return max(day.total for day in self.days)

    @property
    def usual(self) -> int:
        """The middle one of the whole days before, which one big file does not move."""
        before = sorted(day.total for day in self.days[:-1])
        return before[len(before) // 2]


def last_days(now: datetime) -> Days:
    """The arrivals of the last days by outcome.

    Today is always counted; the days before, which hardly change, are remembered for a while where there is
    so much of them that counting takes its time.
    """
    today = timezone.localtime(now).date()
    first = today - timedelta(days=DAYS - 1)
    key = f"activity:{today}"
    past = cache.get(key)
    if past is None:
        past = (now, _counted(first, today))
        if sum(past[1].values()) > MANY:
            cache.set(key, past, REMEMBERED)
    counted_at, counts = past
    counts = counts | _counted(today, today + timedelta(days=1))
    days = [first + timedelta(days=n) for n in range(DAYS)]
    parts = ([Part(o.value, o.label, counts.get((d.isoformat(), o.value), 0)) for o in Outcome] for d in days)
    return _drawn([Day(d, p) for d, p in zip(days, parts, strict=True)], counted_at)


def _counted(first: date, end: date) -> dict[tuple[str, str], int]:
    """Arrivals by day and outcome, from the index on them alone."""
    since, until = (datetime.combine(d, time(), tzinfo=timezone.get_current_timezone()) for d in (first, end))
    rows = (
        Arrival.objects.filter(source__in=Source.objects.values("pk"), received_at__gte=since, received_at__lt=until)
        .annotate(day=DayOf(F("received_at")))
        .values_list("day", "outcome")
        .annotate(count=Count("*"))
        .order_by()
    )
    return {(day, outcome): count for day, outcome, count in rows}


def _drawn(days: list[Day], counted_at: datetime) -> Days:
    """The days with their bars: stacked from below in the order of the outcomes."""
    highest = max(day.total for day in days) or 1
    for place, day in enumerate(days):
        tops = accumulate(part.count for part in day.parts)
        day.x = place * STEP + (STEP - BAR) // 2
        day.parts = [
            part._replace(y=HEIGHT - round(HEIGHT * top / highest, 1), height=round(HEIGHT * part.count / highest, 1))
            for part, top in zip(day.parts, tops, strict=True)
        ]
    return Days(days, counted_at)


class News(NamedTuple):
    """One thing that was done: when, by whom, what, and where it leads."""

    at: datetime
    who: str
    did: str
    link: str
    address: str


def recent(user: User, now: datetime) -> list[News]:
    """The last imports and the last decided cases that this person may see, the newest first."""
    news: list[News] = []
    if user.has_perm("contacts.view_importbatch"):
        done = ImportBatch.objects.filter(status=ImportBatch.Status.DONE, finished_at__isnull=False)
        shown = ("filename", "rows", "finished_at", "created_by_name", "undone_at")
        news += [_imported(batch) for batch in done.only(*shown).order_by("-id")[:NEWS]]
    if user.has_perm("contacts.view_review"):
        decided = Review.objects.filter(decided_at__gte=now - timedelta(days=DAYS)).exclude(status="open")
        news += [_decided(case) for case in decided.order_by("-decided_at")[:NEWS]]
    return newest(news)


def newest(news: Iterable[News]) -> list[News]:
    """The last of them, the newest first."""
    return sorted(news, key=attrgetter("at"), reverse=True)[:NEWS]


def _imported(batch: ImportBatch) -> News:
    rows = "1 row" if batch.rows == 1 else f"{batch.rows:,} rows"
    did = "imported, and took back again," if batch.undone_at else "imported"
    who = batch.created_by_name or "The command line"
    where = reverse("hub:import", args=[batch.pk])
    return News(batch.finished_at, who, did, f"{rows} of {batch.filename}", where)


def _decided(case: Review) -> News:
    did = f"decided “{case.get_status_display()}” in"
    words = f"case {case.pk}" + (f", {case.who}" if case.who else "")
    where = reverse("hub:review", args=[case.pk])
    return News(case.decided_at, case.decided_by_name or "Somebody", did, words, where)
