"""The search for likely duplicates: start one, see how far it is, and what the last ones found."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts.admin.pages import needs, page
from contacts.admin.review_asking import case_address
from contacts.admin.waking import go_to, wake
from contacts.models import DuplicateScan, Review
from contacts.services import duplicates
from contacts.services.review import queue
from contacts.tasks import look_at_scan

START = "contacts.start_duplicatescan"
Status = DuplicateScan.Status
SHOWN = 10


@needs("contacts.view_review")
@require_GET
def scans(request: HttpRequest) -> HttpResponse:
    """The search that runs, the last ones, and what waits because of them."""
    found = list(DuplicateScan.objects.all()[:SHOWN])
    running = next((s for s in found if s.status in (Status.QUEUED, Status.RUNNING)), None)
    if request.htmx:  # type: ignore[attr-defined]
        if running is None:
            return go_to(request, request.path)
        return render(request, "hub/review_scan_part.html", {"scan": running, "percent": _percent(running)})
    now, filters = timezone.now(), queue.Filters(kind=Review.Kind.PAIR)
    waiting = queue.filtered(filters, request.user, now)
    first = queue.following(waiting, None, request.user, now)
    context = {
        "scan": running,
        "percent": _percent(running) if running else 0,
        "scans": [s for s in found if s is not running],
        "waiting": queue.counted(waiting),
        "first_address": case_address(first, filters) if first else "",
        "may_start": request.user.has_perm(START),
    }
    trail = [("Review queue", reverse("hub:reviews"))]
    return page(request, "hub/review_scans.html", "Likely duplicates", context, trail=trail)


def _percent(scan: DuplicateScan) -> int:
    return min(100, 100 * scan.done // scan.total) if scan.total else 0


@needs(START)
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Hand a search to a worker; there is never more than one."""
    scan = duplicates.start_scan(request.user, timezone.now())
    wake(look_at_scan, scan.pk)
    return redirect("hub:review_scans")


urlpatterns = [
    path("review/duplicates/", scans, name="review_scans"),
    path("review/duplicates/start/", start, name="review_scan_start"),
]
