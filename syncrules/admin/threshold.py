"""Who takes part and who is a lead: two thresholds of a connection, put together with the count as one types."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts.admin.pages import needs, page
from contacts.services import story
from syncrules.admin.state import moment
from syncrules.admin.syncing import framed
from syncrules.admin.worksheet import connection_of, trail
from syncrules.domain import comparisons
from syncrules.domain import threshold as pure
from syncrules.domain.threshold import Threshold
from syncrules.domain.worksheet import FieldType
from syncrules.models import Connection
from syncrules.services import changes, threshold_edits
from syncrules.services import threshold as thresholds
from syncrules.services.connection_settings import LABELS
from syncrules.services.hub_fields import hub_fields
from syncrules.services.shown.standing import standing

VIEW, EDIT = "syncrules.view_connection", threshold_edits.EDIT
WHICH = (thresholds.TAKES_PART, thresholds.QUALIFIES)
#: The longest body that is read: a threshold with all its conditions is far below.
LONGEST = 200_000
NOT_READ = "This was not understood, so nothing was changed. Open the page again."


class _Unread(ValueError):
    """A body that this page never sends."""


@needs(VIEW)
@require_GET
def threshold(request: HttpRequest, slug: str) -> HttpResponse:
    """Both thresholds, and what was changed of them."""
    connection, fields = connection_of(slug), hub_fields()
    may = request.user.has_perm(EDIT)
    context = framed(standing(connection, timezone.now()), request) | {
        "both": [_card(connection, which, fields) for which in WHICH],
        "data": {
            "fields": [_field(f) for f in pure.askable(fields).values()],
            "may": may,
            "reason": connection.state != Connection.State.DRAFT,
            "map": connection.name,
        },
        "may_change": may,
        "lines": changes.lines(connection, fields, LABELS)[0],
    }
    steps = [*trail(), (connection.name, reverse("rules:connection", args=[slug]))]
    return page(request, "hub/threshold.html", "Who takes part", context, trail=steps)


@needs(VIEW)
@require_POST
def count(request: HttpRequest, slug: str) -> JsonResponse:
    """How many contacts pass what is being put together, and each part of it; nothing is stored."""
    connection, fields = connection_of(slug), hub_fields()
    try:
        which, wanted, _ = _asked(request, fields)
    except _Unread:
        return JsonResponse({"error": NOT_READ}, status=400)
    now = thresholds.compiled(connection, which, fields)
    found = thresholds.count(connection, which, wanted, now)
    return JsonResponse(
        {
            "of": found.of,
            "passing": found.passing,
            "more": found.more,
            "fewer": found.fewer,
            "parts": {_path(path): n for path, n in found.parts.items()},
            **_told(wanted),
        }
    )


@needs(EDIT)
@require_POST
def save(request: HttpRequest, slug: str) -> JsonResponse:
    """Put it in the place of the one that the page was opened with; 409 with what stands where it is another."""
    connection, fields = connection_of(slug), hub_fields()
    try:
        which, wanted, said = _asked(request, fields)
    except _Unread:
        return JsonResponse({"error": NOT_READ}, status=400)
    by, now = story.person_name(request.user), timezone.now()
    was, reason = str(said.get("was", "")), str(said.get("reason", ""))
    try:
        stored = threshold_edits.store(connection, which, wanted, was, by, reason, now)
    except threshold_edits.Unfit as unfit:
        return JsonResponse({"error": str(unfit.problems[0].text), **_told(wanted)}, status=422)
    except changes.NeedsReason as problem:
        return JsonResponse({"error": str(problem), "reason": True}, status=422)
    except changes.Stale as stale:
        stands = _card(connection_of(slug), which, fields)
        return JsonResponse({"by": stale.by, "at": moment(stale.at), "stands": stands}, status=409)
    stands = _card(connection_of(slug), which, fields)
    return JsonResponse({"stands": stands, "words": _became(connection, stored)})


def _asked(request: HttpRequest, fields: dict[str, FieldType]) -> tuple[str, Threshold, dict[str, Any]]:
    try:
        said = json.loads(request.body) if len(request.body) <= LONGEST else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or said.get("which") not in WHICH:
        raise _Unread
    return said["which"], pure.compile(said.get("tree"), fields), said


def _card(connection: Connection, which: str, fields: dict[str, FieldType]) -> dict[str, Any]:
    """One threshold as it stands: as a tree, its sign, and in words."""
    made = thresholds.compiled(connection, which, fields)
    tree = getattr(connection, which)
    return {"which": which, "tree": tree, "mark": threshold_edits.mark_of(connection, which), **_told(made)}


def _told(made: Threshold) -> dict[str, Any]:
    return {"words": made.words, "problems": [[_path(p.path), p.text] for p in made.problems]}


def _path(path: tuple[int, ...]) -> str:
    return ".".join(map(str, path))


def _field(field: FieldType) -> dict[str, Any]:
    """A field with its comparisons and options, as the page offers them."""
    known = comparisons.BY_TYPE[field.type].values()
    return {
        "name": field.name,
        "label": field.label,
        "ops": [[c.name, c.label, c.asks] for c in known],
        "options": [list(option) for option in field.options],
    }


def _became(connection: Connection, stored: threshold_edits.Stored) -> str:
    if not stored.different:
        return "It stands so already: nothing was changed."
    if stored.syncing:
        return "Saved. A full sync has begun, so that it holds for everybody; you may leave this page."
    if stored.busy:
        return (
            f"Saved. A full sync of {connection.name} was under way already: when it is done, start another one, "
            "so that this holds for everybody."
        )
    return f"Saved. It holds from the moment {connection.name} is turned on."


urlpatterns = [
    path("connections/<slug:slug>/takes-part/", threshold, name="threshold"),
    path("connections/<slug:slug>/takes-part/count/", count, name="threshold_count"),
    path("connections/<slug:slug>/takes-part/save/", save, name="threshold_save"),
]
