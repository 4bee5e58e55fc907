"""The page behind the link of a mail. Only a POST unsubscribes: programs that follow links must change nothing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from contacts.domain import consent
from contacts.services.consent import links
from contacts.services.consent.unsubscribing import BY_LINK, unsubscribe_address


@csrf_exempt  # mail programs post here without a page, a cookie or a sign-in before (RFC 8058); the token is the proof
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """A plain page with one button; and what the button, or a mail program, posts."""
    address = links.address_of(token)
    if address is None:
        return render(request, "hub/unsubscribe.html", {"state": "unknown"}, status=404)
    if request.method != "POST":
        return render(request, "hub/unsubscribe.html", {"state": "ask"})
    unsubscribe_address(address, method=consent.LINK, actor=BY_LINK, at=timezone.now())
    return render(request, "hub/unsubscribe.html", {"state": "done"})
