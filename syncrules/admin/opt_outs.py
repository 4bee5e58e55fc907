"""The unsubscribes that a connection was told of, and how long it took to acknowledge each."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET

from contacts.admin.pages import needs, page
from syncrules.admin.syncing import VIEW, framed, trail_of
from syncrules.admin.worksheet import connection_of
from syncrules.services.shown import opt_outs
from syncrules.services.shown.standing import standing

SEE_PEOPLE = "contacts.view_contact"


@needs(VIEW)
@require_GET
def opt_out_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Those that wait first, then the newest; addresses only for who may see contacts."""
    connection, now = connection_of(slug), timezone.now()
    context = framed(standing(connection, now), request, lines=opt_outs.lines(connection, now))
    context |= {"pace": opt_outs.pace(connection, now), "may_see": request.user.has_perm(SEE_PEOPLE)}
    return page(request, "hub/sync_opt_outs.html", "Unsubscribes", context, trail=trail_of(connection))


urlpatterns = [path("connections/<slug:slug>/unsubscribes/", opt_out_list, name="opt_outs")]
