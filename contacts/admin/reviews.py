"""The review queue: cases that wait for a person, one at a time, decided by a key or a button."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts.admin.pages import needs, page
from contacts.domain import rules
from contacts.models import HubSettings, Review, Source
from contacts.services import review
from contacts.services.review_page import compare

PAGE = 50
FILTERS = ("source", "kind", "rule")
RULES = {rules.BY_NAME: "same name and company domain", rules.BY_PHONE: "same phone", rules.MAILBOX: "shared mailbox"}


def _filters(request: HttpRequest) -> dict[str, str]:
    """The filters of the queue, which go along from case to case."""
    return {name: value for name in FILTERS if (value := request.GET.get(name, "").strip())}


def _open(filters: dict[str, str]) -> QuerySet[Review]:
    found = Review.objects.filter(status=Review.Status.OPEN).order_by("id")
    names = {"source": "source__slug", "kind": "kind", "rule": "rule"}
    return found.filter(**{names[name]: value for name, value in filters.items()})


@needs("contacts.view_review")
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Open cases, the one that has waited longest first."""
    filters = _filters(request)
    found = _open(filters)
    after = request.GET.get("after", "")
    rows = found.filter(id__gt=int(after)) if after.isdecimal() and len(after) < 19 else found
    cases = list(rows.select_related("source").prefetch_related("candidates__contact")[: PAGE + 1])
    context = {
        "cases": cases[:PAGE],
        "next_after": cases[PAGE - 1].pk if len(cases) > PAGE else None,
        "total": found.count(),
        "filters": filters,
        "query": urlencode(filters),
        "late_before": timezone.now() - timedelta(hours=HubSettings.load().review_aim_hours),
        "choices": _choices(),
    }
    return page(request, "hub/reviews.html", "Review queue", context)


def _choices() -> list[tuple[str, str, list[tuple[str, str]]]]:
    sources = list(Source.objects.values_list("slug", "name"))
    return [
        ("source", "Source", sources),
        ("kind", "Kind", list(Review.Kind.choices)),
        ("rule", "What matched", list(RULES.items())),
    ]


@needs("contacts.view_review")
@require_GET
def case_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One case: the arrivals beside each candidate, and the decisions."""
    case = get_object_or_404(Review.objects.select_related("source", "contact", "decided_by"), pk=pk)
    asked = request.GET.get("candidate", "")
    table = compare(case, int(asked) if asked.isdecimal() and len(asked) < 19 else None, timezone.now())
    filters = _filters(request)
    found = _open(filters)
    context = {
        "case": case,
        "table": table,
        "waits": case.status == Review.Status.OPEN,
        "may_decide": request.user.has_perm("contacts.decide_review"),
        "filters": filters,
        "query": urlencode(filters),
        "left": found.count(),
        "next": _next(found, case.pk),
        "rule": RULES.get(case.rule, case.rule),
    }
    return page(request, "hub/review.html", f"Case {case.pk}", context, trail=_trail(filters))


def _next(found: QuerySet[Review], pk: int) -> int | None:
    """The next case that waits; after the last one, the first that was left."""
    ids = found.filter(~Q(pk=pk)).values_list("pk", flat=True)
    return ids.filter(pk__gt=pk).first() or ids.first()


def _trail(filters: dict[str, str]) -> list[tuple[str, str]]:
    return [("Review queue", f"{reverse('hub:reviews')}?{urlencode(filters)}".rstrip("?"))]


@needs("contacts.decide_review")
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Store a decision and open the next case; a case that was decided meanwhile says by whom."""
    get_object_or_404(Review, pk=pk)
    filters = _filters(request)
    here = f"{reverse('hub:review', args=[pk])}?{urlencode(filters)}".rstrip("?")
    try:
        case = _decide(request, pk)
    except review.AlreadyDecided as error:
        messages.warning(request, f"{error} Your decision was not stored.")
        return redirect(here)
    except review.Refused as error:
        messages.error(request, str(error))
        return redirect(here)
    messages.success(request, _told(case))
    following = _next(_open(filters), pk)
    if following is None:
        return redirect(_trail(filters)[0][1])
    return redirect(f"{reverse('hub:review', args=[following])}?{urlencode(filters)}".rstrip("?"))


def _decide(request: HttpRequest, pk: int) -> Review:
    user: Any = request.user
    at, act = timezone.now(), request.POST.get("act")
    if act == "same":
        chosen = request.POST.get("candidate", "")
        if not chosen.isdecimal() or len(chosen) > 18:
            raise review.Refused("Choose the contact that it is.")
        return review.decide_same(pk, int(chosen), user=user, at=at)
    if act == "different":
        return review.decide_different(pk, user=user, at=at)
    if act == "not_a_lead":
        return review.decide_not_a_lead(pk, user=user, at=at, note=request.POST.get("note", ""))
    if act == "seen":
        return review.mark_seen(pk, user=user, at=at)
    raise PermissionDenied


def _told(case: Review) -> str:
    who = f", {case.who}" if case.who else ""
    ends = {
        Review.Status.SAME: f"same person as #{case.contact_id}",
        Review.Status.DIFFERENT: f"different people, now #{case.contact_id}",
        Review.Status.NOT_A_LEAD: f"not a lead ({case.note})",
        Review.Status.SEEN: "seen",
    }
    return f"Case {case.pk}{who}: {ends[case.status]}."


urlpatterns = [
    path("review/", queue, name="reviews"),
    path("review/<int:pk>/", case_page, name="review"),
    path("review/<int:pk>/decide/", decide, name="review_decide"),
]
