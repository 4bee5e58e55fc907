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
from contacts.services.undo import CannotUndo, UndoPlan, plan_undo, undo_import

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
        plan = plan_undo(batch, shown=SHOWN)
    except CannotUndo as error:
        messages.warning(request, str(error))
        return redirect("hub:import", pk)
    trail = [*access.trail(), (batch.filename, reverse("hub:import", args=[pk]))]
    return page(request, "hub/import_undo.html", "Take it back", _context(batch, plan), trail=trail)


def _undo(request: HttpRequest, batch: ImportBatch) -> HttpResponse:
    user = request.user
    plan = undo_import(batch.pk, actor=story.person_name(user), user_id=user.pk, at=timezone.now())
    counts = plan.counts
    messages.success(
        request,
        f"Taken back: {_count(counts['removed'], 'contact')} removed, {_count(counts['emptied'], 'value')} emptied, "
        f"{_count(counts['left'], 'thing')} left.",
    )
    return redirect("hub:import", batch.pk)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _context(batch: ImportBatch, plan: UndoPlan) -> dict[str, object]:
    names = story.load_names()
    return {
        "batch": batch,
        "plan": plan,
        "emptied": [(item, names.label(item.field)) for item in plan.emptied],
        "left": [(item, names.label(item.field) if item.field else "") for item in plan.left],
        "shown": SHOWN,
    }
