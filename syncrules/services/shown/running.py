"""A full sync that is at work: how far it is, at what pace, and when it will be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from syncrules.models import SyncRun
from syncrules.services.shown.standing import Standing
from syncrules.services.shown.words import span
from syncrules.services.sync import runs

Status = SyncRun.Status


@dataclass(frozen=True)
class Running:
    """``percent`` and ``ends_at`` are of the step at hand; None while nobody knows how much there is."""

    progress: runs.Progress
    percent: int | None
    ends_at: datetime | None


def running(of: Standing, past: Sequence[SyncRun]) -> Running | None:
    """How far the connection's open run is; while the MAP is read, as the last full sync found it. One query."""
    if of.run is None:
        return None
    done = runs.progress(of.run, of.now)
    if done.share is not None:
        return Running(done, round(100 * done.share), done.ends_at)
    expected = max([of.links, *(run.read for run in past if run.status == Status.DONE)])
    if not expected or not done.read:
        return Running(done, None, None)
    left = max(0, expected - done.read)
    at_work = of.run.status == Status.PULLING and done.rate > 0 and left
    ends = of.now + timedelta(seconds=left / done.rate) if at_work else None
    return Running(done, min(99, 100 * done.read // expected), ends)


def took(run: SyncRun) -> str:
    """How long a run that is over was at work, "" where it never was."""
    return span(run.finished_at - (run.started_at or run.created_at)) if run.finished_at else ""
