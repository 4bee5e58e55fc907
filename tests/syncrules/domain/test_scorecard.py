"""Health's figures: when a target is met, when it can't be said yet, and samples that anyone can draw again."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncrules.domain.audit import Rate
from syncrules.domain.charts import Point, line
from syncrules.domain.scorecard import (
    Arrived,
    Origin,
    Place,
    Targets,
    attribution,
    day_of,
    draw,
    duplicates,
    headline,
    incidents,
    stages,
    trace,
)

TARGETS = Targets()
AT = datetime(2026, 3, 2, tzinfo=UTC)


class TestTheSample:
    @given(st.sets(st.integers(1, 10_000), max_size=80), st.integers(0, 2**40), st.randoms())
    def test_whoever_draws_with_the_seed_gets_the_same_people(self, people, seed, chance):
        shuffled = list(people)
        chance.shuffle(shuffled)
        assert draw(people, seed, 25) == draw(shuffled, seed, 25)
        assert len(draw(people, seed, 25)) == min(25, len(people))

    def test_it_is_what_sha256_says_so_that_no_program_of_ours_is_needed(self):
        people = range(1, 1000)
        by_hand = sorted(people, key=lambda n: hashlib.sha256(b"20260317:" + str(n).encode()).hexdigest())
        assert draw(people, 20260317, 25) == by_hand[:25]

    def test_another_seed_draws_other_people(self):
        assert draw(range(1000), 1, 20) != draw(range(1000), 2, 20)


class TestDuplicates:
    def test_the_hub_and_every_map_have_to_be_under_the_target(self):
        good, bad = Rate(1000, 5, 29), Rate(1000, 9, 30)
        assert duplicates(Place("The hub", good), [Place("HubSpot", good)], TARGETS).passed
        found = duplicates(Place("The hub", good), [Place("HubSpot", bad)], TARGETS)
        assert (found.passed, found.value, found.shown) == (False, 0.029, "2.9%")
        assert found.note == "HubSpot is over the target."
        assert duplicates(Place("The hub", bad), [], TARGETS).passed is False

    def test_a_map_that_could_not_be_audited_leaves_it_open(self):
        found = duplicates(Place("The hub", Rate(10, 0, 0)), [Place("HubSpot", None, note="503")], TARGETS)
        assert (found.passed, found.note) == (None, "HubSpot could not be audited.")


class TestAttribution:
    @pytest.mark.parametrize(("traced", "passed"), [(20, True), (19, True), (18, False), (0, False)])
    def test_more_than_ninety_percent_are_traced(self, traced, passed):
        found = attribution(traced, 20, [], TARGETS)
        assert (found.passed, found.shown, found.value) == (passed, f"{traced} of 20", traced / 20)

    def test_too_few_are_no_percentage_and_decide_nothing_yet(self):
        found = attribution(12, 12, [], TARGETS)
        assert (found.passed, found.shown) == (None, "12 of 20 so far")

    def test_too_few_with_too_many_misses_have_failed_already(self):
        assert attribution(9, 11, [], TARGETS).passed is False

    def test_nobody_is_no_figure(self):
        assert attribution(0, 0, [], TARGETS).value is None


class TestStages:
    @pytest.mark.parametrize(
        ("same", "of", "passed"), [(25, 25, True), (24, 25, False), (12, 12, None), (11, 12, False)]
    )
    def test_every_stage_has_to_be_the_same(self, same, of, passed):
        assert stages(same, of, [], TARGETS).passed is passed

    def test_a_map_that_could_not_be_read_has_not_met_it(self):
        found = stages(10, 10, [], TARGETS, "HubSpot could not be read: 503")
        assert (found.passed, found.note) == (False, "HubSpot could not be read: 503")


def test_no_incident_is_the_target():
    assert incidents(0, 1, [], TARGETS).passed
    assert not incidents(1, 0, [], TARGETS).passed
    assert incidents(1, 0, [], Targets(incidents=1)).passed


class TestATrail:
    FORM = Arrived(7, AT, 1, "Website contact form", "HubSpot Forms")

    def test_the_first_arrival_and_the_lead_source_agree(self):
        later = Arrived(9, AT.replace(day=9), 2, "Trade show scan")
        found = trace(1, "Website contact form", Origin("source"), [later, self.FORM])
        assert (found.traced, found.words, found.arrival) == (True, "HubSpot Forms, Website contact form", 7)

    def test_a_contact_without_an_arrival_leads_nowhere(self):
        assert not trace(1, "Website contact form", Origin(), []).traced

    def test_another_source_than_that_of_the_first_arrival_is_wrong(self):
        found = trace(2, "Trade show scan", Origin("source", "Trade show scan"), [self.FORM])
        assert not found.traced
        assert found.words == "says Trade show scan, but its first arrival came from Website contact form"

    def test_unless_a_person_with_a_name_changed_it(self):
        found = trace(2, "Trade show scan", Origin("person", "Dana Whitfield"), [self.FORM])
        assert found.traced
        assert "Dana Whitfield made it Trade show scan" in found.words

    def test_a_source_that_nobody_registered_is_no_source(self):
        assert "zapier-legacy" in trace(1, "x", Origin(), [Arrived(1, AT, None, "zapier-legacy")]).words

    def test_a_contact_without_a_lead_source_is_not_traced(self):
        assert not trace(None, "", Origin(), [self.FORM]).traced


def test_the_headline_counts_what_is_met_and_what_is_open():
    def said(*passed):
        return headline([{"passed": p} for p in passed])

    assert said(True, True, False, True) == "three of four targets met"
    assert said(True, True, True, True) == "all four targets met"
    assert said(True, None, False, True) == "two of four targets met, one not met, one can’t be said yet"


def test_days_count_from_one():
    assert day_of(date(2026, 1, 16), date(2026, 1, 16)) == 1
    assert day_of(date(2026, 1, 16), date(2026, 3, 16)) == 60
    assert day_of(None, date(2026, 3, 16)) is None


class TestTheChart:
    def test_points_stand_by_their_time_within_the_drawing(self):
        points = [Point(n, AT.replace(day=n), value) for n, value in [(1, 0.9), (2, 1.0), (28, 0.5)]]
        drawn = line(points, 0.9, 0.7, 1.0, below=False)
        assert [d.good for d in drawn.dots] == [True, True, False]
        assert drawn.dots[0].x < drawn.dots[1].x < drawn.dots[2].x <= drawn.width
        assert all(0 <= d.y <= drawn.bottom for d in drawn.dots)
        assert drawn.dots[1].y < drawn.dots[0].y < drawn.dots[2].y

    def test_one_point_and_none_can_be_drawn(self):
        assert len(line([Point(1, AT, 0.0)], 0, 0, 0, below=True).dots) == 1
        assert line([], 0.03, 0, 0.05, below=True).path == ""
