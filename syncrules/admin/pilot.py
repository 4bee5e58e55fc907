"""The pilot's buttons: start, end, take back. What it shows stands on the go-live page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from contacts.admin.pages import needs
from contacts.admin.waking import wake
from contacts.models import Source
from contacts.services.story import person_name
from syncrules.admin.syncing import connection_of
from syncrules.domain.pilot import MOST, BadLimits, limits_of
from syncrules.models import Pilot
from syncrules.services.going_live.steps import NotMoved
from syncrules.services.pilot import starting, taking_back
from syncrules.tasks import look_at_pilot

RUN = "syncrules.run_pilot"


@needs(RUN)
@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Put some contacts of one source in step, and watch."""
    connection, said = connection_of(slug), request.POST
    try:
        source = Source.objects.filter(slug=said.get("source", "")).first()
        text = said.get("size", "")
        if source is None or not (text.isascii() and text.isdecimal()):
            raise starting.Refused(f"Choose a source, and how many of its contacts: 1 to {MOST}.")
        pilot = starting.start(
            connection, source, int(text), limits_of(said), person_name(request.user), timezone.now()
        )
    except (starting.Refused, NotMoved, BadLimits) as problem:
        messages.warning(request, str(problem))
    else:
        messages.success(
            request, f"The pilot runs with {pilot.size:,} contacts of {source.name}. Nobody else is written."
        )
    return redirect("rules:go_live", slug)


@needs(RUN)
@require_POST
def end(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """End it by hand; what it wrote stays until it is taken back."""
    pilot = get_object_or_404(Pilot.objects.select_related("source"), pk=pk, connection=connection_of(slug))
    try:
        starting.end(pilot, person_name(request.user), timezone.now())
    except starting.Refused as problem:
        messages.warning(request, str(problem))
    else:
        messages.success(request, "The pilot is over. What it wrote stays until it is taken back.")
    return redirect("rules:go_live", slug)


@needs(RUN)
@require_POST
def take_back(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take back what it wrote, here and in the MAP."""
    pilot = get_object_or_404(Pilot, pk=pk, connection=connection_of(slug))
    try:
        taking_back.ask(pilot, request.user, timezone.now())
    except starting.Refused as problem:
        messages.warning(request, str(problem))
    else:
        wake(look_at_pilot, pilot.pk)
        messages.success(
            request, "The pilot is being taken back. What somebody changed since stays, and is named here."
        )
    return redirect("rules:go_live", slug)


_AT = "connections/<slug:slug>/pilot/"
urlpatterns = [
    path(_AT, start, name="pilot_start"),
    path(f"{_AT}<int:pk>/end/", end, name="pilot_end"),
    path(f"{_AT}<int:pk>/take-back/", take_back, name="pilot_take_back"),
]
