"""Steps 3 and 4 of an import: the dry run, the work itself while it goes on, and what came of it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts.admin import import_access as access
from contacts.admin import import_show as show
from contacts.admin import import_undo
from contacts.admin.import_progress import progress
from contacts.admin.import_work import IMPORTED_AT_ONCE, wake_a_worker
from contacts.admin.pages import needs, page
from contacts.admin.waking import go_to
from contacts.models import Arrival, ImportBatch, Outcome
from contacts.services import imports
from contacts.services.consent.imported import recorded
from contacts.services.undo.state import being_undone

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
        return go_to(request, reverse(access.step_of(batch), args=[batch.pk]))
    if batch.status == Status.CHECKING:
        return progress(request, batch, "Dry run", batch.checked, batch.rows, step=3)
    if request.htmx:  # type: ignore[attr-defined]
        return go_to(request, request.path)
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
        return _at_work(request, batch)
    if being_undone(batch):
        return import_undo.at_work(request, batch, "Taking the import back")
    if request.htmx:  # type: ignore[attr-defined]
        return go_to(request, request.path)
    mine = access.may_open(request.user, batch) and request.user.has_perm(access.UPLOAD)
    if batch.status in (Status.MATCHING, Status.CHECKING, Status.CHECKED) and mine:
        return redirect(access.step_of(batch), batch.pk)
    return page(request, "hub/import.html", batch.filename, _result(request, batch, mine), trail=access.trail())


def _at_work(request: HttpRequest, batch: ImportBatch) -> HttpResponse:
    may_stop = access.may_open(request.user, batch) and request.user.has_perm(access.UPLOAD)
    more = {"may_stop": may_stop, "counts": show.bar(batch.counts), "step": 4}
    waiting = batch.status == Status.QUEUED
    return progress(request, batch, "Import", batch.done, batch.rows, waiting=waiting, **more)


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
        if batch.status not in ready or batch.undone_at or not (batch.mapping and batch.stored):
            return redirect(access.step_of(batch), pk)
        imports.queue(batch)
        at_once = batch.rows - batch.done <= IMPORTED_AT_ONCE
        if not at_once:
            wake_a_worker(pk)
    if at_once:
        imports.run(pk)
    return redirect("hub:import", pk)


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
        "consent": recorded(batch)["said"] if batch.done else "",
        "mine": mine,
        "may_undo": bool(batch.done) and user.has_perm(access.UNDO) and access.may_open(user, batch),
        "undone": import_undo.what_was_done(batch),
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
