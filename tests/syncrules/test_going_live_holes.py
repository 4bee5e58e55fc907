"""Holes that a gate must not have: pilots that outlive their state, tests of other settings, notes that vanish."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from contacts.models import Source
from syncrules.models import Connection, Override, Pilot, TwoWayTest
from syncrules.services import two_way
from syncrules.services.going_live import steps
from syncrules.services.going_live.shown import untested
from syncrules.services.pilot import watching
from syncrules.services.sync import rounds
from tests import factories
from tests.syncrules.syncing import World
from tests.syncrules.test_going_live import CHANGES, State, audited, be, checked, press, red, text, world

__all__ = ["world"]
pytestmark = pytest.mark.django_db(transaction=True)


def ready(world: World) -> None:
    factories.arrive({"email": "ann@acme.example", "first_name": "Ann"}, source=factories.FORM, at=timezone.now())
    press(world, "go_forward")
    checked(world)
    audited(world)


def pilot(world: World) -> None:
    ready(world)
    assert "pilot runs" in press(world, "pilot_start", source=factories.FORM, size="500")


def test_sentence_stays_while_the_retest_waits(world: World) -> None:
    be(world, State.TESTING)
    checked(world)
    be(world, State.LIVE)
    CHANGES["address"](world)
    assert untested(Connection.objects.get())
    two_way.retest(timezone.now())
    assert TwoWayTest.objects.filter(status="queued").exists()
    assert untested(Connection.objects.get())


def test_back_ends_the_pilot(world: World) -> None:
    pilot(world)
    press(world, "go_back", to="testing", reason="no")
    assert Pilot.objects.get().status != "running"


def test_a_second_pilot_after_back(world: World) -> None:
    pilot(world)
    press(world, "go_back", to="testing", reason="no")
    assert "pilot runs" in press(world, "pilot_start", source=factories.FORM, size="500")


def test_fall_back_ends_the_pilot(world: World) -> None:
    pilot(world)
    steps.fall_back(world.connection, "Check 8 failed", timezone.now())
    assert Pilot.objects.get().status != "running"


def test_a_pilot_of_a_connection_that_went_back_never_becomes_clean(world: World) -> None:
    pilot(world)
    rounds.whole_round(world.connection, world.map, timezone.now)
    press(world, "go_back", to="testing", reason="no")
    Pilot.objects.update(created_at=timezone.now() - timedelta(hours=1))
    watching.watch(timezone.now())
    assert Pilot.objects.get().status != "clean"


def test_no_pilot_state_without_a_pilot(world: World) -> None:
    ready(world)
    press(world, "go_forward")
    world.connection.refresh_from_db()
    assert world.connection.state == State.TESTING


def test_a_test_run_with_other_settings_does_not_count(world: World) -> None:
    be(world, State.TESTING)
    was = Connection.objects.get().takes_part
    test = two_way.start(world.connection, "Ops", timezone.now())
    Connection.objects.update(takes_part={})
    assert was != {}
    two_way.work(test.pk, world.map, timezone.now, lambda seconds: None)
    Connection.objects.update(takes_part=was)
    assert "two-way-test" in red(world, State.PILOT)


def test_who_agreed_may_withdraw(world: World) -> None:
    Source.objects.update(status=Source.Status.OPEN)
    press(world, "override_ask", "ops", gate="sources", reason="x")
    asked = Override.objects.get()
    press(world, "override_agree", "reviewer", override=asked.pk)
    assert "Withdrawn" in press(world, "override_withdraw", "reviewer", override=asked.pk)


def test_paused_says_since_when_it_is_live(world: World) -> None:
    be(world, State.LIVE)
    Connection.objects.update(state_at=timezone.now() - timedelta(days=20), state_by="Lena")
    world.connection.refresh_from_db()
    steps.pause(world.connection, "Pauser", "a move", timezone.now())
    page = text(world)
    here = re.search(r"Here since[^<]*", page)
    assert here is None or "Pauser" not in here.group()


def test_the_note_stays_across_a_pause(world: World) -> None:
    be(world, State.LIVE)
    steps.fall_back(world.connection, "Check 8 failed", timezone.now())
    steps.pause(world.connection, "Ops", "a move", timezone.now())
    steps.go_on(world.connection, "Ops", timezone.now())
    assert "The light went back" in text(world)
