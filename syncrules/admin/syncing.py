"""A connection's page: how syncing goes, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts.admin.pages import needs, page
from contacts.models import Contact
from contacts.services import story
from syncrules.admin.worksheet import connection_of, trail
from syncrules.models import Connection, SyncRun
from syncrules.services.contact_card import takes_part
from syncrules.services.going_live import steps
from syncrules.services.going_live.shown import untested
from syncrules.services.shown import hooks, trends
from syncrules.services.shown.budget import budget
from syncrules.services.shown.running import running, took
from syncrules.services.shown.standing import AIM, Standing, standing
from syncrules.services.shown.tabs import tabs
from syncrules.services.sync import departures, pausing, runs, waking
from syncrules.services.sync.scope import WORKING

VIEW, RUN, SWITCH = "syncrules.view_connection", "syncrules.run_sync", "syncrules.switch_connection"
#: Full syncs that are listed.
RUNS = 5
OVER_ALREADY = "This full sync is over."
OVER = (SyncRun.Status.DONE, SyncRun.Status.FAILED)
#: What a button does: the connection, who pressed it, when, and what was typed; what it did in words.
Act = Callable[[Connection, str, datetime, str], str]


def framed(of: Standing, request: HttpRequest, **more: Any) -> dict[str, Any]:
    """What each page of a connection needs for its head and its tabs."""
    user = request.user
    may = {"run": user.has_perm(RUN), "switch": user.has_perm(SWITCH)}
    return {"connection": of.connection, "standing": of, "now": of.now, "tabs": tabs(of, user), "may": may, **more}


@needs(VIEW)
@require_GET
def overview(request: HttpRequest, slug: str) -> HttpResponse:
    """State, lag, last sync, the counts with their trends, the full sync, the budget and the webhook."""
    connection, now = connection_of(slug), timezone.now()
    of, past = standing(connection, now), list(connection.runs.filter(status__in=OVER)[:RUNS])
    context = framed(
        of, request, aim=AIM, untested=untested(connection), budget=budget(of), ranges=trends.RANGES,
        trends=trends.trends(connection, trends.range_of(request.GET.get("over", "")), now),
        running=running(of, past), past=[(run, took(run)) for run in past],
        hooks=hooks.summary(connection, now), busy=of.run is not None or of.changes > 0,
        door=request.build_absolute_uri(f"/hooks/{slug}"),
    )  # fmt: skip
    if request.htmx:  # type: ignore[attr-defined]
        part = render(request, "hub/sync_live.html", context)
        if request.GET.get("as", of.frame) != of.frame:
            part["HX-Refresh"] = "true"  # its head and its buttons say something else by now
        return part
    return page(request, "hub/sync.html", connection.name, context, trail=trail())


@needs(VIEW)
@require_GET
def hook_list(request: HttpRequest, slug: str) -> HttpResponse:
    """The events that the MAP's webhook brought, the newest first."""
    connection = connection_of(slug)
    before = request.GET.get("before", "")
    odd = request.GET.get("only") == "odd"
    at = int(before) if before.isdecimal() and len(before) < 19 else None
    lines, older = hooks.lines(connection, at, odd=odd)
    of = standing(connection, timezone.now())
    context = framed(of, request, lines=lines, older=older, odd=odd, newest=at is None,
                     door=request.build_absolute_uri(f"/hooks/{slug}"))  # fmt: skip
    return page(request, "hub/sync_hooks.html", "Webhooks", context, trail=trail_of(connection))


def trail_of(connection: Connection) -> list[tuple[str, str]]:
    """The path to a page under a connection's own."""
    return [*trail(), (connection.name, reverse("rules:connection", args=[connection.slug]))]


def _act(right: str, act: Act) -> Callable[..., HttpResponse]:
    """A button of the page: what it did is said above the page, and so is why it did nothing."""

    @needs(right)
    @require_POST
    def pressed(request: HttpRequest, slug: str) -> HttpResponse:
        connection = connection_of(slug)
        try:
            said = act(connection, story.person_name(request.user), timezone.now(), request.POST.get("reason", ""))
        except (steps.NotMoved, runs.AlreadyRunning) as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, said)
        return redirect("rules:connection", slug)

    return pressed


