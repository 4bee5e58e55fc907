"""One decision for many cases: what it would do, then the work and its progress, then what was left and why."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts.admin.pages import needs, page
from contacts.admin.review_asking import choices, filters_in_words, filters_of, queue_address
from contacts.admin.review_case import DECIDE
from contacts.admin.waking import go_to, wake
from contacts.models import BulkDecision, Review
from contacts.orders import read_id
from contacts.services import review
from contacts.services.review import many, queue
from contacts.tasks import look_at_bulk

Status = BulkDecision.Status
#: Decisions that many cases can have, as the list offers them.
ACTS = [
    ("same", "Same person"),
    ("different", "Different people"),
    ("not_a_lead", "Not a lead…"),
    ("later", "Later"),
    ("seen", "Seen"),
]
TITLES = dict(ACTS) | {"not_a_lead": "Not a lead", "back": "Take back"}
#: Cases of a result that are listed.
LISTED = 100


@needs(DECIDE)
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Work out what one decision would do to the chosen cases. Nothing is decided yet."""
    filters, now, posted = filters_of(request), timezone.now(), request.POST
    if posted.get("all"):
        cases = queue.ids(queue.filtered(filters, request.user, now), many.MOST)
        which = f"all in “{filters_in_words(filters, choices())}”" if filters.given else "all cases"
    else:
        cases = [i for text in posted.getlist("case") if (i := read_id(text))]
        which = "chosen from the list"
    act = posted.get("decision", "")
    if act not in dict(ACTS):
        messages.error(request, "Choose what to decide.")
        return redirect(queue_address(filters))
    try:
        bulk = many.start(
            act, cases, which=which, note=posted.get("note", ""), only_safe=not posted.get("unsafe"),
            user=request.user, at=now,
        )  # fmt: skip
    except review.Refused as error:
        messages.error(request, str(error))
        return redirect(queue_address(filters))
    return _work(bulk)


def _work(bulk: BulkDecision) -> HttpResponse:
    """A few cases at once, in the request; many by a worker."""
    if len(bulk.cases) <= many.AT_ONCE:
        many.work(bulk.pk)
    else:
        wake(look_at_bulk, bulk.pk)
    return redirect("hub:review_bulk_show", bulk.pk)


@needs("contacts.view_review")
@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is, what it would do, or what it did."""
    bulk = get_object_or_404(BulkDecision, pk=pk)
    title = f"{TITLES[bulk.decision]}: {_cases(len(bulk.cases))}"
    if bulk.status in (Status.CHECKING, Status.QUEUED, Status.RUNNING):
        return _progress(request, bulk, title)
    if request.htmx:  # type: ignore[attr-defined]
        return go_to(request, request.path)
    checked = bulk.status == Status.CHECKED
    template = "hub/review_bulk_preview.html" if checked else "hub/review_bulk_result.html"
    context = {"bulk": bulk, "what": TITLES[bulk.decision]} | ({} if checked else _result(bulk))
    return page(request, template, title, context, trail=[("Review queue", reverse("hub:reviews"))])


def _cases(number: int) -> str:
    return f"{number:,} case{'' if number == 1 else 's'}"


def _progress(request: HttpRequest, bulk: BulkDecision, title: str) -> HttpResponse:
    percent = 100 * bulk.done // len(bulk.cases) if bulk.cases else 0
    context = {"bulk": bulk, "percent": percent, "total": len(bulk.cases)}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "hub/review_bulk_progress_part.html", context)
    trail = [("Review queue", reverse("hub:reviews"))]
    return page(request, "hub/review_bulk_progress.html", title, context, trail=trail)


def _result(bulk: BulkDecision) -> dict[str, Any]:
    decided = many.decided_cases(bulk)
    shown = [*decided[:LISTED], *(row[0] for row in bulk.left[:LISTED])]
    names = Review.objects.in_bulk(shown)
    return {
        "decided": [names[i] for i in decided[:LISTED] if i in names],
        "left": [(names.get(i), i, why) for i, why in bulk.left[:LISTED]],
        "reasons": Counter(why for _, why in bulk.left).most_common(10),
        "listed": LISTED,
        "may_go_back": bool(decided) and bulk.decision != BulkDecision.Act.BACK,
    }


@needs(DECIDE)
@require_POST
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what was shown, once, however often the button is pressed."""
    bulk = get_object_or_404(BulkDecision, pk=pk)
    many.queue(bulk)
    return _work(bulk)


@needs(DECIDE)
@require_POST
def back(request: HttpRequest, pk: int) -> HttpResponse:
    """Work out what taking all of it back would do."""
    bulk = get_object_or_404(BulkDecision, pk=pk)
    try:
        return _work(many.start_back(bulk, user=request.user, at=timezone.now()))
    except review.Refused as error:
        messages.error(request, str(error))
        return redirect("hub:review_bulk_show", pk)


urlpatterns = [
    path("review/many/", ask, name="review_bulk"),
    path("review/many/<int:pk>/", show, name="review_bulk_show"),
    path("review/many/<int:pk>/run/", run, name="review_bulk_run"),
    path("review/many/<int:pk>/back/", back, name="review_bulk_back"),
]
