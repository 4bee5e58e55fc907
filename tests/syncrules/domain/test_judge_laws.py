"""What holds for any sequence of pulls, whatever the rows say and whatever the MAP sends."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.domain.lifecycle import UNSUBSCRIBED
from syncrules.domain.judges import BLANK, NEVER_AGREED, STAGE, FieldCase, Judgement, Unread, judge, judge_all
from syncrules.domain.worksheet import Direction, Rule
from tests.syncrules.domain.building import DANA, STAGES, TABLE, row

RANK = {slug: rank for slug, _, rank, _ in STAGES}
OWNER = {slug: owner for slug, _, _, owner in STAGES}
TEXTS = st.sampled_from(["Acme", "ACME", "acme ltd", "Bruecke", "Brücke", "0"])
OFFERS = st.one_of(st.none(), TEXTS, st.just(BLANK), st.just(Unread("many", "it is no number")))
RULES = st.sampled_from([*Rule, "latest wins", ""])
WAYS = st.sampled_from([*Direction, "", "sideways"])
bounded = settings(max_examples=300, deadline=None, derandomize=True)


def play(rule: str, way: str, hub: Any, offers: list[Any], *, protected: bool, agreed: Any) -> list[Any]:
    """The hub's value after each pull."""
    held = []
    for offer in offers:
        said = row("job_title", "jobtitle", way, rule)
        judged = judge(FieldCase(said, hub, offer, agreed, origin=DANA, protected=protected), TABLE)
        if judged.hub and judged.hub.decision == "written":
            hub = judged.hub_value
        agreed = judged.agreed if judged.agreed is not NEVER_AGREED else agreed
        held.append(hub)
    return held


@bounded
@given(RULES, WAYS, st.one_of(st.none(), TEXTS), st.lists(OFFERS, min_size=1, max_size=6), st.booleans())
def test_no_sequence_of_pulls_changes_what_a_person_wrote_or_blanked(
    rule: str, way: str, hub: Any, offers: list[Any], agreed_before: bool
) -> None:
    agreed = hub if agreed_before else NEVER_AGREED
    if rule == Rule.UNSUBSCRIBE:
        return  # of these there is a law of its own
    assert set(play(rule, way, hub, offers, protected=True, agreed=agreed)) == {hub}


@bounded
@given(RULES, WAYS, TEXTS, st.lists(OFFERS, min_size=1, max_size=6))
def test_only_the_rule_that_keeps_the_maps_value_fresh_ever_changes_a_value(
    rule: str, way: str, hub: str, offers: list[Any]
) -> None:
    if rule in (Rule.STAGE, Rule.UNSUBSCRIBE):
        return
    held = play(rule, way, hub, offers, protected=False, agreed=hub)
    if rule != Rule.FRESH or way not in (Direction.TO_HUB, Direction.BOTH):
        assert set(held) == {hub}


@bounded
@given(
    st.sampled_from(sorted(RANK)),
    st.lists(st.one_of(st.none(), st.sampled_from([*RANK, "gold"])), min_size=1, max_size=8),
    WAYS,
)
def test_no_sequence_of_pulls_sets_a_sales_stage_or_moves_one_back(start: str, asked: list[Any], way: str) -> None:
    now = start
    for offer in asked:
        judged = judge(FieldCase(row(STAGE, "lifecyclestage", way, "stage"), now, offer), TABLE)
        if judged.hub and judged.hub.decision == "written":
            then = judged.hub_value
            assert then == UNSUBSCRIBED or (OWNER[then] != "sales" and OWNER[now] != "sales")
            assert RANK[then] >= RANK[now]
            assert now != UNSUBSCRIBED
            now = then


@bounded
@given(st.lists(st.tuples(st.sampled_from(sorted(RANK)), st.sampled_from([True, False, None])), min_size=1, max_size=6))
def test_once_unsubscribed_nothing_that_a_map_sends_lifts_it(shown: list[tuple[str, Any]]) -> None:
    stage, ever = "new-lead", False
    for asked, opted_in in shown:
        cases = [
            FieldCase(row(STAGE, "lifecyclestage", "both", "stage"), stage, asked),
            FieldCase(row("opt_in", "hs_email_optout", "both", "unsubscribe"), False if ever else None, opted_in),
        ]
        for judged in judge_all(cases, TABLE):
            if judged.hub and judged.hub.decision == "written" and stage != UNSUBSCRIBED:
                stage = judged.hub_value
        ever = ever or asked == UNSUBSCRIBED or opted_in is False
        assert (stage == UNSUBSCRIBED) == ever


@bounded
@given(RULES, WAYS, st.one_of(st.none(), TEXTS), OFFERS, st.one_of(st.just(NEVER_AGREED), st.none(), TEXTS))
def test_after_a_judgement_both_sides_are_as_it_says(rule: str, way: str, hub: Any, offer: Any, agreed: Any) -> None:
    if rule in (Rule.STAGE, Rule.UNSUBSCRIBE):
        return
    judged: Judgement = judge(FieldCase(row("job_title", "jobtitle", way, rule), hub, offer, agreed), TABLE)
    after_hub = judged.hub_value if judged.hub and judged.hub.decision == "written" else hub
    after_map = judged.map_value if judged.map else None if offer is BLANK else offer
    assert not (judged.map and judged.hub and judged.hub.decision == "written"), "one side is written at a time"
    if judged.agreed is not NEVER_AGREED:
        assert judged.agreed == after_hub
        assert after_map == after_hub or str(after_map).casefold() == str(after_hub).casefold()
    again = judge(FieldCase(row("job_title", "jobtitle", way, rule), after_hub, after_map, after_hub, False), TABLE)
    if judged.agreed is not NEVER_AGREED:
        assert again.map is None, "what was just settled is not sent again"
        assert again.hub is None or again.hub.decision != "written"
