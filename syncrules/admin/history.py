"""Versions of a worksheet: who put which in force when and why, two side by side, and any of them brought back."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts.admin.pages import needs, page
from syncrules.admin.files import differences
from syncrules.admin.state import words_of
from syncrules.admin.worksheet import VIEW, connection_of, trail
from syncrules.models import Connection, WorksheetVersion
from syncrules.services import checking, comparing, versions
from syncrules.services.rows import COLUMNS, Unusable


def _numbered(connection: Connection, text: str) -> WorksheetVersion | None:
    wanted = text.isdecimal() and len(text) < 10
    return connection.versions.filter(number=int(text)).first() if wanted else None


@needs(VIEW)
@require_GET
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Two versions side by side: what is in force and the draft, or any that are asked for."""
    connection = connection_of(slug)
    every = list(connection.versions.order_by("-number"))
    in_force, newest = versions.in_force(connection), every[0] if every else None
    after = _numbered(connection, request.GET.get("b", "")) or newest
    usual = in_force if in_force and after and in_force.pk != after.pk else (every[1] if len(every) > 1 else in_force)
    before = _numbered(connection, request.GET.get("a", "")) or usual
    comparison = comparing.compare(before, after)
    context = {
        "connection": connection,
        "versions": every,
        "before": before,
        "after": after,
        "comparison": comparison,
        "changes": differences(comparison, checking.around(connection)),
        "may_edit": request.user.has_perm(versions.EDIT),
    }
    return page(request, "hub/worksheet_compare.html", "Versions", context, trail=trail(connection))


@needs(VIEW)
@require_GET
def version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One version as it says; each row has an address of its own."""
    connection = connection_of(slug)
    shown = connection.versions.filter(number=number).first()
    if shown is None:
        raise Http404
    where = checking.around(connection)
    named = {"hub_field": where.hub_fields, "map_field": where.map_fields}
    lines = [
        (row, {column: words_of(column, getattr(row, column), named) for column in COLUMNS})
        for row in shown.rows.order_by("number")
    ]
    context = {"connection": connection, "version": shown, "lines": lines}
    return page(request, "hub/worksheet_version.html", f"v{number}", context, trail=trail(connection))


@needs(versions.EDIT)
@require_POST
def bring_back(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A version of the past becomes the draft."""
    connection = connection_of(slug)
    try:
        draft = versions.bring_back(connection, number, request.user, timezone.now())
    except Unusable as error:
        messages.error(request, str(error))
        return redirect("rules:worksheet_compare", slug)
    words = f"The draft v{draft.number} says what v{number} said. Look at it, then put it in force."
    messages.success(request, words)
    return redirect("rules:worksheet", slug)


urlpatterns = [
    path("connections/<slug:slug>/worksheet/versions/", compare, name="worksheet_compare"),
    path("connections/<slug:slug>/worksheet/v<int:number>/", version, name="version"),
    path("connections/<slug:slug>/worksheet/v<int:number>/bring-back/", bring_back, name="worksheet_bring_back"),
]
