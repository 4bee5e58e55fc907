"""What pages read of the kept reports: a fixed number of small queries, nothing is worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from syncrules.domain.charts import Point
from syncrules.domain.scorecard import TITLES, headline
from syncrules.models import HealthReport

#: So far back a trend goes.
WINDOW = timedelta(days=60)
DONE = HealthReport.Status.DONE


@dataclass(frozen=True)
class Short:
    """One figure as the front page shows it, with its trend (the oldest first)."""

    name: str
    title: str
    shown: str
    aim: str
    passed: bool | None
    note: str
    trend: Sequence[Point]
    target: float


@dataclass(frozen=True)
class Latest:
    """The newest report in short."""

    pk: int
    at: datetime
    day: int | None
    headline: str
    figures: Sequence[Short]


Trend = Mapping[str, Sequence[Point]]


def latest() -> Latest | None:
    """The four figures of the newest report with their trend, in two queries; None before the first report."""
    short = HealthReport.objects.filter(status=DONE).order_by("-finished_at", "-pk")
    row = short.values("pk", "finished_at", "day", "summary").first()
    if row is None or row["finished_at"] is None:
        return None
    lines, summary = trend(row["finished_at"]), row["summary"]
    figures = [
        Short(
            name, title, (one := summary[name])["shown"], one["aim"], one["passed"], one["note"], lines[name],
            one["target"],
        )
        for name, title in TITLES.items()
    ]  # fmt: skip
    said = headline(summary[name] for name in TITLES)
    return Latest(row["pk"], row["finished_at"], row["day"], said, figures)


def trend(upto: datetime) -> Trend:
    """Each figure's values in the 60 days before, the last of each day; one query."""
    done = HealthReport.objects.filter(status=DONE, finished_at__gt=upto - WINDOW, finished_at__lte=upto)
    rows = done.order_by("finished_at", "pk").values_list("pk", "finished_at", *TITLES)
    by_day = {row[1].date(): row for row in rows}
    return {
        name: [Point(row[0], row[1], row[place]) for row in by_day.values() if row[place] is not None]
        for place, name in enumerate(TITLES, 2)
    }


def report(pk: int | None = None) -> HealthReport | None:
    """A report; the newest one that was worked out where none is named."""
    if pk is not None:
        return HealthReport.objects.filter(pk=pk).first()
    return HealthReport.objects.filter(status=DONE).order_by("-finished_at", "-pk").first()


def reports(limit: int) -> list[dict[str, Any]]:
    """The newest reports in short."""
    done = HealthReport.objects.filter(status=DONE).order_by("-finished_at", "-pk")
    return list(done.values("pk", "finished_at", "day", "kind", "seed", "started_by_name", "summary")[:limit])
