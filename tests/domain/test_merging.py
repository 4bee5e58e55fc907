"""What two contacts become: values, origins, stage, source, consent, picks, and that the order makes no difference."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain import rules
from contacts.domain.changes import Person
from contacts.domain.lifecycle import StageRow, StageTable
from contacts.domain.merging import KEPT, LOST, MergePlan, Pick, Side, in_conflict, most_complete, plan_merge
from contacts.domain.origins import Writer, fresh, origin_of, stamp, was_blanked
from contacts.domain.protection import UNSUBSCRIBED, LessProtected, must_keep, protections

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
STAGES = StageTable(
    (
        StageRow("new-lead", "New Lead", 10, "anyone"),
        StageRow("event-lead", "Event Lead", 10, "anyone"),
        StageRow("mql", "MQL", 20, "map"),
        StageRow("sql", "SQL", 30, "sales"),
        StageRow("unsubscribed", "Unsubscribed", 80, "anyone"),
    )
)
DANA = Writer("person", "Dana", "2026-03-05T10:00:00+00:00")


def side(number: int, *, days: int = 0, blanked: tuple[str, ...] = (), by: str = "source", **values: Any) -> Side:
    """A contact that one source or person wrote, so many days after the first."""
    made = AT + timedelta(days=days)
    writer = Writer(by, f"writer {number}", made.isoformat(), number)
    values = {"lifecycle_stage": "new-lead", "source": number, **values}
    origins = stamp(fresh(dict.fromkeys(values, rules.CREATED), writer), dict.fromkeys(blanked, rules.PERSON), DANA)
    return Side(Person(dict(values), origins, number), made, made)


def merged(kept: Side, lost: Side, *, sales: bool = False, **picks: str) -> MergePlan:
    return plan_merge(kept, lost, STAGES, Pick(picks, DANA, sales) if picks else None)


def rule_of(plan: MergePlan, field: str) -> tuple[str, str]:
    return next((v.decision, v.rule) for v in plan.verdicts if v.field == field)


class TestValues:
    def test_what_the_kept_contact_has_stays_and_its_gaps_are_filled(self):
        plan = merged(side(1, job_title="VP"), side(2, job_title="vp eng", phone="+1"))
        assert (plan.person.values["job_title"], plan.person.values["phone"]) == ("VP", "+1")
        assert rule_of(plan, "job_title") == ("kept", rules.MERGE_KEPT)
        assert rule_of(plan, "phone") == ("written", rules.MERGE_FILLED)

    def test_a_filled_value_keeps_who_wrote_it_under_which_rule(self):
        plan = merged(side(1), side(2, phone="+1"))
        origin = origin_of(plan.person.origins, "phone")
        assert (origin.writer.name, origin.writer.arrival, origin.rule) == ("writer 2", 2, rules.CREATED)

    def test_a_value_that_a_person_blanked_counts_as_there_on_either_side(self):
        plan = merged(side(1, blanked=("phone",)), side(2, phone="+1", blanked=("country",)))
        assert plan.person.values.get("phone") is None
        assert rule_of(plan, "phone") == ("kept", rules.BLANKED)
        assert was_blanked(plan.person.origins, "country")

    @pytest.mark.parametrize("field", ["owner", "lead_score", "interest"])
    def test_owner_score_and_custom_fields_go_by_the_same_rule(self, field):
        assert merged(side(1), side(2, **{field: 0})).person.values[field] == 0
        assert merged(side(1, **{field: 7}), side(2, **{field: 0})).person.values[field] == 7

    def test_the_same_in_another_spelling_is_no_conflict(self):
        first, second = side(1, company="Acme Ltd."), side(2, company="ACME LTD")
        assert not in_conflict("company", [first, second])
        assert rule_of(merged(first, second), "company") == ("kept", rules.SAME)
        assert in_conflict("company", [first, side(3, company="Globex")])

    def test_no_side_is_changed_by_planning(self):
        first, second = side(1), side(2, phone="+1")
        before = repr((first, second))
        merged(first, second, phone=KEPT)
        assert repr((first, second)) == before


class TestWhatHasRulesOfItsOwn:
    @pytest.mark.parametrize("turned", [False, True])
    def test_the_earliest_creation_and_its_lead_source_stay(self, turned):
        older, newer = side(7, days=0), side(3, days=5)
        kept, lost = (newer, older) if turned else (older, newer)
        plan = merged(kept, lost)
        assert (plan.created_at, plan.person.values["source"]) == (older.created_at, 7)

    @pytest.mark.parametrize(
        ("mine", "theirs", "becomes"),
        [("new-lead", "sql", "sql"), ("sql", "new-lead", "sql"), ("new-lead", "event-lead", "new-lead")],
    )
    def test_the_furthest_stage_stays(self, mine, theirs, becomes):
        plan = merged(side(1, lifecycle_stage=mine), side(2, lifecycle_stage=theirs))
        assert plan.person.values["lifecycle_stage"] == becomes

    @pytest.mark.parametrize("other", ["new-lead", "sql", "unsubscribed"])
    @pytest.mark.parametrize("turned", [False, True])
    @pytest.mark.parametrize("picked", [None, KEPT, LOST])
    def test_an_unsubscribe_on_either_side_stands_whatever_is_picked(self, other, turned, picked):
        both = [side(1, lifecycle_stage=UNSUBSCRIBED), side(2, lifecycle_stage=other)]
        kept, lost = reversed(both) if turned else both
        plan = merged(kept, lost, sales=True, **({"lifecycle_stage": picked} if picked else {}))
        assert plan.person.values["lifecycle_stage"] == UNSUBSCRIBED

    def test_that_holds_even_where_ops_ranked_another_stage_higher(self):
        higher = StageTable((*STAGES.rows, StageRow("partner", "Partner", 99, "anyone")))
        first, second = side(1, lifecycle_stage=UNSUBSCRIBED), side(2, lifecycle_stage="partner")
        assert plan_merge(first, second, higher).person.values["lifecycle_stage"] == UNSUBSCRIBED
        assert plan_merge(second, first, higher).person.values["lifecycle_stage"] == UNSUBSCRIBED

    def test_the_latest_activity_and_any_mark_of_a_shared_mailbox_stay(self):
        first, second = side(1), side(2)
        second.person.last_activity, second.person.shared_mailbox = AT, True
        plan = merged(first, second)
        assert (plan.person.last_activity, plan.person.shared_mailbox) == (AT, True)

    def test_one_check_stops_whatever_would_take_protection_away(self):
        needed = protections({"lifecycle_stage": UNSUBSCRIBED})
        must_keep(needed, {"lifecycle_stage": UNSUBSCRIBED})
        with pytest.raises(LessProtected, match="no longer be unsubscribed"):
            must_keep(needed, {"lifecycle_stage": "sql"})


class TestPicks:
    def test_a_picked_value_is_the_pickers_own(self):
        plan = merged(side(1, job_title="VP"), side(2, job_title="CTO"), job_title=LOST)
        assert plan.person.values["job_title"] == "CTO"
        assert origin_of(plan.person.origins, "job_title") == (DANA, rules.PICKED)
        assert rule_of(plan, "job_title") == ("written", rules.PICKED)

    def test_a_pick_that_the_rules_say_anyhow_changes_nothing(self):
        first, second = side(1, job_title="VP"), side(2, phone="+1", job_title="CTO")
        plain = merged(first, second)
        assert merged(first, second, job_title=KEPT, phone=LOST).person == plain.person

    def test_an_empty_value_that_is_picked_stays_empty_for_arrivals(self):
        plan = merged(side(1), side(2, phone="+1"), phone=KEPT)
        assert plan.person.values.get("phone") is None
        assert was_blanked(plan.person.origins, "phone")

    def test_the_lead_source_cannot_be_picked(self):
        plan = merged(side(1), side(2, days=3), source=LOST)
        assert (plan.person.values["source"], plan.refused) == (1, {"source": rules.MERGE_FIRST})

    def test_only_sales_picks_a_stage_that_is_less_far(self):
        first, second = side(1), side(2, lifecycle_stage="sql")
        refused = merged(first, second, lifecycle_stage=KEPT)
        assert (refused.person.values["lifecycle_stage"], set(refused.refused)) == ("sql", {"lifecycle_stage"})
        plan = merged(first, second, sales=True, lifecycle_stage=KEPT)
        assert (plan.person.values["lifecycle_stage"], plan.refused) == ("new-lead", {})

    def test_not_even_sales_picks_a_stage_back_that_only_a_map_sets(self):
        first, second = side(1, lifecycle_stage="mql"), side(2, lifecycle_stage="sql")
        plan = merged(first, second, sales=True, lifecycle_stage=KEPT)
        assert plan.person.values["lifecycle_stage"] == "sql"
        assert plan.refused == {"lifecycle_stage": rules.STAGE_MAP}


class TestTheOrder:
    def test_the_most_complete_is_proposed_and_of_equals_the_older_one(self):
        full, bare, young = side(3, phone="+1", country="Ireland"), side(1), side(2, days=1)
        assert most_complete([bare, full, young]) is full
        assert most_complete([young, bare]) is bare

    def test_a_value_from_an_earlier_merge_gives_way_to_a_more_complete_contact(self):
        kept, poor = side(1, phone="+1", country="Ireland", company="Acme"), side(2, job_title="Buyer")
        rich = side(3, job_title="CTO", phone="+3")
        first = merged(kept, poor)
        plan = merged(first.side, rich)
        assert plan.person.values["job_title"] == "CTO"
        assert rule_of(plan, "job_title") == ("written", rules.MERGE_FULLER)
        assert merged(merged(kept, rich).side, poor).person.values["job_title"] == "CTO"

    def test_what_was_picked_is_no_gap_that_a_merge_filled(self):
        first = merged(side(1), side(2, job_title="Buyer"), job_title=KEPT)
        assert merged(first.side, side(3, job_title="CTO", phone="+1")).person.values.get("job_title") is None


VALUES = {
    "first_name": ["", "Ann", "ann", "Anna"],
    "job_title": ["", "", "CTO", "Buyer"],
    "phone": ["", "+1", "+2"],
    "company": ["", "Acme", "ACME"],
    "owner": [None, 5, 6],
    "lead_score": [None, 0, 9],
    "interest": [None, True, False],
    "lifecycle_stage": ["new-lead", "event-lead", "mql", "sql", "unsubscribed"],
}
given_values = st.fixed_dictionaries({f: st.sampled_from(v) for f, v in VALUES.items()})


def one_by_one(sides: list[Side]) -> Side:
    """Merge in this order, each time keeping the one that is proposed."""
    done, *rest = sides
    for other in rest:
        kept = most_complete([done, other])
        done = merged(kept, other if kept is done else done).side
    return done


@given(st.lists(st.tuples(given_values, st.integers(0, 2)), min_size=3, max_size=4))
def test_contacts_become_the_same_in_any_order_of_merges(drawn: list[tuple[dict[str, Any], int]]) -> None:
    """B11: values, origins, source, creation and stage, whoever is merged with whom first."""
    sides = [
        side(n, days=days, **{f: v for f, v in values.items() if v not in ("", None)})
        for n, (values, days) in enumerate(drawn, 1)
    ]
    found = [one_by_one(list(order)) for order in permutations(sides)]
    whole = {repr((s.person.id, sorted(s.person.values.items()), s.created_at, _origins(s.person))) for s in found}
    assert len(whole) == 1


def _origins(person: Person) -> list[Any]:
    return sorted((f, origin_of(person.origins, f)) for f in person.origins["of"])


@given(st.lists(given_values, min_size=2, max_size=4))
def test_no_merge_takes_away_protection_or_an_own_value(drawn: list[dict[str, Any]]) -> None:
    """B10: any unsubscribe stands; what the kept contact had by itself is never changed by another's."""
    sides = [side(n, **{f: v for f, v in d.items() if v not in ("", None)}) for n, d in enumerate(drawn, 1)]
    done = sides[0]
    for other in sides[1:]:
        done = merged(done, other).side
    needed = frozenset().union(*(protections(s.person.values) for s in sides))
    must_keep(needed, done.person.values)
    own = {f: v for f, v in sides[0].person.values.items() if f not in ("lifecycle_stage", "source")}
    assert own.items() <= done.person.values.items()
