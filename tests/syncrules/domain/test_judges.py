"""Each overwrite rule as a table: what the hub and the MAP hold, and what comes of it on either side."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.domain import rules
from contacts.domain.origins import Origin, Writer
from syncrules.domain.judges import BLANK, NEVER_AGREED, FieldCase, Judgement, Unread, judge, judge_all
from tests.syncrules.domain.building import DANA, TABLE, case, row

OLD, NEW, OURS = "Buyer", "Head of Buying", "VP of Engineering"
RELEASED = Origin(Writer("person", "Dana Whitfield", "2026-03-03T09:00:00+00:00"), rules.RELEASED)

#: What the hub holds: its value, what was agreed, and whether a person wrote it.
HUBS: dict[str, dict[str, Any]] = {
    "empty": {"hub": None, "agreed": None},
    "agreed": {"hub": OLD, "agreed": OLD},
    "changed": {"hub": OURS, "agreed": OLD},
    "person": {"hub": OURS, "agreed": OLD, "protected": True, "origin": DANA},
    "blanked": {"hub": None, "agreed": OLD, "protected": True, "origin": DANA},
}
MAPS: dict[str, Any] = {"empty": None, "as agreed": OLD, "changed": NEW}

# For each rule and each state of the hub, the outcome for a MAP that is empty, as agreed, and changed, first where
# values go MAP -> hub, then hub -> MAP, then both ways. "<" is written into the hub, ">" into the MAP, "x" empties
# the MAP, "!" is a conflict, "r" is refused, "k" is kept and logged, "=" is agreed, "." is nothing.
TABLES = {
    "never": """
        empty    = <= <=   = .  .    = <= <=
        agreed   k =  r    k> =  r   k> =  r
        changed  k r  r    k> r  r   k> r  r
        person   k r  r    k> r  r   k> r  r
        blanked  = r  r    =  .  .   =  r  r
    """,
    "fill": """
        empty    = <= <=   =  <= <=  =  <= <=
        agreed   k =  r    k> =  r>  k> =  r>
        changed  k r  r    k> r> r>  k> r> r>
        person   k r  r    k> r> r>  k> r> r>
        blanked  = r  r    =  r  r   =  r  r
    """,
    "once": """
        empty    = <= <=   = .  .    =  <= <=
        agreed   k =  r    . =  r    k> =  r
        changed  k r  r    . r  r    k> r  r
        person   k r  r    . r  r    k> r  r
        blanked  = r  r    = .  .    =  r  r
    """,
    "hub": """
        empty    = r  r    =  r  r   =  r  r
        agreed   . =  r    >  =  r>  >  =  r>
        changed  . r  r!   >  r> r>! >  r> r>!
        person   . r  r!   >  r> r>! >  r> r>!
        blanked  = r  r!   =  rx rx! =  rx rx!
    """,
    "fresh": """
        empty    = <= <=   =  r  r   =  <= <=
        agreed   k =  <=   .  =  r   k> =  <=
        changed  k .  r!   .  r  r   k> >  r>!
        person   k r  r    .  r  r   k> r> r>
        blanked  = r  r    =  r  r   =  r  r
    """,
}
WAYS = ("to-hub", "to-map", "both")


def outcome(judged: Judgement) -> str:
    """A judgement in the signs of the tables."""
    signs = {"written": "<", "refused": "r", "kept": "k"}
    text = signs[judged.hub.decision] if judged.hub else ""
    if judged.map:
        text += ">" if judged.map_value is not None else "x"
    elif judged.agreed is not NEVER_AGREED:
        text += "="
    return (text + ("!" if judged.conflict else "")) or "."


def cells() -> list[Any]:
    made = []
    for rule, table in TABLES.items():
        for line in table.strip().splitlines():
            state, *outcomes = line.split()
            assert len(outcomes) == 9
            for n, expected in enumerate(outcomes):
                way, offered = WAYS[n // 3], list(MAPS)[n % 3]
                made.append(pytest.param(rule, way, state, offered, expected, id=f"{rule} {way} {state} {offered}"))
    return made


@pytest.mark.parametrize(("rule", "way", "state", "offered", "expected"), cells())
def test_each_rule_decides_as_its_table_says(rule: str, way: str, state: str, offered: str, expected: str) -> None:
    held = dict(HUBS[state])
    judged = judge(case(rule, way, held.pop("hub"), MAPS[offered], **held), TABLE)
    assert outcome(judged) == expected
    if judged.hub:
        assert judged.hub.rule.endswith("@3.7"), "every verdict names the version and the row"
        assert rules.words(judged.hub.rule).endswith("(worksheet v3, row 7)")


def test_the_rep_s_title_stays_against_what_a_form_sent() -> None:
    """The playbook's own example, on every rule that could write it."""
    for rule in ("never", "fill", "once", "hub", "fresh"):
        for way in WAYS:
            judged = judge(case(rule, way, OURS, "vp eng", protected=True, origin=DANA), TABLE)
            assert judged.hub is not None, (rule, way)
            assert (judged.hub.decision, judged.hub.offered, judged.hub.current) == ("refused", "vp eng", OURS)
            assert judged.hub.by == "Dana Whitfield, 2026-03-03"


