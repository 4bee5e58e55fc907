"""Taking an import back: first the list of what would go, what would stay and why; then the act.

A small import is looked at, and taken back, in the request; a larger one by a worker, with its progress shown.
"""

from __future__ import annotations

from datetime import datetime
from itertools import chain, islice
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from contacts.admin import import_access as access
from contacts.admin.import_files import send
from contacts.admin.import_progress import progress
from contacts.admin.import_work import UNDONE_AT_ONCE, wake_a_worker
from contacts.admin.pages import needs, page
from contacts.admin.waking import go_to
from contacts.exports import safe_cell
from contacts.models import Arrival, ImportBatch, Review
from contacts.services import story, undo
from contacts.services.undo import leftovers, state

#: Lines shown of each kind, and cases named.
SHOWN, CASES = 50, 20


@needs(access.UNDO)
@require_http_methods(["GET", "POST"])
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what taking the import back would do, have that worked out, or do it."""
    batch = access.own(request.user, pk)
    try:
        if request.method == "POST":
            return _look(request, batch) if request.POST.get("act") == "look" else _undo(request, batch)
        return _page(request, batch)
    except undo.CannotUndo as error:
        messages.warning(request, str(error))
        return go_to(request, reverse("hub:import", args=[pk]))


@needs(access.UNDO)
@require_GET
def left(request: HttpRequest, pk: int) -> HttpResponse:
    """The list of what was left when the import was taken back, and why, as CSV."""
    batch = access.own(request.user, pk)
    rows = leftovers.rows(batch)
    try:
        first = list(islice(rows, 2))
    except OSError:
        messages.error(request, "The list of what was left is not there any more.")
        return redirect("hub:import", pk)
    return send(request, batch, "left", ([safe_cell(cell) for cell in row] for row in chain(first, rows)))


def at_work(request: HttpRequest, batch: ImportBatch, what: str) -> HttpResponse:
    """How far it is: contact by contact, in the worker."""
    now = state.of(batch)
    return progress(request, batch, what, now.done, now.total, unit="contact", waiting=not batch.lease_holder)


def what_was_done(batch: ImportBatch) -> dict[str, Any] | None:
    """What the import's page says once it was taken back: the numbers, by whom, and the cases that stay open."""
    plan = state.plan_of(batch) if batch.undone_at else None
    if plan is None:
        return None
    return {"plan": plan, "by": state.of(batch).by, "cases": _open_cases(batch) if plan.cases_left else []}


def _open_cases(batch: ImportBatch) -> list[Review]:
    """The open cases in which records of this import wait, one more than are named."""
    waits = Arrival.objects.filter(review=OuterRef("pk"), batch=batch)
    return list(Review.objects.filter(Exists(waits), status=Review.Status.OPEN).order_by("pk")[: CASES + 1])


def _look(request: HttpRequest, batch: ImportBatch) -> HttpResponse:
    who = request.user
    undo.ask_to_look(batch.pk, actor=story.person_name(who), user_id=who.pk, at=timezone.now())
    wake_a_worker(batch.pk)
    return redirect("hub:import_undo", batch.pk)


def _undo(request: HttpRequest, batch: ImportBatch) -> HttpResponse:
    who: dict[str, Any] = {"actor": story.person_name(request.user), "user_id": request.user.pk}
    if batch.done > UNDONE_AT_ONCE:
        undo.ask_to_undo(batch.pk, at=timezone.now(), **who)
        wake_a_worker(batch.pk)
        return redirect("hub:import", batch.pk)
    counts = undo.undo_import(batch.pk, **who).counts
    messages.success(
        request,
        f"Taken back: {_count(counts['removed'], 'contact')} removed, {_count(counts['emptied'], 'value')} emptied, "
        f"{_count(counts['left'], 'thing')} left.",
    )
    return redirect("hub:import", batch.pk)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _page(request: HttpRequest, batch: ImportBatch) -> HttpResponse:
    if why := state.refusal(batch):
        raise undo.CannotUndo(why)
    if state.of(batch).step == state.LOOKING:
        return at_work(request, batch, "Working out what taking it back would do")
    if request.htmx:  # type: ignore[attr-defined]
        return go_to(request, request.path)
    large = batch.done > UNDONE_AT_ONCE
    plan = state.plan_of(batch) if large else undo.plan_undo(batch, shown=SHOWN)
    trail = [*access.trail(), (batch.filename, reverse("hub:import", args=[batch.pk]))]
    context = {"batch": batch, "plan": plan, "shown": SHOWN}
    if plan is not None:
        context |= _lines(plan) | {"as_of": datetime.fromisoformat(state.of(batch).at) if large else None}
    return page(request, "hub/import_undo.html", "Take it back", context, trail=trail)


def _lines(plan: undo.UndoPlan) -> dict[str, Any]:
    names = story.load_names()
    return {
        "removed": plan.removed[:SHOWN],
        "emptied": [(item, names.label(item.field)) for item in plan.emptied[:SHOWN]],
        "left": [(item, names.label(item.field) if item.field else "") for item in plan.left[:SHOWN]],
    }
