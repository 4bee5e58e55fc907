"""The worksheet as a file, and what a draft would do to the last arrivals and pulls."""

from __future__ import annotations

import json
import time
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts.admin.pages import needs, page
from contacts.exports import CSV_TYPE, csv_lines, safe_cell
from syncrules.admin.state import words_of
from syncrules.admin.worksheet import VIEW, connection_of, trail
from syncrules.models import Connection
from syncrules.services import checking, comparing, editing, simulate, versions, worksheet_files
from syncrules.services.rows import COLUMNS, Unusable

LAST = 10_000
#: Lines of a simulation on the page; the file has all of them.
SHOWN, KEPT = 100, 10


@needs(VIEW)
@require_GET
def export(request: HttpRequest, slug: str) -> HttpResponse:
    """The draft, else what is in force, as CSV in the playbook's columns."""
    where = checking.around(connection_of(slug))
    version = versions.newest(where.connection)
    response = HttpResponse(
        worksheet_files.export(checking.worksheet_of(where, version)), content_type="text/csv; charset=utf-8"
    )
    name = f"worksheet_{slug}_v{version.number if version else 0}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@needs(versions.EDIT)
@require_http_methods(["GET", "POST"])
def import_file(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose a file, look at what it would change, then make exactly that the draft."""
    connection = connection_of(slug)
    context: dict[str, Any] = {"connection": connection}
    if request.method == "POST":
        try:
            if "said" in request.POST:
                return _imported(request, connection)
            context |= _planned(request, connection)
        except (worksheet_files.NotTaken, Unusable) as error:
            context["problem"] = str(error)
    return page(request, "hub/worksheet_import.html", "Import CSV", context, trail=trail(connection))


def _planned(request: HttpRequest, connection: Connection) -> dict[str, Any]:
    upload = request.FILES.get("file")
    if upload is None:
        raise worksheet_files.NotTaken("No file was chosen.")
    where, draft = checking.around(connection), versions.draft_or_none(connection)
    base = draft or versions.in_force(connection)
    data = upload.read(worksheet_files.LARGEST + 1)
    found = worksheet_files.read_bytes(upload.name or "the file", data, checking.worksheet_of(where, base))
    plan = worksheet_files.plan(where, base, found, draft.revision if draft else 0)
    return {
        "plan": plan,
        "said": json.dumps(plan.said),
        "changes": differences(plan.comparison, where),
        "stops": len(checking.stopping(plan.problems)),
        "base": base,
    }


def _imported(request: HttpRequest, connection: Connection) -> HttpResponse:
    try:
        said, revision = json.loads(request.POST["said"]), int(request.POST["revision"])
        editing.import_rows(connection, said, request.user, timezone.now(), revision)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, Unusable):
            raise
        raise worksheet_files.NotTaken("This import was not understood. Choose the file again.") from None
    messages.success(request, "The file is the draft now. It can be taken back with Ctrl+Z.")
    return redirect("rules:worksheet", connection.slug)


def differences(comparison: comparing.Comparison, where: checking.Around) -> list[dict[str, Any]]:
    """Each row that differs, with its cells in words."""
    named = {"hub_field": where.hub_fields, "map_field": where.map_fields}
    shown = []
    for change in comparison.rows:
        columns = list(COLUMNS) if change.before is None or change.after is None else change.columns
        cells = [
            (COLUMNS[column], *(words_of(column, getattr(row, column), named) if row else "" for row in
                                (change.before, change.after)))
            for column in columns
        ]  # fmt: skip
        row = change.after or change.before
        if change.kind != "same" and row is not None:
            kept = [cell for cell in cells if cell[1] != cell[2] and {cell[1], cell[2]} != {"", "no"}]
            shown.append({"kind": change.kind, "row": row, "cells": kept, "change": change})
    return shown


@needs(VIEW)
@require_POST
def run(request: HttpRequest, slug: str) -> JsonResponse:
    """The draft against the last arrivals and pulls; nothing is written."""
    where = checking.around(connection_of(slug))
    started = time.monotonic()
    result, versus = _simulated(where)
    labels = {name: f.label for name, f in where.hub_fields.items()}
    concerned = len({d.contact for d in result.differences})
    return JsonResponse(
        {
            "title": versus,
            "heads": _heads(where),
            "seconds": round(time.monotonic() - started, 1),
            "arrivals": result.arrivals,
            "looked_at": result.contacts,
            "total": result.total,
            "concerned": concerned,
            "by_field": [(labels.get(name, name), n) for name, n in result.by_field.most_common()],
            "differences": [_line(d, labels) for d in result.differences[:SHOWN]],
            "kept": [_line(d, labels) for d in result.kept[:KEPT]],
            "kept_total": len(result.kept),
            "file": reverse("rules:worksheet_simulation", args=[slug]),
        }
    )


def _simulated(where: checking.Around) -> tuple[simulate.Simulated, str]:
    version = versions.newest(where.connection)
    result = simulate.simulate(where.connection, checking.worksheet_of(where, version), LAST)
    words = f"v{version.number}" if version else "nothing"
    return result, f"Simulated: {words} against the last {result.arrivals:,} arrivals and pulls"


def _heads(where: checking.Around) -> list[str]:
    """What the columns of the two values are called."""
    now, then = versions.in_force(where.connection), versions.newest(where.connection)
    return [f"Under v{version.number}" if version else word for version, word in ((now, "Now"), (then, "Then"))]


def _line(d: Any, labels: dict[str, str]) -> dict[str, Any]:
    now, then = (_text(value) for value in (d.now, d.then))
    return {"contact": d.contact, "name": d.name, "field": labels.get(d.field, d.field), "now": now, "then": then,
            "row": d.row, "because": d.because}  # fmt: skip


def _text(value: Any) -> str:
    return "" if value is None else str(value)


@needs(VIEW)
@require_GET
def simulation_file(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Every difference of the simulation, as CSV."""
    where = checking.around(connection_of(slug))
    result, _ = _simulated(where)
    labels = {name: f.label for name, f in where.hub_fields.items()}
    head = ["Contact", "Name", "Field", "Now", "Then", "Row", "Because"]
    lines = (list(_line(d, labels).values()) for d in (*result.differences, *result.kept))
    rows = ([safe_cell(cell) for cell in line] for line in (head, *lines))
    response = StreamingHttpResponse(csv_lines(rows), content_type=CSV_TYPE)
    response["Content-Disposition"] = f'attachment; filename="simulation_{slug}.csv"'
    return response


urlpatterns = [
    path("connections/<slug:slug>/worksheet/export/", export, name="worksheet_export"),
    path("connections/<slug:slug>/worksheet/import/", import_file, name="worksheet_import"),
    path("connections/<slug:slug>/worksheet/simulate/", run, name="worksheet_simulate"),
    path("connections/<slug:slug>/worksheet/simulation/", simulation_file, name="worksheet_simulation"),
]
