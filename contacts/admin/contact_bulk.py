"""Stage and owner of many contacts at once: what would be written and what is refused and why, then the work."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts.admin.contact_list import asked_for
from contacts.admin.contact_writing import trail
from contacts.admin.pages import needs, page
from contacts.admin.waking import go_to, wake
from contacts.models import BulkEdit, Contact, Stage
from contacts.orders import read_id
from contacts.services import bulk_edit
from contacts.services.people import CHANGE, Invalid
from contacts.services.records import storable
from contacts.tasks import look_at_edit

Status = BulkEdit.Status
KEEP, NOBODY = "", "none"


def chosen(request: HttpRequest) -> tuple[list[int], str]:
    """Which contacts: those that were ticked, else all that the list's address matches; and in which words."""
    posted = request.POST
    ids = [i for text in posted.getlist("contact") if (i := read_id(text))]
    if ids and not posted.get("all"):
        return list(dict.fromkeys(ids)), "chosen from the list"
    filters = QueryDict(storable(posted.get("filters", ""))[:2000])
    request.GET = filters  # type: ignore[assignment]
    asked = asked_for(request)
    rows = asked.everything(Contact.objects.only("pk")).values_list("pk", flat=True)
    words = ", ".join(f"{name} {text}" for name, text in filters.items() if text and name in ("q", "stage", "source"))
    return list(rows[: bulk_edit.MOST + 1]), f"all that match {words}" if words else "all that the list shows"


@needs(CHANGE)
@require_http_methods(["GET", "POST"])
def contact_bulk(request: HttpRequest) -> HttpResponse:
    """Choose what to set, or work out what it would do. Nothing is written yet."""
    if request.method == "GET":  # signed in anew, or typed: the contacts are chosen on the list
        return redirect("hub:contacts")
    ids, which = chosen(request)
    if request.POST.get("act") != "look":
        return _choose(request, ids, which)
    owner = request.POST.get("owner", KEEP)
    try:
        edit = bulk_edit.start(
            ids, stage=storable(request.POST.get("stage", "")), which=which, user=request.user, at=timezone.now(),
            owner=None if owner == KEEP else "" if owner == NOBODY else owner,
            reason=storable(request.POST.get("reason", "")),
        )  # fmt: skip
    except Invalid as error:
        return _choose(request, ids, which, str(error))
    return _work(edit)


def _choose(request: HttpRequest, ids: list[int], which: str, error: str = "") -> HttpResponse:
    everything = bool(request.POST.get("all")) or not request.POST.getlist("contact")
    people = get_user_model().objects.filter(is_staff=True, is_active=True).order_by("first_name", "username")
    context = {
        "ids": [] if everything else ids,
        "all": everything,
        "filters": request.POST.get("filters", ""),
        "number": min(len(ids), bulk_edit.MOST),
        "too_many": len(ids) > bulk_edit.MOST,
        "most": bulk_edit.MOST,
        "which": which,
        "stages": Stage.objects.all(),
        "people": people,
        "error": error,
        "picked": {name: request.POST.get(name, "") for name in ("stage", "owner", "reason")},
    }
    return page(request, "hub/contact_bulk.html", "Edit many", context, trail=trail(), status=400 if error else 200)


def _work(edit: BulkEdit) -> HttpResponse:
    """A few contacts at once, in the request; many by a worker."""
    if len(edit.contacts) <= bulk_edit.AT_ONCE:
        bulk_edit.work(edit.pk)
    else:
        wake(look_at_edit, edit.pk)
    return redirect("hub:contact_bulk_show", edit.pk)


@needs(CHANGE)
@require_GET
def contact_bulk_show(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is, what it would do, or what it did."""
    edit = get_object_or_404(BulkEdit, pk=pk)
    working = edit.status in (Status.CHECKING, Status.QUEUED, Status.RUNNING)
    htmx = request.htmx  # type: ignore[attr-defined]
    if htmx and not working:
        return go_to(request, request.path)
    total = len(edit.contacts)
    context: dict[str, Any] = {"edit": edit, "total": total, "percent": 100 * edit.done // total if total else 0}
    if htmx:
        return render(request, "hub/contact_bulk_part.html", context)
    context |= {"working": working, "reasons": sorted(edit.refused.items(), key=lambda r: -r[1])}
    return page(request, "hub/contact_bulk_show.html", f"{edit.said}: {total:,}", context, trail=trail())


@needs(CHANGE)
@require_POST
def contact_bulk_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what was shown, once, however often the button is pressed."""
    edit = get_object_or_404(BulkEdit, pk=pk)
    if edit.created_by_id != request.user.pk:
        messages.error(request, f"{edit.created_by_name} asked for this, and it is done in that name.")
        return redirect(reverse("hub:contact_bulk_show", args=[pk]))
    bulk_edit.queue(edit)
    return _work(edit)


urlpatterns = [
    path("contacts/many/", contact_bulk, name="contact_bulk"),
    path("contacts/many/<int:pk>/", contact_bulk_show, name="contact_bulk_show"),
    path("contacts/many/<int:pk>/run/", contact_bulk_run, name="contact_bulk_run"),
]
