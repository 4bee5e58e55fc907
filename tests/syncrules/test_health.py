"""Health: reports that are kept, what each figure is made of, nightly and day-60 reports, mail, and the command."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from contacts.models import Contact
from contacts.services import leases
from contacts.services.merging import merge
from syncrules.connectors.trouble import Unavailable
from syncrules.models import Audit, HealthReport, HealthTargets, Link
from syncrules.services import health
from syncrules.services.health import samples
from syncrules.services.health.work import live_since
from tests import factories

from .proving import mqls, worked
from .syncing import START, World, live

pytestmark = pytest.mark.django_db
NIGHT = START.replace(hour=2, minute=0)


@pytest.fixture
def world(seeded) -> World:
    return live()


class TestStages:
    def test_both_sides_agree(self, world):
        mqls(world, 25)
        found = worked(world).figures["stage_consistency"]
        assert (found["shown"], found["passed"], found["value"]) == ("25 of 25", True, 1.0)

    def test_too_few_are_counted_and_not_judged(self, world):
        mqls(world, 3)
        found = worked(world).figures["stage_consistency"]
        assert (found["shown"], found["passed"]) == ("3 of 25 so far", None)

    def test_a_mismatch_is_explained_by_the_rule_that_caused_it(self, world):
        ids = mqls(world, 3)
        contact = Link.objects.get(record_id=ids[0]).contact
        world.edit(contact, lifecycle_stage="in-discovery")
        world.exchange()
        world.map.edit(ids[0], stage="mql")
        report = worked(world)
        (wrong,) = [one for one in report.figures["stage_consistency"]["sample"] if not one["same"]]
        assert (wrong["contact"], wrong["hub"], wrong["map"]) == (contact.pk, "In Discovery", "MQL")
        assert wrong["why"] == (
            "The MAP says otherwise, and that is refused here: a MAP only moves a stage forward, and never one that "
            "sales set (worksheet v1, row 8)."
        )
        assert report.summary["stage_consistency"]["passed"] is False

    def test_what_the_map_changed_a_moment_ago_is_told_from_what_is_refused(self, world):
        ids = mqls(world, 1)
        Contact.objects.update(lifecycle_stage="new-lead")
        Link.objects.update(agreed={}, seen={})
        (wrong,) = worked(world).figures["stage_consistency"]["sample"]
        assert "the next pull brings it here" in wrong["why"], ids

    def test_a_record_that_is_gone_is_a_mismatch(self, world):
        ids = mqls(world, 2)
        world.map.remove(ids[0])
        sample = worked(world).figures["stage_consistency"]["sample"]
        assert [one["map"] for one in sample] == ["no record", "MQL"]

    def test_a_map_that_can_not_be_read_is_said_and_not_met(self, world):
        mqls(world, 2)

        class Away:
            def __getattr__(self, name):
                def refuse(*args, **given):
                    raise Unavailable("It answered 503.")

                return refuse

        found = worked(world, Away()).figures
        assert found["stage_consistency"]["passed"] is False
        assert "Our MAP could not be read: It answered 503." in found["stage_consistency"]["note"]
        assert found["duplicate_rate"]["passed"] is None

    def test_connections_that_are_not_live_are_not_compared(self, world):
        mqls(world, 2)
        type(world.connection).objects.update(state="draft")
        assert worked(world).figures["stage_consistency"]["shown"] == "–"


class TestAttribution:
    def test_each_is_traced_to_the_form_that_sent_it_first(self, world):
        mqls(world, 20)
        found = worked(world).figures["attribution"]
        assert (found["shown"], found["passed"]) == ("20 of 20", True)
        assert {one["trail"] for one in found["sample"]} == {"HubSpot Forms, Website contact form"}
        assert all(one["arrival"] and one["since"] for one in found["sample"])

    def test_lead_sources_that_are_not_those_of_the_first_arrival_count_against_it(self, world):
        mqls(world, 20)
        wrong = list(Contact.objects.order_by("pk")[:2])
        other = factories.map_source().pk
        Contact.objects.filter(pk__in=[c.pk for c in wrong]).update(source=other)
        found = worked(world).figures["attribution"]
        assert (found["value"], found["passed"]) == (0.9, False)
        assert {one["contact"] for one in found["sample"] if not one["traced"]} == {c.pk for c in wrong}

    def test_it_is_about_the_latest_however_many_came_before(self, world, monkeypatch):
        monkeypatch.setattr("syncrules.services.health.attribution.RECENT", 5)
        mqls(world, 12)
        newest = set(Contact.objects.order_by("-pk").values_list("pk", flat=True)[:5])
        assert {one["contact"] for one in worked(world).figures["attribution"]["sample"]} <= newest

    def test_after_a_merge_the_trail_goes_on(self, world):
        mqls(world, 2)
        kept, lost = Contact.objects.order_by("pk")
        merge(kept.pk, [lost.pk], user=None, at=world.later())
        (one,) = worked(world).figures["attribution"]["sample"]
        assert (one["contact"], one["traced"]) == (kept.pk, True)


class TestDuplicatesAndIncidents:
    def test_the_rate_is_that_of_a_fresh_audit_and_each_map_has_its_own(self, world):
        mqls(world, 2)
        found = worked(world).figures["duplicate_rate"]
        assert [(one["where"], one["contacts"], one["met"]) for one in found["sample"]] == [
            ("The hub", 2, True), ("Our MAP", 2, True),
        ]  # fmt: skip
        assert (found["value"], found["passed"]) == (0.0, True)

    def test_an_audit_of_a_map_is_made_anew_only_after_most_of_a_day(self, world):
        worked(world)
        worked(world)
        assert Audit.objects.filter(connection=world.connection).count() == 1
        world.now += timedelta(hours=21)
        worked(world)
        assert Audit.objects.filter(connection=world.connection).count() == 2

    def test_a_value_that_something_automatic_overwrote_is_found_in_the_history(self, world):
        mqls(world, 1)
        contact = Contact.objects.get()
        row = contact.history.first()
        row.pk, row.history_type, row.history_date, row.last_name = None, "~", world.later(), "Overwritten"
        row.history_user_id, row.history_change_reason, row.actor, row.arrival_id = None, "sync", "Our MAP", None
        row.save()
        found = worked(world).figures["overwrite_incidents"]
        assert (found["value"], found["passed"]) == (1, False)
        assert (found["sample"][0]["contact"], found["sample"][0]["field"]) == (contact.pk, "last_name")

    def test_what_rows_allowed_is_listed_with_the_row(self, world):
        mqls(world, 3)
        (row,) = [a for a in worked(world).figures["allowed"] if a["field"] == "lifecycle_stage"]
        assert (row["rule"], row["row"], row["count"]) == ("stage", 8, 3)


class TestReports:
    def test_a_report_keeps_no_name_and_no_address(self, world):
        mqls(world, 3)
        kept = json.dumps(worked(world).figures)
        assert "@" not in kept
        assert "P1" not in kept

    def test_its_samples_can_be_drawn_again_although_others_came_since(self, world):
        mqls(world, 30)
        report = worked(world, seed=4711)
        before = {one["contact"] for one in report.figures["stage_consistency"]["sample"]}
        for n in range(40):
            world.arrive(email=f"new{n}@acme.example", first_name=f"N{n}", last_name="Berg")
            world.map.create(email=f"new{n}@acme.example", stage="lead")
        world.exchange()
        again = samples.drawn_again(report)
        assert set(again["stage_consistency"][0]) == before
        assert [same for _, same in again.values()] == [True, True]

    def test_it_keeps_the_targets_that_it_was_held_against(self, world):
        report = worked(world)
        HealthTargets.objects.create(pk=1, duplicates=1.5)
        report.refresh_from_db()
        assert report.summary["duplicate_rate"]["target"] == 0.03
        assert worked(world).summary["duplicate_rate"]["target"] == 0.015

    def test_a_report_whose_worker_died_is_taken_up(self, world):
        report = health.start("Priya", world.now)
        leases.take_lease(report.pk, "elsewhere:1:x", world.now, "running", ("queued",), HealthReport)
        assert health.unfinished(world.now + timedelta(seconds=30)) == []
        world.now += leases.LEASE * 2
        assert health.unfinished(world.now) == [report.pk]
        assert health.work(report.pk, clock=world.later, connect=lambda connection: world.map)
        assert not health.work(report.pk, clock=world.later)

    def test_the_schedule_makes_one_a_night_and_none_by_day(self, world):
        assert health.start_nightly(NIGHT.replace(hour=12)) is None
        assert health.start_nightly(NIGHT).kind == "night"
        assert health.start_nightly(NIGHT + timedelta(minutes=10)) is None
        assert health.start_nightly(NIGHT + timedelta(days=1)).kind == "night"

    def test_day_sixty_has_its_own_report_once_also_when_the_hub_was_off_that_night(self, world):
        assert health.start_nightly(NIGHT + timedelta(days=58)).kind == "night"
        assert health.start_nightly(NIGHT + timedelta(days=61)).kind == "day-60"
        assert health.start_nightly(NIGHT + timedelta(days=62)).kind == "night"

    def test_the_days_go_on_counting_when_a_connection_was_paused_in_between(self, world):
        worked(world)
        type(world.connection).objects.update(state_at=START + timedelta(days=30))
        assert live_since() == START

    def test_the_front_page_reads_four_figures_in_two_queries(self, world, django_assert_num_queries):
        assert health.latest() is None
        mqls(world, 2)
        for _ in range(3):
            worked(world)
            world.now += timedelta(days=1)
        with django_assert_num_queries(2):
            found = health.latest()
        assert [f.title for f in found.figures] == [
            "Duplicate rate", "Attribution", "Stage consistency", "Overwrite incidents",
        ]  # fmt: skip
        assert [len(f.trend) for f in found.figures] == [3, 3, 3, 3]
        assert found.headline == "two of four targets met, two can’t be said yet"

    def test_a_trend_has_the_last_report_of_each_day(self, world):
        worked(world)
        last = worked(world)
        assert [p.key for p in health.trend(world.later())["duplicate_rate"]] == [last.pk]
