"""The stage table as a policy for vendors: for staff, and at a signed address for whoever has the link."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core import signing
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts.admin.pages import needs, page
from contacts.admin.stage_draft import trail
from contacts.admin.stage_table import SEE
from contacts.models import HubSettings
from contacts.services import refusals, stage_page, stage_tables

SALT = "crmhub.stage-policy"
#: Refusals on the policy page.
LAST = 20


def token() -> str:
    """The signed end of the address that is given to vendors."""
    return signing.Signer(salt=SALT).sign(str(HubSettings.load().stage_policy_issue))


def _context() -> dict[str, Any]:
    """Rules, moves and refusals, without any person: what a vendor may see."""
    now, version, contents = timezone.now(), stage_tables.in_force(), stage_tables.current_contents()
    rows, heads = stage_page.lines(contents, now, people=False)
    latest = refusals.of_stages().order_by("-at", "-pk")[:LAST]
    return {
        "version": version,
        "rules": stage_page.rule_lines(contents, now),
        "rows": rows,
        "heads": heads,
        "stages": contents.in_order(),
        "refused": stage_page.refusal_lines(list(latest), contents, people=False),
        "month": refusals.total(now, refusals.MONTH),
        "now": now,
    }


@needs(SEE)
@require_GET
def stages_policy(request: HttpRequest) -> HttpResponse:
    """The policy with its public address."""
    address = request.build_absolute_uri(reverse("stage_policy", args=[token()]))
    return page(request, "hub/stage_policy.html", "Policy", _context() | {"address": address}, trail=trail())


@needs("contacts.force_stage_table")
@require_POST
def stages_policy_renew(request: HttpRequest) -> HttpResponse:
    """Make the vendors' address anew: the old one ends."""
    HubSettings.objects.get_or_create(pk=1)
    HubSettings.objects.filter(pk=1).update(stage_policy_issue=F("stage_policy_issue") + 1)
    messages.success(request, "The address is new. The old one leads nowhere from now on.")
    return redirect("hub:stages_policy")


@require_GET
def stage_policy(request: HttpRequest, token: str) -> HttpResponse:
    """What a vendor sees who has the link."""
    try:
        issue = signing.Signer(salt=SALT).unsign(token)
    except signing.BadSignature as error:
        raise Http404 from error
    if issue != str(HubSettings.load().stage_policy_issue):
        raise Http404
    answer = render(request, "hub/stage_policy_public.html", _context())
    answer["X-Robots-Tag"], answer["Referrer-Policy"] = "noindex", "no-referrer"
    answer["Cache-Control"] = "no-store"
    return answer


urlpatterns = [
    path("stages/policy/", stages_policy, name="stages_policy"),
    path("stages/policy/renew/", stages_policy_renew, name="stages_policy_renew"),
]
