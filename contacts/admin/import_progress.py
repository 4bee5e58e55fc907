"""The page of work that goes on: how far it is, at what pace, and how long still. It asks again each second."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from contacts.admin import import_access as access
from contacts.admin.pages import page
from contacts.models import ImportBatch


def progress(
    request: HttpRequest,
    batch: ImportBatch,
    what: str,
    done: int,
    total: int,
    *,
    unit: str = "row",
    waiting: bool = False,
    **more: Any,
) -> HttpResponse:
    """``what`` is at ``done`` of ``total`` rows or contacts; ``waiting`` for a worker, if none has begun."""
    now = timezone.now()
    since, seen = _first_look(request, now, done)
    rate = (done - seen) / (now - since).total_seconds() if now > since else 0.0
    left = (total - done) / rate if rate > 0 else None
    context = {
        "batch": batch,
        "what": what,
        "done": done,
        "total": total,
        "unit": unit,
        "waiting": waiting,
        "percent": min(100, int(100 * done / total)) if total else 0,
        "rate": round(rate) if rate > 0 else None,
        "left": _duration(left) if left is not None else "",
        "poll": f"{request.path}?since={since.timestamp():.3f}&seen={seen}",
        **more,
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "hub/import_progress_part.html", context)
    return page(request, "hub/import_progress.html", batch.filename, context, trail=access.trail())


def _first_look(request: HttpRequest, now: datetime, done: int) -> tuple[datetime, int]:
    """When this page was opened and how much was done then: what the pace is worked out from."""
    try:
        since = datetime.fromtimestamp(float(request.GET["since"]), tz=now.tzinfo)
        return min(since, now), int(request.GET["seen"])
    except (KeyError, ValueError, OverflowError, OSError):
        return now, done


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"
