"""A change of the stage table: edited in place, with its problems and whom it concerns, then put in force."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts.admin.pages import needs, page
from contacts.admin.stage_table import SEE, connection_of, moves_context
from contacts.domain.stage_table import as_data, compare, read
from contacts.models import StageTableVersion
from contacts.orders import read_id
from contacts.services import stage_page, stage_tables
from contacts.services.records import storable
from contacts.services.stage_edits import IN, Unreadable
from contacts.services.stage_tables import EDIT, FORCE, Changed, Refused

TRAIL = ("Stage table", "hub:stages")


def trail() -> list[tuple[str, str]]:
    """The path to every page under the stage table."""
    return [(TRAIL[0], reverse(TRAIL[1]))]


@needs(SEE)
@require_GET
def stages_draft(request: HttpRequest) -> HttpResponse:
    """The draft beside what is in force."""
    version = stage_tables.draft()
    if version is None:
        return redirect("hub:stages")
    return page(
        request, "hub/stage_draft.html", f"Draft of version {version.number}", _context(request, version), trail=trail()
    )


def _context(request: HttpRequest, version: StageTableVersion) -> dict[str, Any]:
    contents, before = read(version.data), stage_tables.current_contents()
    counts = stage_tables.contacts_per_stage()
    connection = connection_of(request, contents)
    found = stage_tables.problems_of(version)
    return {
        "version": version,
        **moves_context(request, contents, before),
        "stages": stage_page.stage_lines(contents, connection, counts, before),
        "gone": [s for s in before.in_order() if contents.get(s.slug) is None],
        "owners": stage_page.owners(),
        "connection": connection,
        "connections": sorted({*contents.names, *before.names}),
        "unnamed": stage_page.unnamed(contents, connection),
        "column": f"{IN}{connection}" if connection else "",
        "problems": found,
        "wrong": {p.stage for p in found},
        "concerned": stage_tables.concerned(version, counts),
        "differences": stage_page.differences(compare(before, contents)),
        "same": as_data(before) == as_data(contents),
    }


@needs(EDIT)
@require_POST
def stages_edit(request: HttpRequest) -> HttpResponse:
    """One edit of the draft; drawn anew where a script asked, else back to the page."""
    error = ""
    try:
        _act(request)
    except (Changed, Refused, Unreadable) as wrong:
        error = str(wrong)
    version = stage_tables.draft()
    if request.headers.get("X-Requested-With") == "fetch" and version is not None:
        status = 409 if error else 200
        context = _context(request, version) | {"error": error}
        return render(request, "hub/stage_draft_part.html", context, status=status)
    if error:
        messages.error(request, error)
    there = request.POST.get("in", "")
    return redirect(f"{reverse('hub:stages_draft')}{f'?in={there}' if there.replace('-', '').isalnum() else ''}")


def _act(request: HttpRequest) -> None:
    posted, user, now = request.POST, request.user, timezone.now()
    text = {name: storable(posted.get(name, ""))[:1000] for name in ("stage", "column", "was", "now", "label", "end")}
    acts: dict[str, Callable[[], object]] = {
        "start": lambda: stage_tables.draft_of(user, now),
        "cell": lambda: stage_tables.edit_cell(text["stage"], text["column"], text["was"], text["now"], user, now),
        "close": lambda: stage_tables.set_closed(text["stage"], text["end"], False, True, user, now),
        "open": lambda: stage_tables.set_closed(text["stage"], text["end"], True, False, user, now),
        "add": lambda: stage_tables.add_stage(text["label"], user, now),
        "remove": lambda: stage_tables.remove_stage(text["stage"], user, now),
        "discard": lambda: stage_tables.discard_draft(user),
    }
    act = acts.get(posted.get("act", ""))
    if act is None:
        raise Refused("The page asked for something that can’t be done.")
    act()


@needs(FORCE)
@require_POST
def stages_force(request: HttpRequest) -> HttpResponse:
    """Put the draft in force, as it was seen."""
    reason, seen = storable(request.POST.get("reason", "")), read_id(request.POST.get("revision", "")) or 0
    try:
        version = stage_tables.put_in_force(request.user, reason[:1000], timezone.now(), seen)
    except Refused as error:
        messages.error(request, str(error))
        return redirect("hub:stages_draft")
    messages.success(request, f"Version {version.number} is in force. Every door asks it from now on.")
    return redirect("hub:stages")


urlpatterns = [
    path("stages/draft/", stages_draft, name="stages_draft"),
    path("stages/draft/edit/", stages_edit, name="stages_edit"),
    path("stages/draft/force/", stages_force, name="stages_force"),
]
