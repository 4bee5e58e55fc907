"""What a connection did, hour by hour or day by day, as small charts with their figures."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from syncrules.models import Connection, SyncCount

#: A chart, in its own units: bars of STEP with a gap between them.
HEIGHT, WIDTH = 32, 240


class Kind(NamedTuple):
    """One count: what it is called, what it means, and the meaning of its colour."""

    name: str
    label: str
    text: str
    tone: str


KINDS = (
    Kind("pulled", "Pulled", "records that had changed there", "accent"),
    Kind("pushed", "Pushed", "records written there", "accent"),
    Kind("echoes", "Echoes", "came back as agreed, and dropped", "grey"),
    Kind("kept", "Kept", "values that stayed as a row says", "grey"),
    Kind("refused", "Refused", "values that a row doesn’t let in", "grey"),
    Kind("held", "Held", "new records that wait for a person", "wait"),
    Kind("conflicts", "Conflicts", "both sides changed; the hub’s stayed", "wait"),
    Kind("errors", "Errors", "not taken by one of the sides", "bad"),
)
NAMES = tuple(kind.name for kind in KINDS)


class Range(NamedTuple):
    """How far back: so many bars of so many hours."""

    name: str
    label: str
    bars: int
    hours: int
    before: str  # what the figures are compared with


RANGES = (
    Range("day", "24 hours", 24, 1, "the 24 h before"),
    Range("week", "7 days", 28, 6, "the 7 days before"),
    Range("month", "30 days", 30, 24, "the 30 days before"),
)


class Bar(NamedTuple):
    """One bar: what it counts, from when, and where it stands."""

    count: int
    at: datetime
    x: float
    y: float
    height: float


@dataclass(frozen=True)
class Trend:
    """One count over the range."""

    kind: Kind
    bars: Sequence[Bar]
    before: int

    @property
    def total(self) -> int:
        return sum(bar.count for bar in self.bars)


@dataclass(frozen=True)
class Trends:
    """All counts over one range."""

    range: Range
    trends: Sequence[Trend]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def bar(self) -> float:
        """The width of a bar."""
        return round(WIDTH / self.range.bars * 0.72, 2)

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to show."""
        return not any(trend.total or trend.before for trend in self.trends)

    @property
    def rows(self) -> list[tuple[datetime, list[int]]]:
        """The same as a table: a time, and each count from then on."""
        columns = [trend.bars for trend in self.trends]
        return [(bars[0].at, [bar.count for bar in bars]) for bars in zip(*columns, strict=True)]


def range_of(name: str) -> Range:
    """The range of this name, the first one for any other."""
    return next((r for r in RANGES if r.name == name), RANGES[0])


def trends(connection: Connection, over: Range, now: datetime) -> Trends:
    """The counts of a range, and of the one before it to compare with; one query."""
    edges = _edges(over, now)
    first = edges[0] - (edges[-1] - edges[0])
    rows = SyncCount.objects.filter(connection=connection, hour__gte=first, hour__lt=edges[-1])
    sums = [[0] * over.bars for _ in NAMES]
    before = [0] * len(NAMES)
    for hour, *counts in rows.values_list("hour", *NAMES):
        place = bisect_right(edges, hour) - 1
        for n, count in enumerate(counts):
            if place < 0:
                before[n] += count
            else:
                sums[n][place] += count
    return Trends(over, [Trend(k, _bars(s, edges), b) for k, s, b in zip(KINDS, sums, before, strict=True)])


def _edges(over: Range, now: datetime) -> list[datetime]:
    """Where the bars begin, and where the last one ends: on the hour, or on whole parts of the local day.

    Parts of a day are as long as the clock says, also in the nights when it is changed; hours are never changed.
    """
    local = now.astimezone(UTC) if over.hours == 1 else timezone.localtime(now)
    hour = local.replace(minute=0, second=0, microsecond=0)
    start = hour - timedelta(hours=hour.hour % over.hours)
    return [start - timedelta(hours=over.hours * n) for n in range(over.bars - 1, -2, -1)]


def _bars(counts: Sequence[int], edges: Sequence[datetime]) -> list[Bar]:
    highest, step = max(counts) or 1, WIDTH / len(counts)
    bars = []
    for place, count in enumerate(counts):
        height = max(1.5, round(HEIGHT * count / highest, 1)) if count else 0
        bars.append(Bar(count, edges[place], round(place * step, 2), HEIGHT - height, height))
    return bars
