"""The log of what the stage table refused: filtered, page by page, and as a CSV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET

from contacts import exports
from contacts.admin.list_pages import address
from contacts.admin.pages import needs, page
from contacts.admin.stage_draft import trail
from contacts.domain.stage_moves import policy
from contacts.models import Refusal
from contacts.services import refusals, stage_page, stage_tables

SEE = "contacts.view_refusal"
SHOWN = 50
#: Periods that the list can be narrowed to, in days.
DAYS = (7, 30)
COLUMNS = ("at", "who", "kind", "contact", "record", "from", "to", "rule", "words", "arrival")


def _asked(request: HttpRequest) -> QuerySet[Refusal]:
    params = {name: text.replace("\x00", "") for name, text in request.GET.items()}
    days = int(params["days"]) if params.get("days") in map(str, DAYS) else 0
    rows = refusals.narrowed(
        rule=params.get("rule", ""), moves=_moves(params), period=timedelta(days=days) or None, at=timezone.now()
    )
    return rows.filter(stage_page.search(params.get("who", "").strip()))


def _moves(params: dict[str, str]) -> list[tuple[str, str]]:
    """The moves of a cell of the table: those of all stages that share its row and column."""
    start, end = params.get("from", ""), params.get("to", "")
    return stage_tables.alike(start, end) if start or end else []


@needs(SEE)
@require_GET
def stages_refusals(request: HttpRequest) -> HttpResponse:
    """A page of the log, the newest first."""
    contents, rows = stage_tables.current_contents(), _asked(request)
    after = _place(request.GET.get("after", ""))
    if after:
        rows = rows.filter(after)
    found = list(rows[: SHOWN + 1])
    more = found[SHOWN - 1] if len(found) > SHOWN else None
    context = {
        "lines": stage_page.refusal_lines(found[:SHOWN], contents),
        "older": address(request.GET, after=f"{more.at.isoformat()}~{more.pk}") if more else "",
        "newest": address(request.GET, after=None) if after else "",
        "rules": policy(contents),
        "stages": contents.in_order(),
        "days": DAYS,
        "picked": {name: request.GET.get(name, "") for name in ("rule", "from", "to", "days", "who")},
        "filtered": any(request.GET.get(name) for name in ("rule", "from", "to", "days", "who")),
        "export": address(request.GET),
        "week": refusals.total(timezone.now()),
    }
    return page(request, "hub/stage_refusals.html", "Refusals", context, trail=trail())


def _place(text: str) -> Q | None:
    """Everything behind a place in the list; an address that makes no sense is the beginning."""
    moment, _, ident = text.partition("~")
    at = _moment(moment)
    if at is None or not ident.isdigit() or len(ident) > 18:
        return None
    return Q(at__lt=at) | Q(at=at, pk__lt=int(ident))


def _moment(text: str) -> Any:
    try:
        found = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


@needs(SEE)
@require_GET
def stages_refusals_export(request: HttpRequest) -> HttpResponseBase:
    """The same rows as a CSV in which no cell is a formula."""
    rows = exports.noted(_cells(_asked(request)), what="refusals", form="csv", who=request.user.get_username())
    name = f"refusals-{timezone.now():%Y-%m-%d}.csv"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(exports.csv_lines(rows), content_type=exports.CSV_TYPE, headers=disposition)


def _cells(rows: QuerySet[Refusal]) -> Iterator[list[str]]:
    yield list(COLUMNS)
    for r in rows.select_related(None).iterator(chunk_size=exports.CHUNK):
        cells = (
            r.at.isoformat(), r.who, r.get_kind_display(), r.contact_id, r.ref, r.stage_from,
            r.stage_to or r.offered, r.rule, r.words, r.arrival_id,
        )  # fmt: skip
        yield [exports.safe_cell("" if c is None else c) for c in cells]


urlpatterns = [
    path("stages/refusals/", stages_refusals, name="stages_refusals"),
    path("stages/refusals/export/", stages_refusals_export, name="stages_refusals_export"),
]
