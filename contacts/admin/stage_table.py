"""The stage table: who may move whom where, what was refused, and the version in force."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET

from contacts.admin.pages import needs, page
from contacts.domain.stage_table import Contents
from contacts.services import refusals, stage_page, stage_tables

SEE = "contacts.view_stagetableversion"
#: Refusals on the card.
LAST = 8


def connection_of(request: HttpRequest, contents: Contents) -> str:
    """Whose names are shown: the one that was asked for, else the first."""
    asked = request.GET.get("in", "").replace("\x00", "")[:60]
    return asked or next(iter(sorted(contents.names)), "")


def moves_context(request: HttpRequest, contents: Contents, before: Contents | None = None) -> dict[str, Any]:
    """The table of moves, with the cell that the footer speaks of."""
    rows, heads = stage_page.lines(contents, timezone.now(), people=True, before=before)
    moves = [m for row in rows for m in row.moves]
    asked = request.GET.get("cell", "")
    usual = next((m for m in moves if m.cell.start == "in-discovery" and m.cell.end == "mql"), moves[0])
    return {"rows": rows, "heads": heads, "picked": next((m for m in moves if m.key == asked), usual)}


@needs(SEE)
@require_GET
def stages(request: HttpRequest) -> HttpResponse:
    """The version in force."""
    now, version, contents = timezone.now(), stage_tables.in_force(), stage_tables.current_contents()
    if not contents.stages:
        return page(request, "hub/stage_none.html", "Stage table")
    connection = connection_of(request, contents)
    context = {
        "version": version,
        "draft": stage_tables.draft(),
        **moves_context(request, contents),
        "stages": stage_page.stage_lines(contents, connection, stage_tables.contacts_per_stage()),
        "connection": connection,
        "connections": sorted(contents.names),
        "refused": stage_page.refusal_lines(refusals.latest(LAST), contents),
        "week": refusals.total(now),
    }
    return page(request, "hub/stage_table.html", "Stage table", context)


urlpatterns = [path("stages/", stages, name="stages")]
