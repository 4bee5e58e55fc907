"""The versions of the stage table: who put which in force, when and why; two side by side; one brought back."""

from __future__ import annotations

from itertools import pairwise

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts.admin.pages import needs, page
from contacts.admin.stage_draft import trail
from contacts.admin.stage_table import SEE
from contacts.domain.stage_table import compare, read
from contacts.models import StageTableVersion
from contacts.orders import read_id
from contacts.services import stage_page, stage_tables
from contacts.services.stage_tables import EDIT, Refused

#: Versions on the page; older ones are reached by their number.
SHOWN = 100


@needs(SEE)
@require_GET
def stages_versions(request: HttpRequest) -> HttpResponse:
    """Every version, the newest first."""
    versions = list(StageTableVersion.objects.order_by("-number")[:SHOWN])
    before = {v.number: older for v, older in pairwise(versions)}
    rows = [{"version": v, "older": before.get(v.number)} for v in versions]
    context = {"rows": rows, "draft": next((v for v in versions if v.state == v.State.DRAFT), None)}
    return page(request, "hub/stage_versions.html", "Versions", context, trail=trail())


@needs(SEE)
@require_GET
def stages_compare(request: HttpRequest) -> HttpResponse:
    """Two versions side by side."""
    wanted = [read_id(request.GET.get(name, "")) for name in ("a", "b")]
    numbers = list(StageTableVersion.objects.order_by("-number").values_list("number", flat=True)[:SHOWN])
    if not numbers:
        raise Http404
    if None in wanted:
        wanted = [numbers[min(1, len(numbers) - 1)], numbers[0]]
    found = {v.number: v for v in StageTableVersion.objects.filter(number__in=wanted)}
    if any(number not in found for number in wanted):
        raise Http404
    one, other = (found[number] for number in wanted)
    differences = stage_page.differences(compare(read(one.data), read(other.data)))
    context = {"one": one, "other": other, "numbers": numbers, "differences": differences}
    title = f"Version {one.number} beside {other.number}"
    way = [*trail(), ("Versions", reverse("hub:stages_versions"))]
    return page(request, "hub/stage_compare.html", title, context, trail=way)


@needs(EDIT)
@require_POST
def stages_back(request: HttpRequest, number: int) -> HttpResponse:
    """Make a past version the draft again."""
    try:
        stage_tables.bring_back(number, request.user, timezone.now())
    except Refused as error:
        messages.error(request, str(error))
        return redirect("hub:stages_versions")
    messages.success(request, f"Version {number} is the draft now. Look at it, then put it in force.")
    return redirect("hub:stages_draft")


urlpatterns = [
    path("stages/versions/", stages_versions, name="stages_versions"),
    path("stages/compare/", stages_compare, name="stages_compare"),
    path("stages/versions/<int:number>/back/", stages_back, name="stages_back"),
]
