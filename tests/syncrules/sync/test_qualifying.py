"""Which records of a MAP enter the pipeline: those below the threshold are known people, and not leads."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.models import Arrival, Review
from contacts.services import review
from syncrules.models import Connection, Link
from tests.syncrules.sync.kit import Both, address, arrives, both, person
from tests.syncrules.syncing import ROWS, contact, force

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]
SCORED = {"all": [{"field": "lead_score", "op": "least", "value": 40}]}
IN_STAGE = {"any": [{"field": "lifecycle_stage", "op": "one-of", "value": ["mql", "sql"]}]}


@pytest.fixture
def sides() -> Both:
    sides = both()
    qualifies(sides, SCORED)
    return sides


def qualifies(sides: Both, tree: dict[str, Any]) -> None:
    Connection.objects.filter(pk=sides.connection.pk).update(qualifies=tree)


def stage(number: int) -> str | None:
    return contact(address(number)).lifecycle_stage_id


def test_a_record_below_the_threshold_is_a_known_person_without_a_stage(sides):
    ident = sides.map.create(**person(1, score="10", title="Buyer", stage="mql"))
    sides.round()
    found = contact(address(1))
    assert (found.lifecycle_stage_id, found.job_title, found.lead_score) == (None, "Buyer", 10)
    assert Link.objects.get().record_id == ident
    verdict = next(v for v in Arrival.objects.get().verdicts if v[0] == "lifecycle_stage")
    assert verdict[:3] == ["lifecycle_stage", "kept", "below-threshold"]


def test_it_falls_quiet_as_any_other(sides):
    sides.map.create(**person(1, score="10", stage="mql"))
    for _ in range(3):
        sides.round()
    writes, version = sides.map.writes, contact(address(1)).version
    for _ in range(3):
        sides.round(full=True)
    assert (sides.map.writes, contact(address(1)).version) == (writes, version)


def test_a_record_that_passes_is_a_lead_from_the_start(sides):
    sides.map.create(**person(1, score="40", stage="mql"))
    sides.map.create(**person(2, score="90"))
    sides.round()
    assert (stage(1), stage(2)) == ("mql", sides.connection.source.entry_stage_id)


def test_once_it_passes_it_gets_the_stage_that_the_map_says_or_the_entry_stage(sides):
    said = sides.map.create(**person(1, score="10", stage="mql"))
    silent = sides.map.create(**person(2, score="10"))
    sides.round()
    for ident in (said, silent):
        sides.map.edit(ident, score="55")
    for _ in range(2):
        sides.round()
    entry = sides.connection.source.entry_stage_id
    assert (stage(1), stage(2)) == ("mql", entry)
    assert contact(address(1)).origins["of"]["lifecycle_stage"]
    assert sides.map.everybody()[silent].values["stage"] == "lead"
    reason = contact(address(2)).history.exclude(history_change_reason=None).first().history_change_reason
    assert "lifecycle_stage threshold" in reason


def test_what_the_hub_knows_counts_too(sides):
    sides.map.create(**person(1, stage="mql"))
    sides.round()
    assert stage(1) is None
    sides.world.edit(contact(address(1)), lead_score="77")
    for _ in range(2):
        sides.round()
    assert stage(1) == "mql"


def test_a_lead_stays_a_lead_when_its_record_falls_below(sides):
    ident = sides.map.create(**person(1, score="50", stage="mql"))
    sides.round()
    sides.map.edit(ident, score="3")
    sides.round()
    assert stage(1) == "mql"


def test_whoever_is_a_lead_already_keeps_the_stage_when_a_record_below_meets_them(sides):
    arrives(sides, 1)
    before = stage(1)
    sides.map.create(**person(1, score="3", stage="sql"))
    sides.round()
    assert before
    assert stage(1) == before


def test_an_unsubscribe_passes_whatever_the_threshold(sides):
    sides.map.create(**person(1, score="3", stage="unsubscribed"))
    sides.map.create(**person(2, score="3"))
    sides.round()
    sides.map.unsubscribe(address(2))
    sides.round()
    assert (stage(1), stage(2)) == ("unsubscribed", "unsubscribed")


def test_a_form_makes_a_known_person_a_lead(sides):
    sides.map.create(**person(1, score="3"))
    sides.round()
    assert stage(1) is None
    arrives(sides, 1)
    assert stage(1) is not None


def test_the_stage_that_counts_is_the_one_the_map_says(sides):
    qualifies(sides, IN_STAGE)
    ident = sides.map.create(**person(1, stage="lead"))
    sides.map.create(**person(2, stage="mql"))
    sides.round()
    assert (stage(1), stage(2)) == (None, "mql")
    sides.map.edit(ident, stage="mql")
    sides.round()
    assert stage(1) == "mql"


def test_without_a_row_for_the_stage_who_passes_gets_the_entry_stage(sides):
    force(sides.connection, [row for row in ROWS if row[0] not in ("lifecycle_stage", "opt_in")], sides.world.later())
    ident = sides.map.create(**person(1, score="3"))
    sides.round()
    assert stage(1) is None
    sides.map.edit(ident, score="90")
    sides.round()
    assert stage(1) == sides.connection.source.entry_stage_id


def test_a_held_record_below_the_threshold_is_no_lead_either_once_somebody_decided(sides):
    sides.map.create(**person(1, score="90", firstname="Ann", lastname="Lee"))
    sides.round()
    held = person(2, score="3", firstname="Ann", lastname="Lee") | {"email": "ann@firm1.example"}
    sides.map.create(**held)
    sides.round()
    case = Review.objects.get(kind="hold")
    review.decide_different(case.pk, user=sides.world.user("reviewer"), at=sides.clock())
    for _ in range(2):
        sides.round()
    assert contact("ann@firm1.example").lifecycle_stage_id is None