def test_what_the_map_showed_before_is_not_refused_again_nor_sent_again() -> None:
    for rule in ("never", "fill", "once", "hub", "fresh"):
        judged = judge(case(rule, "both", OLD, NEW, OLD, news=False, protected=True, origin=DANA), TABLE)
        assert judged == Judgement(), rule


def test_a_released_value_is_the_maps_again() -> None:
    judged = judge(case("fresh", "to-hub", OURS, NEW, OLD, origin=RELEASED), TABLE)
    assert judged.hub_value == NEW
    assert judge(case("fill", "to-hub", OURS, NEW, OLD, origin=RELEASED), TABLE).hub.decision == "refused"  # type: ignore[union-attr]


def test_the_maps_own_value_is_renewed_although_nothing_was_agreed_yet() -> None:
    assert judge(case("fresh", "to-hub", OLD, NEW, own=True), TABLE).hub_value == NEW
    other = judge(case("fresh", "both", OLD, NEW), TABLE)
    assert (other.conflict, other.map_value, other.hub_value) == (True, OLD, None)
    assert other.hub is not None
    assert other.hub.rule == "row-conflict@3.7"


def test_a_blank_is_a_value_only_where_the_row_says_so() -> None:
    assert judge(case("fresh", "to-hub", OLD, BLANK, OLD), TABLE).hub is not None
    emptied = judge(case("fresh", "to-hub", OLD, BLANK, OLD), TABLE)
    assert (emptied.hub.decision, emptied.hub_value, emptied.agreed) == ("written", None, None)  # type: ignore[union-attr]
    kept = judge(case("fresh", "both", OLD, None, OLD), TABLE)
    assert kept.hub is not None
    assert (kept.hub.rule, kept.map_value) == ("row-blank@3.7", OLD)
    for rule in ("never", "fill", "once", "hub"):
        judged = judge(case(rule, "both", OLD, BLANK, OLD), TABLE)
        assert judged.hub is None or judged.hub.decision != "written"


def test_a_blank_that_counts_does_not_empty_what_a_person_wrote() -> None:
    judged = judge(case("fresh", "both", OURS, BLANK, OURS, protected=True, origin=DANA), TABLE)
    assert judged.hub is not None
    assert (judged.hub.rule, judged.map_value) == ("row-protected@3.7", OURS)


def test_a_value_that_cant_be_read_is_refused_and_never_an_error() -> None:
    for rule in ("never", "fill", "once", "hub", "fresh", "stage", "unsubscribe", "nonsense", ""):
        judged = judge(case(rule, "both", None, Unread("many", "it is no number")), TABLE)
        assert judged.hub is None or judged.hub.rule == "row-untranslatable@3.7"
        assert judged.map is None


def test_a_map_that_respells_a_value_is_left_its_spelling() -> None:
    assert judge(case("hub", "to-map", "Acme Ltd", "ACME  LTD", "Acme Ltd"), TABLE) == Judgement(agreed="Acme Ltd")
    renamed = judge(case("hub", "to-map", "ACME Ltd", "acme ltd", "Acme Ltd"), TABLE)
    assert renamed.map_value == "ACME Ltd"


def test_c_and_c_plus_plus_are_two_values() -> None:
    assert judge(case("fresh", "to-hub", "C developer", "C++ developer", "C developer"), TABLE).hub_value


@pytest.mark.parametrize("direction", ["", "sideways"])
def test_a_row_that_is_not_understood_changes_nothing(direction: str) -> None:
    assert judge(case("fresh", direction, None, NEW), TABLE) == Judgement()
    assert judge(case("latest wins", "both", None, NEW), TABLE) == Judgement()


