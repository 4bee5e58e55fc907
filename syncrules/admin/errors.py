"""The errors of a connection: grouped by cause, tried again one by one or together, and as a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts.admin.pages import needs, page
from contacts.exports import CSV_TYPE, csv_lines, noted
from syncrules.admin.syncing import RUN, VIEW, framed, trail_of, when
from syncrules.admin.worksheet import connection_of
from syncrules.models import Connection, SyncError
from syncrules.services.shown import causes, errors
from syncrules.services.shown.budget import budget
from syncrules.services.shown.standing import standing
from syncrules.services.shown.words import many
from syncrules.services.sync.retrying import retry

SEE_PEOPLE, EXPORT = "contacts.view_contact", "contacts.export_contact"
#: Ids that one request may name, and that are put back to work together.
MOST, TOGETHER = 1_000, 5_000


@needs(VIEW)
@require_GET
def error_list(request: HttpRequest, slug: str) -> HttpResponse:
    """The groups; the first one open, or the one that is asked for. To a script, only the rows of a group."""
    connection, now = connection_of(slug), timezone.now()
    order = request.GET.get("sort", "")
    found = causes.groups(connection, order)
    wanted = request.GET.get("open", found[0].key if found else "")
    group = next((g for g in found if g.key == wanted), None)
    after = _number(request.GET.get("after", "")) or 0
    lines, more = errors.lines(causes.of_group(connection, wanted), after, now) if group else ([], None)
    may_see = request.user.has_perm(SEE_PEOPLE)
    context = {"lines": lines, "more": more, "after": after, "group": group, "may_see": may_see,
               "may_export": request.user.has_perm(EXPORT)}  # fmt: skip
    of = standing(connection, now)
    context |= framed(of, request, groups=found, orders=causes.ORDERS, order=order or "person")
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "hub/sync_error_rows.html" if after else "hub/sync_error_group.html", context)
    again = sum(g.count for g in found if g.again)
    context |= {"record": errors.record(connection, now), "budget": budget(of), "again": again}
    return page(request, "hub/sync_errors.html", "Errors", context, trail=trail_of(connection))


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _numbers(texts: Sequence[str]) -> list[int]:
    return [n for text in texts[:MOST] if (n := _number(text)) is not None]


def _asked(connection: Connection, said: Any) -> QuerySet[SyncError]:
    """The errors that a request names: some of them, a group, or all that trying again may mend."""
    still = causes.still_open(connection)
    if "one" in said:
        return still.filter(pk__in=_numbers([said["one"]]))
    if "error" in said:
        return still.filter(pk__in=_numbers(said.getlist("error")))
    if "group" in said:
        return causes.of_group(connection, said["group"])
    return still.filter(cause__in=[cause for cause, words in causes.CAUSES.items() if words.again])


@needs(RUN)
@require_POST
def put_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Try again: one, some, a group, or all that may work."""
    connection, now = connection_of(slug), timezone.now()
    ids = list(_asked(connection, request.POST).order_by("pk").values_list("pk", flat=True))
    count = sum(retry(connection, ids[n : n + TOGETHER], now) for n in range(0, len(ids), TOGETHER))
    words = _said(connection, count)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"words": words, "count": count})
    (messages.success if count else messages.warning)(request, words)
    return redirect("rules:errors", slug)


def _said(connection: Connection, count: int) -> str:
    if not count:
        return "Nothing was left to try again: these are solved, or trying again can’t help."
    return f"{many(count, 'is tried', 'are tried')} again{when(connection) or ' now'}."


@needs(VIEW)
@require_GET
def states(request: HttpRequest, slug: str) -> JsonResponse:
    """Which of the errors on a page were solved since, and how many are open."""
    connection = connection_of(slug)
    ids = _numbers(request.GET.get("ids", "").split(","))
    solved = SyncError.objects.filter(connection=connection, pk__in=ids, solved_at__isnull=False)
    return JsonResponse({"solved": sorted(solved.values_list("pk", flat=True)), "open": errors.counted(connection)})


@needs(EXPORT)
@require_GET
def file(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """The errors as CSV: all of them, a group, or those that are chosen."""
    connection = connection_of(slug)
    chosen = "error" in request.GET or "group" in request.GET
    wanted = _asked(connection, request.GET) if chosen else causes.still_open(connection)
    rows = noted(errors.table(wanted, timezone.now()), what="sync errors", who=request.user.get_username())
    response = StreamingHttpResponse(csv_lines(rows), content_type=CSV_TYPE)
    response["Content-Disposition"] = f'attachment; filename="errors_{slug}.csv"'
    return response


@needs(SEE_PEOPLE)
@require_GET
def sent(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """What was sent and what was answered; it is kept without secrets."""
    connection = connection_of(slug)
    error = SyncError.objects.filter(connection=connection, pk=pk).first()
    if error is None or not request.user.has_perm(VIEW):
        raise Http404
    now = timezone.now()
    context = {"line": errors.told([error], now)[0], "sent": _pretty(error.sent), "answered": _pretty(error.answered)}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "hub/sync_error_sent.html", context)
    context |= framed(standing(connection, now), request)
    return page(request, "hub/sync_error.html", "What was sent", context, trail=trail_of(connection))


def _pretty(said: Any) -> str:
    return "" if said is None else json.dumps(said, indent=2, ensure_ascii=False, sort_keys=True)


urlpatterns = [
    path("connections/<slug:slug>/errors/", error_list, name="errors"),
    path("connections/<slug:slug>/errors/retry/", put_back, name="errors_retry"),
    path("connections/<slug:slug>/errors/states/", states, name="error_states"),
    path("connections/<slug:slug>/errors/file/", file, name="errors_file"),
    path("connections/<slug:slug>/errors/<int:pk>/", sent, name="error_sent"),
]
