"""Taking an import back: first the list of what would go, what would stay and why; then the act."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from contacts.admin import import_access as access
from contacts.admin.pages import needs, page
from contacts.models import ImportBatch
from contacts.services import story
from contacts.services.undo import CannotUndo, Undo, plan_undo, undo_import

#: Lines shown of each kind.
SHOWN = 50


@needs(access.UNDO)
@require_http_methods(["GET", "POST"])
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what taking the import back would do, or do it."""
    batch = access.own(request.user, pk)
    try:
        if request.method == "POST":
            return _undo(request, batch)
        found = plan_undo(batch)
    except CannotUndo as error:
        messages.error(request, str(error))
        return redirect("hub:import", pk)
    if found.done_before:
        messages.warning(request, "This import was taken back already.")
        return redirect("hub:import", pk)
    trail = [*access.trail(), (batch.filename, reverse("hub:import", args=[pk]))]
    return page(request, "hub/import_undo.html", "Take it back", _context(batch, found), trail=trail)


def _undo(request: HttpRequest, batch: ImportBatch) -> HttpResponse:
    found = undo_import(batch.pk, by=story.person_name(request.user), at=timezone.now())
    if found.done_before:
        messages.warning(request, "This import was taken back already. Nothing was done.")
    else:
        messages.success(
            request,
            f"Taken back: {_count(len(found.removed), 'contact')} removed, {_count(len(found.emptied), 'value')} "
            f"emptied, {_count(len(found.left), 'thing')} left.",
        )
    return redirect("hub:import", batch.pk)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _context(batch: ImportBatch, found: Undo) -> dict[str, object]:
    names = story.load_names()
    return {
        "batch": batch,
        "found": found,
        "removed": found.removed[:SHOWN],
        "emptied": [(i, names.label(i.field), names.shown(i.field, i.value)) for i in found.emptied[:SHOWN]],
        "left": [(i, names.label(i.field) if i.field else "") for i in found.left[:SHOWN]],
        "shown": SHOWN,
    }
