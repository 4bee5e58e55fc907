"""The review queue: cases that wait for a person, what matters first, and the way into each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET

from contacts.admin import review_bulk, review_case, review_deciding, review_scans
from contacts.admin.pages import needs, page
from contacts.admin.review_asking import (
    case_address,
    choices,
    filters_in_words,
    filters_of,
    how_long,
    last_done,
    queue_address,
    sure_words,
    with_filters,
)
from contacts.models import HubSettings, Review
from contacts.orders import read_id
from contacts.services.review import claims, queue

MOST_CANDIDATES = 3
KEYS = [
    (["R"], "open the case that matters most"),
    (["J", "K"], "the next line, the line before"),
    (["Enter"], "open the case of this line"),
    (["X"], "choose this line, to decide several together"),
    (["Z"], "undo the last decision"),
    (["?"], "this list"),
]


@dataclass(frozen=True)
class Line:
    """One case of the list, in words."""

    case: Review
    address: str
    maybe: list[tuple[int, str]]
    more: int
    sure: str
    waits: str
    late: bool
    taken_by: str
    asleep: bool


@needs("contacts.view_review")
@require_GET
def queue_page(request: HttpRequest) -> HttpResponse:
    """Open cases, the one that matters most first."""
    now, filters = timezone.now(), filters_of(request)
    found = queue.filtered(filters, request.user, now)
    shown = queue.page(found, _spot(request, "after"), _spot(request, "before"))
    known, hub = choices(), HubSettings.load()
    total = queue.counted(found) if filters.given else queue.Total(queue.count_waiting(now))
    context = {
        "lines": [_line(case, request.user, now, filters, queue.late_before(now, hub)) for case in shown.cases],
        "ways": _ways(shown, filters),
        "next": queue.following(found, None, request.user, now),
        "total": total,
        "taken": queue.count_taken(now),
        "aim": hub.review_aim_hours,
        "filters": filters.given,
        "query": queue_address(filters).partition("?")[2],
        "in_words": filters_in_words(filters, known),
        "choices": known,
        "last": last_done(request),
        "today": queue.decided_today(request.user, now),
        "may_decide": request.user.has_perm(review_case.DECIDE),
        "bulk_acts": review_bulk.ACTS,
        "key_list": KEYS,
    }
    if context["next"]:
        context["next_address"] = case_address(context["next"], filters)
    return page(request, "hub/reviews.html", "Review queue", context)


def _spot(request: HttpRequest, name: str) -> queue.Spot | None:
    ident = read_id(request.GET.get(name, ""))
    return queue.spot_of(ident) if ident else None


def _ways(shown: queue.Page, filters: queue.Filters) -> dict[str, str]:
    """The addresses of the first, previous and next page, where there are such."""
    here, ways = queue_address(queue.Filters()), {}
    if shown.before and shown.cases:
        ways["first"] = with_filters(here, filters)
        ways["previous"] = with_filters(here, filters, before=shown.cases[0].pk)
    if shown.after and shown.cases:
        ways["next"] = with_filters(here, filters, after=shown.cases[-1].pk)
    return ways


def _line(case: Review, user: User, now: datetime, filters: queue.Filters, late_before: datetime) -> Line:
    people = [(c.contact_id, str(c.contact)) for c in case.candidates.all()]
    return Line(
        case,
        case_address(case.pk, filters),
        people[:MOST_CANDIDATES],
        max(len(people) - MOST_CANDIDATES, 0),
        sure_words(case.score),
        how_long(case.opened_at, now),
        case.opened_at < late_before,
        ("you" if case.taken_by_id == user.pk else case.taken_by_name) if claims.is_open(case, now) else "",
        case.asleep_until is not None and case.asleep_until > now,
    )


urlpatterns = [
    path("review/", queue_page, name="reviews"),
    *review_case.urlpatterns,
    *review_deciding.urlpatterns,
    *review_bulk.urlpatterns,
    *review_scans.urlpatterns,
]