def _paused(one: Connection, by: str, at: datetime, reason: str) -> str:
    steps.pause(one, by, reason, at)
    return f"{one.name} is paused. Changes gather here until somebody goes on; none is lost."


def _gone_on(one: Connection, by: str, at: datetime, reason: str) -> str:
    steps.go_on(one, by, at)
    waking.sync_now(one.pk)
    return f"{one.name} is {one.get_state_display()} again, and what has gathered is on its way."


def _synced(one: Connection, by: str, at: datetime, reason: str) -> str:
    if one.state not in WORKING:
        raise steps.NotMoved(f"{one.name} is {one.get_state_display()}: nothing is sent or pulled.")
    pausing.try_now(one, at)
    waking.sync_now(one.pk)
    return f"{one.name} is being synced. What changes shows below."


def _started(one: Connection, by: str, at: datetime, reason: str) -> str:
    if one.state not in WORKING:
        raise steps.NotMoved(f"{one.name} is {one.get_state_display()}: a full sync needs it live, or in its pilot.")
    runs.start(one, by, at)
    return "The full sync is at work. You may leave this page: it goes on."


def _stopped(one: Connection, by: str, at: datetime, reason: str) -> str:
    if not runs.stop(_open_run(one)):
        raise steps.NotMoved(OVER_ALREADY)
    return "The full sync stops after what it is at. Nothing is lost; it goes on from there when you resume it."


def _resumed(one: Connection, by: str, at: datetime, reason: str) -> str:
    if not runs.resume(_open_run(one), at):
        raise steps.NotMoved("This full sync is at work already.")
    return "The full sync goes on from where it stopped."


def _open_run(one: Connection) -> SyncRun:
    run = one.runs.exclude(status__in=OVER).first()
    if run is None:
        raise steps.NotMoved(OVER_ALREADY)
    return run


@needs(RUN)
@require_POST
def make_again(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Make the record of a contact again that was deleted in the MAP."""
    connection, contact = connection_of(slug), get_object_or_404(Contact, pk=pk)
    if connection.state == Connection.State.DRAFT:
        messages.warning(request, f"{connection.name} is not turned on: nothing is made there.")
    elif connection.takes_part and not takes_part(contact, [connection])[connection.pk]:
        messages.warning(request, f"{contact} is below the threshold of {connection.name}, so it is not made there.")
    elif not departures.make_again(connection, [contact.pk], timezone.now()):
        messages.warning(request, f"Nothing of {contact} is deleted in {connection.name}: somebody was faster.")
    else:
        messages.success(request, f"{contact} is made in {connection.name} again{when(connection)}.")
    return redirect("hub:contact", contact.pk)


def when(connection: Connection) -> str:
    """What has to be first, "" for nothing."""
    live = connection.state == Connection.State.LIVE
    return "" if live else f" once {connection.name} is live again"


urlpatterns = [
    path("connections/<slug:slug>/", overview, name="connection"),
    path("connections/<slug:slug>/webhooks/", hook_list, name="hooks"),
    path("connections/<slug:slug>/pause/", _act(SWITCH, _paused), name="sync_pause"),
    path("connections/<slug:slug>/go-on/", _act(SWITCH, _gone_on), name="sync_go_on"),
    path("connections/<slug:slug>/sync/", _act(RUN, _synced), name="sync_now"),
    path("connections/<slug:slug>/full-sync/", _act(RUN, _started), name="sync_full"),
    path("connections/<slug:slug>/full-sync/stop/", _act(RUN, _stopped), name="sync_stop"),
    path("connections/<slug:slug>/full-sync/resume/", _act(RUN, _resumed), name="sync_resume"),
    path("connections/<slug:slug>/make-again/<int:pk>/", make_again, name="make_again"),
]
