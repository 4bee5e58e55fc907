"""The policy of a connection: the worksheet in force as a page to print, and at an address for the vendor."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts.admin.pages import needs, page
from syncrules.admin.worksheet import VIEW, connection_of, trail
from syncrules.services import policy as service


@needs(VIEW)
@require_GET
def policy(request: HttpRequest, slug: str) -> HttpResponse:
    """The policy, with the vendor's address for whoever may make it anew."""
    connection = connection_of(slug)
    address = request.build_absolute_uri(reverse("vendor_policy", args=[service.token(connection)]))
    context = {
        "policy": service.policy(connection, timezone.now()),
        "address": address,
        "may_renew": request.user.has_perm("syncrules.change_connection"),
    }
    return page(request, "hub/policy.html", "Policy", context, trail=trail(connection))


@needs("syncrules.change_connection")
@require_POST
def renew(request: HttpRequest, slug: str) -> HttpResponse:
    """Another address for the vendor; the one before leads nowhere from now on."""
    service.renew(connection_of(slug))
    messages.success(request, "The vendor’s address is new. The one before leads nowhere any more.")
    return redirect("rules:policy", slug)


@require_GET
def vendor_policy(request: HttpRequest, token: str) -> HttpResponse:
    """The policy for whoever has the address, without signing in. Nothing of a person is in it."""
    connection = service.by_token(token)
    if connection is None:
        raise Http404
    response = render(request, "hub/policy_vendor.html", {"policy": service.policy(connection, timezone.now())})
    response["Cache-Control"], response["Referrer-Policy"] = "no-store", "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


urlpatterns = [
    path("connections/<slug:slug>/policy/", policy, name="policy"),
    path("connections/<slug:slug>/policy/renew/", renew, name="policy_renew"),
]
