"""The worksheet in the browser: the grid, its edits one by one, and putting a draft in force."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts.admin.pages import needs, page
from syncrules.admin.state import choices, moment, state
from syncrules.models import Connection
from syncrules.services import checking, editing, fixes, versions
from syncrules.services.rows import Unusable

VIEW = "syncrules.view_worksheetversion"
Said = dict[str, Any]


def trail(connection: Connection | None = None) -> list[tuple[str, str]]:
    """The path to a page of a connection."""
    steps = [("Connections", reverse("rules:connections"))]
    return steps + ([(connection.name, reverse("rules:worksheet", args=[connection.slug]))] if connection else [])


def connection_of(slug: str) -> Connection:
    return get_object_or_404(Connection.objects.select_related("source"), slug=slug)


@needs(VIEW)
@require_GET
def worksheet(request: HttpRequest, slug: str) -> HttpResponse:
    """The grid, with everything that it can be set to."""
    connection = connection_of(slug)
    where = checking.around(connection)
    user = request.user
    context = {
        "connection": connection,
        "state": state(where, user, timezone.now()),
        "choices": choices(where),
        "may": {"edit": user.has_perm(versions.EDIT), "force": user.has_perm(versions.FORCE)},
        "contact": reverse("hub:contact", args=[0]),
    }
    steps = [*trail(), (connection.name, reverse("rules:connection", args=[slug]))]
    return page(request, "hub/worksheet.html", "Worksheet", context, trail=steps)


@needs(VIEW)
@require_GET
def current(request: HttpRequest, slug: str) -> JsonResponse:
    """The state as it is now; nothing where the draft is the one that the page has."""
    connection = connection_of(slug)
    draft, in_force = versions.draft_or_none(connection), versions.in_force(connection)
    has = f"{draft.number if draft else 0}.{draft.revision if draft else 0}.{in_force.number if in_force else 0}"
    if request.GET.get("has") == has:
        return JsonResponse({"same": True})
    return JsonResponse({"state": state(checking.around(connection), request.user, timezone.now())})


@needs(versions.EDIT)
@require_POST
def edit(request: HttpRequest, slug: str) -> JsonResponse:
    """One edit. Answers with the state after it; 409 with what stands where somebody else was faster."""
    connection = connection_of(slug)
    try:
        said = json.loads(request.body)
        act = ACTS[said["act"]]
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"error": "This edit was not understood, so nothing was changed."}, status=400)
    try:
        act(connection, said, request)
    except editing.Changed as stands:
        answer = {"changed": True, "value": stands.value, "by": stands.by, "at": moment(stands.at)}
        return JsonResponse(answer | _after(connection, request), status=409)
    except Unusable as error:
        return JsonResponse({"error": str(error)} | _after(connection, request), status=400)
    except (KeyError, TypeError, ValueError):
        return JsonResponse({"error": "This edit was not understood, so nothing was changed."}, status=400)
    return JsonResponse(_after(connection, request))


def _after(connection: Connection, request: HttpRequest) -> Said:
    return {"state": state(checking.around(connection), request.user, timezone.now())}


def _cell(connection: Connection, said: Said, request: HttpRequest) -> None:
    editing.edit_cell(
        connection, int(said["key"]), str(said["column"]), said["was"], said["now"], request.user, timezone.now()
    )


def _add(connection: Connection, said: Said, request: HttpRequest) -> None:
    after = int(said["after"]) if said.get("after") else None
    editing.add_row(connection, dict(said.get("values") or {}), request.user, timezone.now(), after)


def _remove(connection: Connection, said: Said, request: HttpRequest) -> None:
    editing.remove_row(connection, int(said["key"]), dict(said["was"]), request.user, timezone.now())


def _move(connection: Connection, said: Said, request: HttpRequest) -> None:
    editing.move_row(connection, int(said["key"]), int(said["to"]), request.user, timezone.now())


def _leave(connection: Connection, said: Said, request: HttpRequest) -> None:
    out = said["act"] == "leave-out"
    editing.leave_out(connection, str(said["side"]), str(said["field"]), request.user, timezone.now(), out=out)


def _fix(connection: Connection, said: Said, request: HttpRequest) -> None:
    """The problem is looked for anew: what a browser sends is a name, not what is written."""
    where = checking.around(connection)
    wanted = (said["code"], said["key"], [list(pair) for pair in said["fix_args"]])
    found = checking.check(where, checking.worksheet_of(where, versions.newest(connection)))
    problem = next((p for p in found if (p.code, p.key, [list(a) for a in p.fix_args]) == wanted), None)
    if problem is None:
        raise Unusable("This problem is not there any more.")
    fixes.apply_fix(connection, problem, request.user, timezone.now())


def _take_back(connection: Connection, said: Said, request: HttpRequest) -> None:
    editing.take_back(connection, int(said["edit"]), request.user, timezone.now())


ACTS: dict[str, Callable[[Connection, Said, HttpRequest], None]] = {
    "cell": _cell,
    "add": _add,
    "remove": _remove,
    "move": _move,
    "leave-out": _leave,
    "take-in": _leave,
    "fix": _fix,
    "take-back": _take_back,
}


@needs(versions.FORCE)
@require_POST
def force(request: HttpRequest, slug: str) -> JsonResponse:
    """Put the draft in force if it is the one that was seen."""
    connection, given = connection_of(slug), request.POST
    try:
        version = versions.put_in_force(
            connection, request.user, given.get("reason", ""), timezone.now(), _number(given, "revision"),
            checking.stops,
        )  # fmt: skip
    except Unusable as error:
        return JsonResponse({"error": str(error)} | _after(connection, request), status=400)
    messages.success(request, f"v{version.number} is in force. Every write of {connection.name} obeys it from now on.")
    return JsonResponse({"go": reverse("rules:worksheet", args=[slug])})


@needs(versions.EDIT)
@require_POST
def discard(request: HttpRequest, slug: str) -> JsonResponse:
    """Put the draft away; it can be brought back."""
    connection = connection_of(slug)
    try:
        version = versions.discard_draft(connection, request.user, timezone.now(), _number(request.POST, "revision"))
    except Unusable as error:
        return JsonResponse({"error": str(error)} | _after(connection, request), status=400)
    messages.success(request, f"v{version.number} was put away. It can be brought back under “Compare versions”.")
    return JsonResponse({"go": reverse("rules:worksheet", args=[slug])})


def _number(given: Any, name: str) -> int:
    text = given.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


urlpatterns = [
    path("connections/<slug:slug>/worksheet/", worksheet, name="worksheet"),
    path("connections/<slug:slug>/worksheet/state/", current, name="worksheet_state"),
    path("connections/<slug:slug>/worksheet/edit/", edit, name="worksheet_edit"),
    path("connections/<slug:slug>/worksheet/force/", force, name="worksheet_force"),
    path("connections/<slug:slug>/worksheet/discard/", discard, name="worksheet_discard"),
]
