"""Consent of everybody: who may be mailed for a purpose, what lacks evidence, what changed; and the purposes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts import exports
from contacts.admin.consents import SEE
from contacts.admin.pages import needs, page
from contacts.models import Erasure
from contacts.services.consent import purposes, reports

EXPORT = "contacts.export_contact"
SHOWN = 100


@needs(SEE)
@require_GET
def consent_reports(request: HttpRequest) -> HttpResponse:
    """Who may be mailed right now, which agreements lack evidence, what changed this week."""
    names, purpose = purposes.names(), _asked(request)
    count, mailed = reports.first(reports.mailable(purpose), SHOWN)
    unproven, lacking = reports.unproven(SHOWN)
    changed, newest = reports.since(timezone.now(), SHOWN)
    context = {
        "purpose": names[purpose], "asked": purpose, "purposes": names, "mailable": count, "mailed": mailed,
        "unproven": unproven, "lacking": lacking, "changed": changed, "newest": newest,
        "erasures": Erasure.objects.all()[:SHOWN],
    }  # fmt: skip
    return page(request, "hub/consent_reports.html", "Consent", context)


def _asked(request: HttpRequest) -> str:
    return purposes.known(request.GET.get("purpose", ""))


Report = Callable[[str, datetime], Iterable[Iterable[Any]]]
FILES: dict[str, Report] = {
    "mailable": lambda purpose, at: reports.mailable_rows(purpose),
    "unproven": lambda purpose, at: reports.unproven_rows(),
    "week": lambda purpose, at: reports.week_rows(at),
}


@needs(EXPORT)
@require_GET
def consent_file(request: HttpRequest, which: str) -> HttpResponseBase:
    """A report as a CSV in which no cell is a formula."""
    if which not in FILES:
        raise Http404
    at, purpose = timezone.now(), _asked(request)
    rows = exports.noted(_safe(FILES[which](purpose, at)), what=f"consent {which}", form="csv",
                         who=request.user.get_username())  # fmt: skip
    name = f"consent-{which}{f'-{purpose}' if which == 'mailable' else ''}-{at:%Y-%m-%d}.csv"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(exports.csv_lines(rows), content_type=exports.CSV_TYPE, headers=disposition)


def _safe(rows: Iterable[Iterable[Any]]) -> Iterator[list[str]]:
    for row in rows:
        yield [exports.safe_cell(cell) for cell in row]


@needs(purposes.MAY)
@require_POST
def consent_purpose(request: HttpRequest) -> HttpResponse:
    """Add a purpose, or take one out of use."""
    try:
        if slug := request.POST.get("retire"):
            purposes.retire(slug, user=request.user)
            messages.success(request, "Nobody is mailed for it any more. Its records stay.")
        else:
            made = purposes.add(request.POST.get("name", ""), user=request.user, at=timezone.now())
            messages.success(request, f"“{made.name}” can be agreed to now.")
    except purposes.Unusable as error:
        messages.error(request, str(error))
    return redirect("hub:consents")


urlpatterns = [
    path("consent/", consent_reports, name="consents"),
    path("consent/purposes/", consent_purpose, name="consent_purpose"),
    path("consent/<slug:which>.csv", consent_file, name="consent_file"),
]
