"""One search: its row says how far it is, and whoever holds the lease works on it.

The looking writes nothing but progress; a process killed then has lost only time. What is found is stored in
chunks, each with its progress and the lease in one transaction, and leaves out what waits in the queue already:
so a search that is run again, or taken up by another process, adds nothing twice.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError
from django.db.models import F
from django.utils import timezone

from contacts.domain.likeness import THRESHOLD, Likely, scan
from contacts.models import DuplicateScan, HubSettings
from contacts.services import leases
from contacts.services.bulk import unlogged
from contacts.services.duplicates import cases, reading
from contacts.services.story import person_name

log = structlog.get_logger(__name__)
Status = DuplicateScan.Status
Clock = Callable[[], datetime]

#: An open case stays until its score is this far below what opens one: scores move a little as the hub grows.
SLACK = 20
NIGHTLY = "the nightly schedule"
#: The hours of the night in which the schedule starts a search, and how long the last one must be over.
_NIGHT = range(1, 6)
_EVERY = timedelta(hours=18)
#: From so many contacts on a search is shared out, and among how many processes at most.
_WORTH_MORE, _MOST_PROCESSES = 20_000, 4
#: Which part of the work each step is, in percent: from, to.
_STEPS = {"read": (0, 25), "look": (25, 45), "compare": (45, 90)}


def start_scan(user: User | None, at: datetime, by: str = "") -> DuplicateScan:
    """Hand a search to whichever worker looks first; the one that waits or runs already, if there is one."""
    active = DuplicateScan.objects.filter(status__in=(Status.QUEUED, Status.RUNNING)).first()
    if active is not None:
        return active
    name = by or (person_name(user) if user else "")
    return DuplicateScan.objects.create(started_by_name=name[:200], created_at=at)


def start_nightly(at: datetime) -> DuplicateScan | None:
    """The schedule's search, once a night; None at other times, and when there was one."""
    if timezone.localtime(at).hour not in _NIGHT:
        return None
    if DuplicateScan.objects.filter(created_at__gt=at - _EVERY, started_by_name=NIGHTLY).exists():
        return None
    return start_scan(None, at, NIGHTLY)


def unfinished(at: datetime) -> list[int]:
    """Searches that wait for a worker or whose worker is gone."""
    return leases.unfinished(at, DuplicateScan)


def run_scan(scan_id: int, *, clock: Clock = timezone.now, limit: int | None = None) -> bool:
    """Work on a search to its end, unless someone else does. Returns whether this process did it.

    With ``limit`` at most so many cases are opened, the surest ones.
    """
    holder = leases.new_holder()
    working = (Status.QUEUED, Status.RUNNING)
    if not leases.take_lease(scan_id, holder, clock(), Status.RUNNING, working, DuplicateScan):
        return False
    DuplicateScan.objects.filter(pk=scan_id, started_at=None).update(started_at=clock())
    run = _Run(scan_id, holder, clock)
    try:
        with unlogged():
            run.work(limit)
    except leases.LeaseLost:
        return False
    except (OperationalError, InterfaceError):
        raise  # a passing fault: the lease runs out, and the next worker takes the search up
    except Exception as error:
        log.exception("duplicate_scan_failed", scan=scan_id)
        problem = f"The search stopped: {type(error).__name__}. The reason is in the hub's log."
        leases.give_back(scan_id, holder, DuplicateScan, status=Status.FAILED, problem=problem, finished_at=clock())
        return True
    return True


def _processes(contacts: int) -> int:
    """How many processes a search of so many contacts is worth; each needs memory of its own."""
    return min(os.cpu_count() or 1, _MOST_PROCESSES) if contacts >= _WORTH_MORE else 1


class _Run:
    """One process's work on a search."""

    def __init__(self, scan_id: int, holder: str, clock: Clock) -> None:
        self._id, self._holder, self._clock = scan_id, holder, clock
        self._total = 0

    def work(self, limit: int | None) -> None:
        self._total = reading.count()
        self._renew(total=self._total, done=0)
        fields, different = reading.further_fields(), reading.known_different()
        likely = scan(
            reading.profiles(fields),
            fields,
            phone_limit=HubSettings.load().phone_shared_limit,
            different=different,
            threshold=THRESHOLD - SLACK,
            processes=_processes(self._total),
            progress=self._progress,
        )
        log.info("duplicates_compared", scan=self._id, pairs=likely.compared, skipped_blocks=likely.skipped_blocks)
        self._settle(likely)
        self._open(likely, different, limit)
        done = {"status": Status.DONE, "done": self._total, "finished_at": self._clock()}
        leases.give_back(self._id, self._holder, DuplicateScan, **done)

    def _settle(self, likely: Likely) -> None:
        """Close the open cases of which no two contacts are alike any more."""
        waiting = reading.in_open_cases()
        alike = set[int]().union(*(waiting[a] & waiting[b] for a, b in likely.ids() if a in waiting and b in waiting))
        gone = sorted(set[int]().union(*waiting.values()) - alike)
        cases.close_cases(gone, self._clock(), lambda count: self._renew(settled=F("settled") + count))

    def _open(self, likely: Likely, different: set[tuple[int, int]], limit: int | None) -> None:
        """Open cases for pairs that reach the threshold, but for contacts that a case waits for already."""
        waiting = reading.in_open_cases()
        sure = likely.down_to(THRESHOLD)
        self._renew(pairs=len(sure))
        new = [place for place in sure if not any(ident in waiting for ident in likely.pair(place))]
        found = likely.cases(new, different).cases[:limit]
        cases.open_cases(likely, found, self._clock(), lambda count: self._renew(cases=F("cases") + count))

    def _progress(self, step: str, done: int, total: int) -> None:
        begin, end = _STEPS[step]
        share = begin + (end - begin) * done / max(total or self._total, 1)
        self._renew(done=min(int(self._total * share / 100), self._total))

    def _renew(self, **progress: object) -> None:
        leases.renew(self._id, self._holder, self._clock(), DuplicateScan, **progress)
