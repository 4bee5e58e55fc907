"""Steps 3 and 4 of an import: the dry run, the work itself while it goes on, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts.admin import import_access as access
from contacts.admin import import_show as show
from contacts.admin.import_work import IMPORTED_AT_ONCE, wake_a_worker
from contacts.admin.pages import needs, page
from contacts.models import Arrival, ImportBatch, Outcome
from contacts.services import imports

#: Rows shown of each outcome, and the order of the groups: first what somebody has to do something about.
FIRST = 5
GROUPS = (
    Outcome.REJECTED,
    Outcome.HELD,
    Outcome.CREATED,
    Outcome.FILLED,
    Outcome.UNCHANGED,
    Outcome.REPEATED,
)
Status = ImportBatch.Status


@needs(access.UPLOAD)
@require_GET
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """The dry run: its progress, then what the import would do."""
    batch = access.own(request.user, pk)
    if batch.status not in (Status.CHECKING, Status.CHECKED):
        return _elsewhere(request, reverse(access.step_of(batch), args=[batch.pk]))
    if batch.status == Status.CHECKING:
        return _progress(request, batch, batch.checked, "Dry run")
    if request.htmx:  # type: ignore[attr-defined]
        return _elsewhere(request, request.path)
    found = batch.dry_run
    groups = [_dry_group(found, outcome) for outcome in GROUPS]
    context = {
        "batch": batch,
        "counts": show.bar(found["counts"]),
        "groups": groups,
        "repeats_all": found["counts"].get("repeated", 0) == found["rows"] > 0,
        "before": show.same_file(batch),
        "step": 3,
    }
    return page(request, "hub/import_check.html", batch.filename, context, trail=access.trail())


def _dry_group(found: dict[str, Any], outcome: Outcome) -> dict[str, Any]:
    rows = found["first"].get(outcome.value, [])
    return {"outcome": outcome.value, "label": outcome.label, "count": found["counts"].get(outcome.value, 0),
            "explained": show.EXPLAINED[outcome], "rows": rows}  # fmt: skip


@needs(access.UPLOAD, access.SEE)
@require_http_methods(["GET", "POST"])
def batch_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The import while it runs, and its result; posting starts one whose dry run is done."""
    if request.method == "POST":
        return _start(request, pk)
    batch = access.readable(request.user, pk)
    if batch.status in (Status.QUEUED, Status.RUNNING):
        return _progress(request, batch, batch.done, "Import")
    if request.htmx:  # type: ignore[attr-defined]
        return _elsewhere(request, request.path)
    mine = access.may_open(request.user, batch) and request.user.has_perm(access.UPLOAD)
    if batch.status in (Status.MATCHING, Status.CHECKING, Status.CHECKED) and mine:
        return redirect(access.step_of(batch), batch.pk)
    return page(request, "hub/import.html", batch.filename, _result(request, batch, mine), trail=access.trail())


def _start(request: HttpRequest, pk: int) -> HttpResponse:
    return _hand_over(request, pk, (Status.CHECKED,))


@needs(access.UPLOAD)
@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the worker to stop after the rows it is at."""
    imports.ask_to_stop(access.own(request.user, pk).pk)
    return redirect("hub:import", pk)


@needs(access.UPLOAD)
@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with an import that was stopped, or that failed, after the last row that has its outcome."""
    return _hand_over(request, pk, (Status.STOPPED, Status.FAILED))


def _hand_over(request: HttpRequest, pk: int, ready: tuple[str, ...]) -> HttpResponse:
    """Start or go on, once, however often the button is pressed."""
    access.own(request.user, pk)
    with transaction.atomic():
        batch = ImportBatch.objects.select_for_update().get(pk=pk)
        if batch.status not in ready or batch.undone_at or not batch.mapping:
            return redirect(access.step_of(batch), pk)
        imports.queue(batch)
        at_once = batch.rows - batch.done <= IMPORTED_AT_ONCE
        if not at_once:
            wake_a_worker(pk)
    if at_once:
        imports.run(pk)
    return redirect("hub:import", pk)


def _elsewhere(request: HttpRequest, address: str) -> HttpResponse:
    """Another page; to a page that polls, the word to go there."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(address)
    answer = HttpResponse(status=200)
    answer["HX-Redirect"] = address
    return answer


# --- while it works ---


def _progress(request: HttpRequest, batch: ImportBatch, done: int, what: str) -> HttpResponse:
    """The page that asks each second how far it is."""
    now = timezone.now()
    since, seen = _first_look(request, now, done)
    rate = (done - seen) / (now - since).total_seconds() if now > since else 0.0
    left = (batch.rows - done) / rate if rate > 0 else None
    context = {
        "batch": batch,
        "what": what,
        "done": done,
        "percent": min(100, int(100 * done / batch.rows)) if batch.rows else 0,
        "rate": round(rate) if rate > 0 else None,
        "left": _duration(left) if left is not None else "",
        "poll": f"{request.path}?since={since.timestamp():.3f}&seen={seen}",
        "may_stop": what == "Import" and access.may_open(request.user, batch) and request.user.has_perm(access.UPLOAD),
        "counts": show.bar(batch.counts),
        "step": 3 if what == "Dry run" else 4,
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "hub/import_progress_part.html", context)
    return page(request, "hub/import_progress.html", batch.filename, context, trail=access.trail())


def _first_look(request: HttpRequest, now: datetime, done: int) -> tuple[datetime, int]:
    """When this page was opened and how many rows were done then: what the pace is worked out from."""
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


# --- the result ---


def _result(request: HttpRequest, batch: ImportBatch, mine: bool) -> dict[str, Any]:
    user: Any = request.user
    counts = show.bar(batch.counts)
    return {
        "batch": batch,
        "counts": counts,
        "groups": [_group(batch, outcome) for outcome in GROUPS],
        "rejected": batch.counts.get("rejected", 0),
        "held": batch.counts.get("held", 0),
        "rows_left": max(0, batch.rows - batch.done),
        "same_as_dry_run": bool(batch.done) and batch.dry_run.get("counts") == batch.counts,
        "not_mapped": [c for c in batch.columns if not batch.mapping.get(c)],
        "mine": mine,
        "may_undo": bool(batch.done) and user.has_perm(access.UNDO) and access.may_open(user, batch),
        "may_go_on": mine and not batch.undone_at and bool(batch.mapping)
        and batch.status in (Status.STOPPED, Status.FAILED) and (batch.done > 0 or batch.status == Status.STOPPED),
        "may_match": mine and access.may_match(batch),
        "step": 4,
    }  # fmt: skip


def _group(batch: ImportBatch, outcome: Outcome) -> dict[str, Any]:
    """The first rows of one outcome. Their ids are looked up by outcome, in the range that the import has."""
    count = batch.counts.get(outcome.value, 0)
    group = {"outcome": outcome.value, "label": outcome.label, "count": count, "rows": [],
             "explained": show.EXPLAINED[outcome]}  # fmt: skip
    if count:
        ids = Arrival.objects.filter(batch=batch).values_list("pk", flat=True)
        span = ids.order_by("row").first(), ids.order_by("-row").first()
        found = Arrival.objects.filter(outcome=outcome, pk__range=span, batch=batch).select_related("contact")
        group["rows"] = list(found.defer("raw", "verdicts").order_by("pk")[:FIRST])
    return group
