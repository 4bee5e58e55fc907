"""From draft to live: gates that are worked out, one step at a time, the light going back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from contacts.models import Arrival, CustomField, Source
from syncrules import seeds
from syncrules.connectors.memory import MemoryMap
from syncrules.connectors.trouble import Unavailable
from syncrules.models import Audit, Connection, ConnectionChange, Override, Pilot, SyncRun, TwoWayTest
from syncrules.services import calling, two_way
from syncrules.services.going_live import steps
from syncrules.services.going_live.basis import basis_of
from syncrules.services.going_live.shown import untested
from syncrules.services.pilot import watching
from syncrules.services.sync import rounds
from tests import factories
from tests.syncrules.draft import audited, be, checked, client_of, drafted, press, red, text
from tests.syncrules.syncing import World, force

pytestmark = pytest.mark.django_db(transaction=True)
State = Connection.State


@pytest.fixture
def world() -> Iterator[World]:
    with drafted() as made:
        yield made


class TestGates:
    def test_a_draft_with_nothing_missing_may_be_tested(self, world: World) -> None:
        assert red(world) == set()

    def test_a_source_that_is_not_audited_is_missing(self, world: World) -> None:
        Source.objects.filter(slug=factories.FORM).update(status=Source.Status.OPEN)
        assert red(world) == {"sources"}

    def test_two_sources_that_claim_what_a_map_alone_sets_are_a_conflict(self, world: World) -> None:
        Source.objects.filter(slug=factories.FORM).update(entry_stage="mql")
        assert red(world) == {"sources"}

    def test_arrivals_that_nobody_registered_are_missing(self, world: World) -> None:
        Arrival.objects.create(
            source_slug="old-zap", door="api", actor="?", received_at=timezone.now(), raw={"email": "a@b.example"},
            outcome="", reason="", verdicts=[],
        )  # fmt: skip
        assert red(world) == {"sources"}

    def test_without_a_worksheet_in_force_nothing_stands(self, world: World) -> None:
        world.connection.versions.update(state="past")
        assert {"worksheet", "consent"} <= red(world)

    def test_a_worksheet_with_a_problem_is_missing(self, world: World) -> None:
        force(world.connection, [("email", "email", "to-map", "fresh")], world.later())
        assert "worksheet" in red(world)

    def test_a_custom_field_without_a_row_is_missing(self, world: World) -> None:
        CustomField.objects.create(slug="budget", label="Budget", type="number")
        assert red(world) == {"fields"}

    @pytest.mark.parametrize("row", [None, ("opt_in", "hs_email_optout", "to-hub", "unsubscribe")])
    def test_the_opt_in_must_go_both_ways(self, world: World, row: Any) -> None:
        rows = [("email", "email", "both", "never"), *([row] if row else [])]
        force(world.connection, rows, world.later())
        assert "consent" in red(world)

    def test_a_threshold_that_cannot_be_judged_is_missing(self, world: World) -> None:
        Connection.objects.update(takes_part={"all": [{"field": "gone", "op": "is", "value": "1"}]})
        assert red(world) == {"threshold"}

    def test_a_token_that_is_not_there_is_missing(self, world: World) -> None:
        Connection.objects.update(kind="hubspot")
        assert red(world) == {"address"}

    def test_a_pilot_needs_the_eight_checks_and_an_audit_under_the_target(self, world: World) -> None:
        be(world, State.TESTING)
        assert red(world, State.PILOT) == {"two-way-test", "duplicates"}
        checked(world)
        assert red(world, State.PILOT) == {"duplicates"}
        audited(world)
        assert red(world, State.PILOT) == set()
        Audit.objects.update(finished_at=timezone.now() - timedelta(days=31))
        assert red(world, State.PILOT) == {"duplicates"}

    def test_a_map_with_too_many_duplicates_is_missing(self, world: World) -> None:
        be(world, State.TESTING)
        for n in range(2):
            world.map.create(email=f"a{n}@acme.example", firstname="Ann", lastname="Lee", company="Acme")
        audited(world)
        Audit.objects.update(contacts=2, duplicates=1)
        assert "duplicates" in red(world, State.PILOT)


#: Changes after which what was tested does not count any more.
CHANGES = {
    "worksheet": lambda world: force(world.connection, [("email", "email", "both", "never")], world.later()),
    "threshold": lambda world: Connection.objects.update(qualifies={"all": [{"field": "email", "op": "filled"}]}),
    "address": lambda world: Connection.objects.update(base_url="https://api.other.example"),
    "version": lambda world: Connection.objects.update(api_version="2026-09"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_any_change_of_what_was_tested_turns_the_light_back(world: World, what: str) -> None:
    be(world, State.TESTING)
    checked(world)
    assert "two-way-test" not in red(world, State.PILOT)
    be(world, State.LIVE)
    assert untested(world.connection) == ""
    CHANGES[what](world)
    assert "two-way-test" in red(world, State.PILOT)
    assert "Not tested as it stands now" in untested(Connection.objects.get())


def test_another_version_of_the_connector_turns_the_light_back(world: World, monkeypatch: Any) -> None:
    before = basis_of(world.connection)
    monkeypatch.setattr("syncrules.connectors.hubspot.VERSION", 99)
    assert basis_of(world.connection) != before


def test_from_draft_to_live_by_the_buttons_of_the_page(world: World) -> None:
    """As a new ops person would: testing, the eight checks, the audit, a pilot, live."""
    factories.arrive({"email": "ann@acme.example", "first_name": "Ann"}, source=factories.FORM, at=timezone.now())
    assert "testing now" in press(world, "go_forward")
    assert "stays testing" in press(world, "go_forward")
    assert "Eight checks passed on v1: never run" in press(world, "pilot_start", source=factories.FORM, size="5")
    assert "The eight checks run" in press(world, "two_way_start")
    two_way.work(TwoWayTest.objects.get().pk, world.map, timezone.now, lambda seconds: None)
    page = text(world)
    assert "8 of 8 passed" in page
    audited(world)
    assert "The pilot runs with 1 contacts" in press(world, "pilot_start", source=factories.FORM, size="500")
    assert world.connection.state == State.PILOT
    rounds.whole_round(world.connection, world.map, timezone.now)
    assert "Pilot clean" in press(world, "go_forward")
    Pilot.objects.update(created_at=timezone.now() - timedelta(hours=1))
    watching.watch(timezone.now())
    assert "live now. The first full sync has begun." in press(world, "go_forward")
    assert SyncRun.objects.count() == 1
    told = [change.after["state"] for change in ConnectionChange.objects.order_by("pk")]
    assert told == ["testing", "pilot", "live"]


def test_a_map_that_does_not_answer_keeps_it_in_draft(world: World) -> None:
    class Away:
        def properties(self) -> Any:
            raise Unavailable("It answers 503.")

    calling.register("memory", lambda connection: Away())  # type: ignore[arg-type, return-value]
    assert "did not answer as it should: It answers 503." in press(world, "go_forward")
    assert world.connection.state == State.DRAFT


def test_a_field_that_the_map_has_lost_keeps_it_in_draft(world: World) -> None:
    world.map = MemoryMap(f for f in seeds.catalogue() if f.name != "firstname")
    assert "Worksheet has no problems" in press(world, "go_forward")
    assert world.connection.state == State.DRAFT


def test_a_token_that_is_missing_is_named(world: World) -> None:
    Connection.objects.update(kind="hubspot")
    assert "MAP_TOKEN_SANDBOX" in press(world, "go_forward")


@pytest.mark.parametrize("name", ["go_forward", "go_back", "two_way_start", "two_way_stop", "pilot_start"])
def test_only_those_who_may_move_a_connection_or_test_it(world: World, name: str) -> None:
    for role in ("auditor", "sales", "marketing", "reviewer"):
        assert press(world, name, role) == "403"
    assert world.connection.state == State.DRAFT


class TestSteps:
    def test_back_needs_a_reason_and_is_shown(self, world: World) -> None:
        be(world, State.LIVE)
        assert "Write why" in press(world, "go_back", to="testing", reason="")
        assert "testing again" in press(world, "go_back", to="testing", reason="The stage map was wrong")
        page = text(world)
        assert "The light went back from live to testing" in page
        assert "The stage map was wrong" in page

    def test_nobody_goes_ahead_by_going_back(self, world: World) -> None:
        assert "already" in press(world, "go_back", to="live", reason="Sneaky")
        assert world.connection.state == State.DRAFT

    @pytest.mark.parametrize("state", [State.TESTING, State.PILOT, State.LIVE])
    def test_what_is_paused_goes_on_where_it_was(self, world: World, state: str) -> None:
        be(world, state)
        steps.pause(world.connection, "Ops", "a move", timezone.now())
        assert Connection.objects.get().state == State.PAUSED
        assert "a move" in text(world)
        steps.go_on(world.connection, "Ops", timezone.now())
        assert Connection.objects.get().state == state

    def test_a_draft_is_not_paused(self, world: World) -> None:
        with pytest.raises(steps.NotMoved):
            steps.pause(world.connection, "Ops", "a move", timezone.now())

    def test_steps_are_taken_one_at_a_time(self, world: World) -> None:
        with pytest.raises(steps.NotMoved, match="one step at a time"):
            steps.forward(world.connection, State.LIVE, "Ops", timezone.now())

    def test_of_two_people_who_press_at_once_one_is_told(self, world: World) -> None:
        stale = Connection.objects.get()
        steps.forward(world.connection, State.TESTING, "Ops", timezone.now())
        with pytest.raises(steps.NotMoved, match="already, by Ops"):
            steps.forward(stale, State.TESTING, "Admin", timezone.now())


def test_the_report_of_a_test_stands_on_a_page_of_its_own(world: World) -> None:
    be(world, State.TESTING)
    checked(world)
    where = reverse("rules:two_way_report", args=[world.connection.slug, TwoWayTest.objects.get().pk])
    page = client_of(world, "auditor").get(where).content.decode()
    assert "all eight checks passed" in page


def test_while_a_test_runs_the_page_asks_for_its_progress_alone(world: World) -> None:
    be(world, State.TESTING)
    two_way.start(world.connection, "Ops", timezone.now())
    where = reverse("rules:go_live", args=[world.connection.slug])
    part = client_of(world, "ops").get(where, headers={"HX-Request": "true"}).content.decode()
    assert "Waiting for a worker" in part
    assert "<html" not in part


def test_the_page_costs_the_same_however_much_there_is(world: World, django_assert_max_num_queries: Any) -> None:
    be(world, State.TESTING)
    checked(world)
    client = client_of(world, "ops")
    where = reverse("rules:go_live", args=[world.connection.slug])
    with django_assert_max_num_queries(75):
        client.get(where)
    for n in range(5):
        Override.objects.create(
            connection=world.connection, gate="fields", said="x", reason=str(n), basis="x", asked_by_name="A",
            asked_at=timezone.now(), withdrawn_at=timezone.now(),
        )  # fmt: skip
        factories.arrive({"email": f"p{n}@firm{n}.example"}, source=factories.FORM, at=timezone.now())
    with django_assert_max_num_queries(75):
        client.get(where)
