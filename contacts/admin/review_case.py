"""One case on one screen: both sides, the result of each choice, and the keys to decide it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts.admin.pages import needs, page
from contacts.admin.review_asking import (
    case_address,
    choices,
    filters_in_words,
    filters_of,
    last_done,
    queue_address,
    sure_words,
)
from contacts.models import Review
from contacts.orders import read_id
from contacts.services import story
from contacts.services.review import claims, queue, settling
from contacts.services.review.page import compare
from contacts.services.review.table import Comparison

DECIDE = "contacts.decide_review"
KEYS = [
    (["S"], "same person; of likely duplicates: one person; of a shared mailbox: seen"),
    (["D"], "different people, and never ask about this pair again"),
    (["N"], "not a lead: say why, then Enter"),
    (["L"], "later: it comes back tomorrow"),
    (["Z"], "undo the last decision"),
    (["J", "K"], "the next case, the case before; neither decides anything"),
    (["1", "2", "…"], "compare this candidate; of likely duplicates: this one stays"),
    (["X"], "swap which of two contacts stays"),
    (["↑", "↓"], "go to a field that has more than one value"),
    (["Space"], "take the other value"),
    (["?"], "this list"),
]


@needs("contacts.view_review")
@require_GET
def case_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One case. Opening it takes it for a while, for those who may decide."""
    get_object_or_404(Review, pk=pk)
    now = timezone.now()
    settling.settle_if_one(pk, now)
    if request.user.has_perm(DECIDE):
        claims.take(pk, request.user, now)
    return show(request, pk, now)


def show(
    request: HttpRequest,
    pk: int,
    now: datetime,
    *,
    news: Sequence[str] = (),
    picks: Mapping[str, str] | None = None,
    note: str = "",
    problem: str = "",
    chosen: int | None = None,
) -> HttpResponse:
    """The case as it is now. What a refused decision had typed and picked stays."""
    case = Review.objects.select_related("source", "contact").get(pk=pk)
    filters = filters_of(request)
    table = compare(case, chosen or read_id(request.GET.get("candidate", "")), request.user, now, picks)
    context = {
        "case": case,
        "table": table,
        "news": news,
        "problem": problem,
        "note": note,
        "arrivals": _arrivals(table),
        "opened": story.moment(timezone.localtime(case.opened_at), now),
        "sure": sure_words(case.score),
        "pickable": any(row.checked >= 0 for row in table.rows),
        "swap_address": _swap(case, table, filters),
        "key_list": KEYS,
        "last": last_done(request),
        **_state(case, request.user, now),
        **_around(request, case, filters, now),
    }
    status = 409 if news or problem else 200
    return page(request, "hub/review.html", f"Case {case.pk}", context, trail=_trail(filters), status=status)


def _state(case: Review, user: Any, now: datetime) -> dict[str, Any]:
    """What this person may do with the case now."""
    may_decide, waits = user.has_perm(DECIDE), case.status == Review.Status.OPEN
    elses = claims.is_taken(case, user, now)
    able = waits and may_decide and not elses
    return {
        "waits": waits,
        "asleep": waits and case.asleep_until is not None and case.asleep_until > now,
        "elses": elses,
        "able": able,
        "may_decide": may_decide,
        "mine_until": case.taken_until if able else None,
        "steps": () if waits else case.steps.order_by("-pk")[:5],
        "may_undo": may_decide and not waits and "said" in case.trace,
    }


def _trail(filters: queue.Filters) -> list[tuple[str, str]]:
    return [("Review queue", queue_address(filters))]


def _around(request: HttpRequest, case: Review, filters: queue.Filters, now: datetime) -> dict[str, Any]:
    """Where the case stands in the queue: the ways on and back, and how far the day's work is."""
    found = queue.filtered(filters, request.user, now)
    place = case.due_at or case.opened_at
    spot = queue.Spot(place, case.pk)
    following = queue.following(found, spot, request.user, now)
    preceding = queue.preceding(found, spot)
    left = queue.counted(found) if filters.given else queue.Total(queue.count_waiting(now))
    today = queue.decided_today(request.user, now)
    return {
        "next_address": case_address(following, filters) if following else "",
        "previous_address": case_address(preceding, filters) if preceding else "",
        "queue_address": queue_address(filters),
        "query": queue_address(filters).partition("?")[2],
        "left": left,
        "today": today,
        "percent": 100 * today // (today + left.number) if today + left.number else 0,
        "in_words": filters_in_words(filters, choices()) if filters.given else "all cases",
    }


def _swap(case: Review, table: Comparison, filters: queue.Filters) -> str:
    """The same pair with the other contact to stay."""
    other = next((c.contact.pk for c in table.columns if not c.chosen), None)
    if case.kind != Review.Kind.PAIR or table.chosen is None or len(table.columns) != 2:
        return ""
    return case_address(case.pk, filters, candidate=other)


def _arrivals(table: Comparison) -> list[dict[str, Any]]:
    """The first arrivals of the case, and what brought them."""
    return [
        {
            "pk": o.arrival.pk,
            "source": o.policy.source.name,
            "row": o.arrival.row,
            "file": o.arrival.batch.filename if o.arrival.batch else "",
            "at": o.arrival.received_at,
            "actor": o.arrival.actor,
        }
        for o in table.offers[:3]
    ]


@needs(DECIDE)
@require_POST
def keep(request: HttpRequest, pk: int) -> JsonResponse:
    """The page is still worked on: the case stays with its reviewer, unless somebody else has it by now."""
    now = timezone.now()
    get_object_or_404(Review, pk=pk)
    if claims.take(pk, request.user, now):
        return JsonResponse({"until": timezone.localtime(now + claims.TAKEN_FOR).strftime("%H:%M")})
    case = Review.objects.get(pk=pk)
    decided = case.status != Review.Status.OPEN
    who = case.decided_by_name if decided else case.taken_by_name
    words = f"{who or 'Somebody'} {'decided this case' if decided else 'has this case open'} by now."
    return JsonResponse({"problem": words}, status=409)


urlpatterns = [
    path("review/<int:pk>/", case_page, name="review"),
    path("review/<int:pk>/keep/", keep, name="review_keep"),
]
