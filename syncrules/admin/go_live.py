"""Going live in the browser: the way and its gates, the eight checks, overrides by two people, steps ahead and back."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts.admin.pages import needs, page
from contacts.admin.waking import wake
from contacts.services.story import person_name
from syncrules.admin.syncing import connection_of, framed
from syncrules.admin.worksheet import trail
from syncrules.connectors.trouble import Trouble
from syncrules.domain.pilot import MEASURES
from syncrules.models import Connection, Override, TwoWayTest
from syncrules.services import calling, two_way
from syncrules.services.going_live import overriding, shown, steps
from syncrules.services.pilot import shown as pilot_shown
from syncrules.services.shown.standing import standing
from syncrules.services.two_way import shown as test_shown
from syncrules.tasks import look_at_two_way_test

VIEW, SWITCH, TEST = "syncrules.view_connection", "syncrules.switch_connection", "syncrules.run_two_way_test"
State = Connection.State
Act = Callable[[HttpRequest, Connection], str]
REFUSED = (steps.NotMoved, overriding.NotOverridden, two_way.Refused, Trouble)


@needs(VIEW)
@require_GET
def go_live(request: HttpRequest, slug: str) -> HttpResponse:
    """Where the connection stands on its way, what is missing, and what was expected beside what was seen."""
    connection, now = connection_of(slug), timezone.now()
    card = test_shown.card(connection)
    if request.htmx:  # type: ignore[attr-defined]
        return _part(request, connection, card)
    context = framed(standing(connection, now), request) | {
        "way": shown.way(connection, now),
        "card": card,
        "pilot": pilot_shown.card(connection),
        "may_switch": request.user.has_perm(SWITCH),
        "may_test": request.user.has_perm(TEST),
        "may_ask": request.user.has_perm(overriding.ASK),
        "may_agree": request.user.has_perm(overriding.AGREE),
        "testable": connection.state in (State.TESTING, State.PILOT, State.LIVE),
        "me": person_name(request.user),
        "may_pilot": request.user.has_perm("syncrules.run_pilot"),
        "measures": MEASURES,
        "sources": pilot_shown.choices(connection) if connection.state == State.TESTING else (),
    }
    return page(request, "hub/golive.html", "Go-live", context, trail=_steps(connection))


@needs("syncrules.view_twowaytest")
@require_GET
def report(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One test as a report for one printed page."""
    connection = connection_of(slug)
    test = get_object_or_404(TwoWayTest, pk=pk, connection=connection)
    context = framed(standing(connection, timezone.now()), request)
    context |= {"card": test_shown.Card(test, test_shown.lines_of(test))}
    trail_ = [*_steps(connection), ("Go-live", reverse("rules:go_live", args=[slug]))]
    return page(request, "hub/golive_report.html", f"Two-way test of {connection.name}", context, trail=trail_)


def _part(request: HttpRequest, connection: Connection, card: test_shown.Card | None) -> HttpResponse:
    """What is under way, alone; the whole page once it is over."""
    if request.GET.get("part") == "pilot":
        pilot = pilot_shown.card(connection)
        if pilot is None or not pilot.active:
            return _fresh(request)
        return render(request, "hub/golive_pilot_part.html", {"pilot": pilot, "connection": connection})
    if card is None or not card.active:
        return _fresh(request)
    return render(request, "hub/golive_checks.html", {"card": card, "connection": connection})


def _fresh(request: HttpRequest) -> HttpResponse:
    answer = HttpResponse()
    answer["HX-Redirect"] = request.path
    return answer


def _act(right: str, act: Act) -> Callable[..., HttpResponse]:
    """A button of the page: what it did, or why not, is said above it."""

    @needs(right)
    @require_POST
    def pressed(request: HttpRequest, slug: str) -> HttpResponse:
        try:
            said = act(request, connection_of(slug))
        except REFUSED as problem:
            messages.warning(request, str(problem))
        else:
            messages.success(request, said)
        return redirect("rules:go_live", slug)

    return pressed


def _forward(request: HttpRequest, connection: Connection) -> str:
    to = steps.following(connection)
    if to == State.PILOT:
        raise steps.NotMoved(f"{connection.name} stays testing: choose whom the pilot is to be with.")
    connector = calling.connector_for(connection) if to == State.TESTING else None
    steps.forward(connection, to, person_name(request.user), timezone.now(), connector)
    more = " The first full sync has begun." if to == State.LIVE else ""
    return f"{connection.name} is {connection.get_state_display()} now.{more}"


def _back(request: HttpRequest, connection: Connection) -> str:
    to, reason = request.POST.get("to", ""), request.POST.get("reason", "")
    steps.back(connection, to, person_name(request.user), reason, timezone.now())
    return f"{connection.name} is {connection.get_state_display()} again."


def _test(request: HttpRequest, connection: Connection) -> str:
    started = two_way.start(connection, person_name(request.user), timezone.now())
    wake(look_at_two_way_test, started.pk)
    return "The eight checks run. You may leave this page: they go on, and clean up after themselves."


def _stop(request: HttpRequest, connection: Connection) -> str:
    test = two_way.newest(connection)
    if test is None or not two_way.stop(test):
        raise two_way.Refused("No test is under way.")
    return "The test stops after the step at hand, and cleans up."


def _ask(request: HttpRequest, connection: Connection) -> str:
    to = steps.following(connection) or State.LIVE
    gate, reason = request.POST.get("gate", ""), request.POST.get("reason", "")
    overriding.ask(connection, gate, to, reason, request.user, timezone.now())
    return "Asked. Somebody else has to agree; until then the gate counts."


def _agree(request: HttpRequest, connection: Connection) -> str:
    overriding.agree(_override(request, connection), request.user, timezone.now())
    return "Agreed. The gate is passed for what is in force now, and that stays on this page."


def _withdraw(request: HttpRequest, connection: Connection) -> str:
    overriding.withdraw(_override(request, connection), request.user, timezone.now())
    return "Withdrawn: the gate counts again."


def _override(request: HttpRequest, connection: Connection) -> Override:
    asked = request.POST.get("override", "")
    number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 19 else 0
    return get_object_or_404(Override.objects.select_related("connection"), pk=number, connection=connection)


def _steps(connection: Connection) -> list[tuple[str, str]]:
    return [*trail(), (connection.name, reverse("rules:connection", args=[connection.slug]))]


_AT = "connections/<slug:slug>/go-live/"
urlpatterns = [
    path(_AT, go_live, name="go_live"),
    path(f"{_AT}forward/", _act(SWITCH, _forward), name="go_forward"),
    path(f"{_AT}back/", _act(SWITCH, _back), name="go_back"),
    path(f"{_AT}test/", _act(TEST, _test), name="two_way_start"),
    path(f"{_AT}test/stop/", _act(TEST, _stop), name="two_way_stop"),
    path(f"{_AT}test/<int:pk>/", report, name="two_way_report"),
    path(f"{_AT}override/", _act(overriding.ASK, _ask), name="override_ask"),
    path(f"{_AT}override/agree/", _act(overriding.AGREE, _agree), name="override_agree"),
    path(f"{_AT}override/withdraw/", _act(VIEW, _withdraw), name="override_withdraw"),
]
