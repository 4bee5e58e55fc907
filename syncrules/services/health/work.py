"""A report as work: its row waits for a worker, and whoever holds the lease works it out and keeps it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from contacts.models import Contact
from contacts.services import leases
from syncrules.domain.scorecard import Figure, Targets, day_of
from syncrules.models import Connection, HealthReport, HealthTargets
from syncrules.services import calling
from syncrules.services.audit.work import Clock, Connect
from syncrules.services.health import attribution, doubles, mailing, overwrites, stages

log = structlog.get_logger(__name__)
Status, Kind = HealthReport.Status, HealthReport.Kind
NIGHTLY = "the nightly schedule"
#: The hours of the night in which the schedule works health out, and how long the last one must be over.
_NIGHT = range(1, 6)
_EVERY = timedelta(hours=18)
#: When the playbook looks back (Measuring Success): days after going live.
DAY = 60
TO_DO = (Status.QUEUED, Status.RUNNING)


@transaction.atomic
def start(by: str, at: datetime, seed: int | None = None, kind: str = Kind.ASKED) -> HealthReport:
    """Hand a report to whichever worker looks first; without ``seed`` the date is the seed, as 20260317."""
    seed = int(f"{timezone.localtime(at):%Y%m%d}") if seed is None else seed
    return HealthReport.objects.create(started_by_name=by[:200], created_at=at, seed=seed, kind=kind)


def start_nightly(at: datetime) -> HealthReport | None:
    """The schedule's report, once a night; None at other times. The first one from day 60 on is that day's."""
    if timezone.localtime(at).hour not in _NIGHT:
        return None
    made = HealthReport.objects.exclude(kind=Kind.ASKED)
    if made.filter(created_at__gt=at - _EVERY).exists():
        return None
    day = day_of(_date(live_since()), timezone.localtime(at).date())
    is_due = day is not None and day >= DAY and not made.filter(kind=Kind.DAY).exists()
    return start(NIGHTLY, at, kind=Kind.DAY if is_due else Kind.NIGHT)


def unfinished(at: datetime) -> list[int]:
    """Reports that wait for a worker or whose worker is gone."""
    return leases.abandoned(HealthReport.objects.filter(status__in=TO_DO), at)


def live_since() -> datetime | None:
    """Since when the first connection was live: what the reports say, as turning off and on again is no new start."""
    known = HealthReport.objects.exclude(live_since=None).order_by("live_since").values_list("live_since", flat=True)
    live = Connection.objects.filter(state=Connection.State.LIVE, state_at__isnull=False).order_by("state_at")
    return min(filter(None, [known.first(), live.values_list("state_at", flat=True).first()]), default=None)


def targets_of(row: HealthTargets) -> Targets:
    """The targets as the figures are judged by."""
    return Targets(row.duplicates, row.attribution, row.stages, row.incidents, row.mqls, row.contacts)


def work(report_id: int, *, clock: Clock = timezone.now, connect: Connect = calling.connector_for) -> bool:
    """Work a report out, unless someone else does. Returns whether this process did it."""
    holder = leases.new_holder()
    if not leases.take_lease(report_id, holder, clock(), Status.RUNNING, TO_DO, HealthReport):
        return False
    try:
        _work(report_id, holder, clock, connect)
    except leases.LeaseLost:
        return False
    except (OperationalError, InterfaceError):
        raise  # a passing fault: the lease runs out, and the next worker takes it up
    except Exception as error:
        log.exception("health_failed", report=report_id)
        problem = f"It stopped: {type(error).__name__}. The reason is in the hub's log."
        leases.give_back(report_id, holder, HealthReport, status=Status.FAILED, problem=problem, finished_at=clock())
        return True
    mailing.mail_by_itself(report_id)
    return True


def _work(report_id: int, holder: str, clock: Clock, connect: Connect) -> None:
    at = clock()
    report = HealthReport.objects.get(pk=report_id)
    targets = targets_of(HealthTargets.load())
    bounds = {"history": attribution.bound(), "links": stages.bound()}
    since = live_since()

    def step(act: Callable[[], Figure]) -> Figure:
        figure = act()
        leases.renew(report_id, holder, clock(), HealthReport)
        return figure

    def progress() -> None:
        leases.renew(report_id, holder, clock(), HealthReport)

    figures = [
        step(lambda: doubles.work_out(targets, clock, connect, progress)),
        step(lambda: attribution.work_out(report.seed, bounds["history"], targets)),
        step(lambda: stages.work_out(report.seed, bounds["links"], targets, connect)),
        step(lambda: overwrites.work_out(at, targets)),
    ]
    rates = {f.name: f.value for f in figures}
    kept = {f.name: f.as_json() for f in figures} | {"allowed": overwrites.allowed(at)}
    done = {
        "status": Status.DONE, "started_at": at, "finished_at": clock(), "bounds": bounds, "live_since": since,
        "day": day_of(_date(since), timezone.localtime(at).date()), "contacts": Contact.objects.count(),
        "figures": kept, "summary": {f.name: f.in_short() for f in figures}, **rates,
    }  # fmt: skip
    leases.renew(report_id, holder, clock(), HealthReport, **done)
    leases.give_back(report_id, holder, HealthReport)


def _date(moment: datetime | None) -> date | None:
    return timezone.localtime(moment).date() if moment else None