# Stages and unsubscribes.


def stage(hub: str | None, other: Any, direction: str = "both", **more: Any) -> FieldCase:
    return case("stage", direction, hub, other, field="lifecycle_stage", **more)


@pytest.mark.parametrize(
    ("hub", "asked", "written", "rule"),
    [
        ("new-lead", "mql", "mql", "stage"),
        ("event-lead", "mql", "mql", "stage"),
        ("mql", "new-lead", None, rules.STAGE_MAP_BACK),
        ("event-lead", "new-lead", None, rules.STAGE_MAP_BACK),
        ("new-lead", "event-lead", None, rules.STAGE_MAP_BACK),
        ("mql", "sql", None, rules.STAGE_SALES),
        ("sql", "mql", None, rules.STAGE_MAP_BACK),
        ("in-discovery", "mql", None, rules.STAGE_MAP_BACK),
        ("in-pipeline", "mql", None, rules.STAGE_MAP_BACK),
        ("customer", "mql", None, rules.STAGE_MAP_BACK),
        ("customer", "unsubscribed", "unsubscribed", "stage"),
        ("unsubscribed", "mql", None, rules.STAGE_UNSUBSCRIBED),
        ("new-lead", "gold", None, rules.STAGE_UNKNOWN),
    ],
)
def test_the_stage_table_says_what_a_map_may_set(hub: str, asked: str, written: str | None, rule: str) -> None:
    judged = judge(stage(hub, asked), TABLE)
    assert judged.hub is not None
    assert (judged.hub_value, rules.split_row(judged.hub.rule)) == (written, (rule, 3, 7))
    assert judged.map_value == (None if written else hub), "a refused stage is set right in the MAP"


def test_a_stage_that_a_person_set_stays_except_for_an_unsubscribe() -> None:
    kept = judge(stage("new-lead", "mql", protected=True, origin=DANA), TABLE)
    assert kept.hub is not None
    assert kept.hub.rule == "row-protected@3.7"
    assert judge(stage("new-lead", "unsubscribed", protected=True, origin=DANA), TABLE).hub_value == "unsubscribed"


def test_where_stages_only_go_to_the_map_it_sets_none() -> None:
    judged = judge(stage("new-lead", "mql", "to-map"), TABLE)
    assert (judged.hub_value, judged.map_value) == (None, "new-lead")


def unsubscribe(hub: Any, other: Any, agreed: Any = NEVER_AGREED, **more: Any) -> FieldCase:
    return case("unsubscribe", "both", hub, other, agreed, field="opt_in", **more)


def test_an_unsubscribe_counts_on_either_side_whatever_stands() -> None:
    out = judge(unsubscribe(None, False, protected=True, origin=DANA), TABLE)
    assert out.hub is not None
    assert (out.hub.field, out.hub_value, out.agreed) == ("lifecycle_stage", "unsubscribed", False)
    assert judge(unsubscribe(False, None), TABLE).map_value is False
    assert judge(unsubscribe(False, True), TABLE).map_value is False


def test_subscribed_in_a_map_lifts_nothing() -> None:
    assert judge(unsubscribe(None, True), TABLE) == Judgement()
    lifted = judge(unsubscribe(False, True, False), TABLE)
    assert lifted.hub is not None
    assert (lifted.hub.decision, lifted.map_value) == ("refused", False)


def test_one_row_s_unsubscribe_is_known_to_the_others_of_the_record() -> None:
    cases = [stage("in-discovery", "mql"), unsubscribe(None, False)]
    moved, out = judge_all(cases, TABLE)
    assert out.hub_value == "unsubscribed"
    assert moved.hub_value is None
    assert moved.map_value == "unsubscribed"
    by_stage, told = judge_all([stage("mql", "unsubscribed"), unsubscribe(None, None)], TABLE)
    assert (by_stage.hub_value, told.map_value) == ("unsubscribed", False)


def test_a_row_shows_stages_by_their_names() -> None:
    judged = judge(FieldCase(row("lifecycle_stage", "lifecyclestage", "both", "stage"), "mql", "new-lead"), TABLE)
    assert judged.hub is not None
    assert (judged.hub.offered, judged.hub.current) == ("New Lead", "MQL")
