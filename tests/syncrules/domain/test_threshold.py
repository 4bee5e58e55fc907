"""Thresholds: what ops put together decides who passes, says so in words, and never lets more pass by a fault."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.changes import CustomType, Person
from syncrules.domain import threshold
from syncrules.domain.comparisons import BY_TYPE
from syncrules.domain.hub_fields import hub_fields

FIELDS = hub_fields(
    [("new-lead", "New Lead"), ("mql", "MQL"), ("disqualified", "Disqualified")],
    [("web", "Website"), ("fair", "Trade fair")],
    [
        CustomType("seats", "Seats", "number"),
        CustomType("renewal", "Renewal", "date"),
        CustomType("vip", "VIP", "boolean"),
        CustomType("tier", "Tier", "choice", ("Gold", "Silver")),
    ],
)
EVERYBODY: dict[str, Any] = {}


def passes(tree: Any, **values: Any) -> bool:
    return threshold.compile(tree, FIELDS).passes(values)


def one(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"all": [{"field": field, "op": op, "value": value}]}


def problems(tree: Any) -> list[str]:
    return [p.text for p in threshold.compile(tree, FIELDS).problems]


def test_without_conditions_everybody_passes_and_nothing_is_said() -> None:
    made = threshold.compile(EVERYBODY, FIELDS)
    assert (made.passes({}), made.everybody, made.words, made.problems) == (True, True, "", ())
    assert passes({"any": []}, country="France")


@pytest.mark.parametrize(
    ("field", "op", "value", "passing", "failing"),
    [
        ("lifecycle_stage", "one-of", ["mql"], ["mql"], ["new-lead", None]),
        ("lifecycle_stage", "none-of", ["disqualified"], ["mql", None], ["disqualified"]),
        ("source", "filled", None, ["web"], [None]),
        ("lead_score", "least", "40", [40, 41], [39, None]),
        ("lead_score", "most", 40.5, [40, -3], [41, None]),
        ("lead_score", "is", 0, [0], [1, None]),
        ("lead_score", "is-not", 0, [1, None], [0]),
        ("lead_score", "empty", None, [None], [0]),
        ("country", "is", "DE", ["Germany", "germany"], ["France", ""]),
        ("country", "is-not", "Germany", ["France", ""], ["GERMANY"]),
        ("company", "contains", "tool", ["Acme Tooling"], ["Acme", "", None]),
        ("company", "lacks", "tool", ["Acme", ""], ["TOOLS"]),
        ("email", "ends", "@Acme.example", ["a@acme.example"], ["a@acme.example.org", ""]),
        ("phone", "starts", "+49", ["+4930123"], ["+33149", ""]),
        ("renewal", "from", "2026-03-01", ["2026-03-01", "2027-01-01"], ["2026-02-28", None, "soon"]),
        ("last_activity", "until", "2026-03-01", ["2026-03-01T23:59:59.000Z"], ["2026-03-02T00:00:00.000Z", None]),
        ("vip", "yes", None, [True], [False, None, "yes"]),
        ("vip", "no", None, [False], [True, None]),
        ("tier", "one-of", ["Gold", "Silver"], ["Gold"], ["gold", None]),
        ("seats", "least", 2.5, [2.5, 3], [2, True, "3", None]),
    ],
)
def test_a_condition_says_who_passes(field: str, op: str, value: Any, passing: list[Any], failing: list[Any]) -> None:
    tree = one(field, op, value)
    assert problems(tree) == []
    assert [v for v in passing if not passes(tree, **{field: v})] == []
    assert [v for v in failing if passes(tree, **{field: v})] == []


def test_groups_join_conditions_and_the_words_say_how() -> None:
    tree = {
        "all": [
            {"field": "lifecycle_stage", "op": "none-of", "value": ["disqualified"]},
            {"any": [{"field": "lead_score", "op": "least", "value": 1200}, {"field": "source", "op": "one-of",
                                                                            "value": ["fair", "web"]}]},
        ]
    }  # fmt: skip
    assert threshold.compile(tree, FIELDS).words == (
        "Lifecycle stage is not Disqualified and (Lead score is at least 1,200 or Lead source is one of "
        "Website, Trade fair)"
    )
    assert passes(tree, lead_score=1200)
    assert passes(tree, source="fair")
    assert not passes(tree, source="fair", lifecycle_stage="disqualified")
    assert not passes(tree, lead_score=9)


def test_a_condition_that_cannot_be_judged_any_more_lets_nobody_pass_by_it() -> None:
    gone = {"field": "shoe_size", "op": "least", "value": 3}
    score = {"field": "lead_score", "op": "least", "value": 3}
    assert problems({"all": [gone]}) == ["The hub has no field “shoe_size” (any more)."]
    assert not passes({"all": [gone, score]}, lead_score=9, shoe_size=9)
    assert passes({"any": [gone, score]}, lead_score=9)


def test_a_choice_that_is_gone_is_named_and_the_others_still_count() -> None:
    tree = one("lifecycle_stage", "one-of", ["mql", "hot"])
    assert problems(tree) == ["Lifecycle stage: it has no choice “hot” (any more)."]
    assert passes(tree, lifecycle_stage="mql")
    assert not passes(one("lifecycle_stage", "none-of", ["hot"]), lifecycle_stage="mql")


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ([], "This is no threshold."),
        ({"all": [], "any": []}, "This is no threshold."),
        ({"all": [{"any": []}]}, "This group has no condition: add one, or take the group away."),
        ({"all": ["stage"]}, "Choose a field."),
        ({"all": [{"field": ""}]}, "Choose a field."),
        ({"all": [{"field": "opt_in", "op": "yes"}]}, "The hub has no field “opt_in” (any more)."),
        ({"all": [{"field": "country", "op": ""}]}, "Country: choose a comparison."),
        ({"all": [{"field": "country", "op": "least", "value": 1}]}, "Country: it can't be compared like that."),
        (one("country", "is", " "), "Country: write what to compare with."),
        (one("country", "is", "x" * 201), "Country: it is longer than 200 characters."),
        (one("lead_score", "least", "many"), "Lead score: write a number."),
        (one("lead_score", "least", True), "Lead score: write a number."),
        (one("renewal", "from", "soon"), "Renewal: choose a day."),
        (one("tier", "one-of", []), "Tier: choose at least one."),
        ({"all": [{"any": [{"all": [{"any": [{"all": [1]}]}]}]}]}, "Groups can't stand more than 3 deep."),
        ({"any": [{"field": "country", "op": "filled"}] * 61}, "There are more than 60 conditions."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(tree: Any, said: str) -> None:
    assert problems(tree) == [said]


def test_a_problem_says_where_it_is() -> None:
    good = {"field": "country", "op": "filled"}
    found = threshold.compile({"all": [good, {"any": [good, {"field": ""}]}]}, FIELDS).problems
    assert [p.path for p in found] == [(1, 1)]


def test_who_unsubscribed_is_let_in_whatever_the_threshold_says() -> None:
    strict = threshold.compile(one("lead_score", "least", 90), FIELDS)
    assert strict.lets_in({"lifecycle_stage": "unsubscribed"})
    assert not strict.passes({"lifecycle_stage": "unsubscribed"})
    assert not strict.lets_in({"lead_score": 89})


def test_a_contacts_values_are_judged_in_the_hubs_terms() -> None:
    moment = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    values = threshold.values_of(Person({"source": 7, "seats": 3}, {}, last_activity=moment), {7: "fair"})
    assert values == {"source": "fair", "seats": 3, "last_activity": "2026-03-02T09:30:00.000Z"}
    assert threshold.values_of(Person({}, {}), {})["source"] is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["all", "any", "field", "op", "value"]), inner, max_size=3)
    ),
    max_leaves=12,
)
CONDITIONS = st.builds(
    lambda field, op, value: {"field": field, "op": op, "value": value},
    st.sampled_from([*FIELDS, "gone"]),
    st.sampled_from(sorted({op for known in BY_TYPE.values() for op in known})),
    JSON,
)


@given(
    JSON | st.lists(CONDITIONS, max_size=3).map(lambda parts: {"any": parts}),
    st.dictionaries(st.sampled_from(list(FIELDS)), JSON),
)
def test_nothing_that_was_stored_and_no_value_stops_the_judging(tree: Any, values: dict[str, Any]) -> None:
    made = threshold.compile(tree, FIELDS)
    assert made.passes(values) in (True, False)
    assert isinstance(made.words, str)


@given(st.lists(CONDITIONS, min_size=1, max_size=4), st.dictionaries(st.sampled_from(list(FIELDS)), JSON))
def test_a_field_that_goes_never_lets_more_pass(parts: list[Any], values: dict[str, Any]) -> None:
    fewer = {name: f for name, f in FIELDS.items() if name != parts[0]["field"]}
    for kind in ("all", "any"):
        before, after = threshold.compile({kind: parts}, FIELDS), threshold.compile({kind: parts}, fewer)
        assert before.passes(values) >= after.passes(values)
