"""B2: an arrival fills gaps and nothing else, whatever is there and whatever comes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.domain import rules
from contacts.domain.matching import decide
from tests.domain import judges

EMAIL = "dana@harborworks.com"
RANK = {slug: rank for slug, _, rank, _ in judges.STAGES}
OWNER = {slug: owner for slug, _, _, owner in judges.STAGES}
ACTORS = ("map", "sales", "arrival")

THERE: dict[str, list[Any]] = {
    "first_name": ["", "Dana", "Jo"],
    "last_name": ["", "Whitfield", "Li"],
    "company": ["", "Harborworks", "Other"],
    "company_domain": ["", "harborworks.com", "other.com"],
    "phone": ["", "+12025550101"],
    "job_title": ["", "VP of Engineering"],
    "country": ["", "Canada"],
    "lifecycle_stage": ["", *RANK],
    "lead_score": [None, 0, 40],
    "source": [None, 9],
    "interest": [None, "Laser"],
    "sites": [None, 0, 3],
}
COMES = {
    "first_name": ["", "dana", "Zoltan", "Dana "],
    "last_name": ["", "Whitfield", "Quist"],
    "company": ["", "HARBORWORKS", "New Co"],
    "domain": ["", "newco.com", "gmail.com"],
    "phone": ["", "2025550177", "12"],
    "job_title": ["", "vp eng"],
    "country": ["", "US", "Narnia"],
    "lifecycle_stage": ["", *(label for _, label, _, _ in judges.STAGES), "Gold"],
    "lead_score": ["", "0", "55", "many"],
    "occurred_at": ["", "2026-03-01 10:00", "someday"],
    "interest": ["", "Milling"],
    "sites": ["", "0", "7", "few"],
}
existing = st.fixed_dictionaries({f: st.sampled_from(v) for f, v in THERE.items()})
blanks = st.sets(st.sampled_from(sorted(set(THERE) - {"lifecycle_stage"})))
arriving = st.lists(
    st.tuples(st.sampled_from(ACTORS), st.fixed_dictionaries({f: st.sampled_from(v) for f, v in COMES.items()})),
    min_size=1,
    max_size=4,
)
bounded = settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def is_there(value: Any) -> bool:
    return value not in (None, "")


@bounded
@given(existing, blanks, arriving)
def test_no_arrival_changes_a_value_or_a_deliberate_blank(
    values: dict[str, Any], blanked: set[str], arrivals: list[tuple[str, dict[str, str]]]
) -> None:
    blanked = {f for f in blanked if not is_there(values[f])}
    contact = judges.person({"email": EMAIL, **values}, blanked)
    for actor, fields in arrivals:
        before, blank_origins = dict(contact.values), {f: contact.origins["of"].get(f) for f in blanked}
        policy = judges.policy(actor)
        plan = judges.meet(judges.incoming(policy, email=EMAIL, **fields), contact, policy)
        assert plan.person is contact
        kept = {f for f, v in before.items() if is_there(v)} | blanked
        if plan.incoming.stops:  # the person's own no is written over any stage
            kept, blanked = kept - {"lifecycle_stage"}, blanked - {"lifecycle_stage"}
        assert {f: contact.values.get(f) for f in kept} == {f: before.get(f) for f in kept}
        assert {f: contact.origins["of"].get(f) for f in blanked} == {f: blank_origins[f] for f in blanked}
        assert (plan.outcome == "filled") == (contact.values != before)


@bounded
@given(existing, arriving)
def test_only_owners_set_a_stage_and_no_stage_goes_back(
    values: dict[str, Any], arrivals: list[tuple[str, dict[str, str]]]
) -> None:
    contact = judges.person({"email": EMAIL, **values})
    for actor, fields in arrivals:
        before = contact.values["lifecycle_stage"]
        policy = judges.policy(actor)
        judges.meet(judges.incoming(policy, email=EMAIL, **fields), contact, policy)
        after = contact.values["lifecycle_stage"]
        if after == "unsubscribed":
            continue  # the person's own no is written over any stage, whoever brings it
        assert RANK.get(after, 0) >= RANK.get(before, 0)
        if after != before:
            assert before in ("", None)
            assert OWNER[after] in ("anyone", actor)


@bounded
@given(existing, st.sampled_from(ACTORS), st.fixed_dictionaries({f: st.sampled_from(v) for f, v in COMES.items()}))
def test_every_offer_has_one_verdict_and_every_written_one_an_origin(
    values: dict[str, Any], actor: str, fields: dict[str, str]
) -> None:
    policy, contact = judges.policy(actor), judges.person({"email": EMAIL, **values})
    record = judges.incoming(policy, email=EMAIL, **fields)
    plan = judges.meet(record, contact, policy)
    named = [v.field for v in plan.verdicts if v.rule != rules.UNREADABLE]
    assert sorted(named) == sorted(set(named))
    assert set(record.values) - {"email"} <= set(named)
    for field in plan.writes:
        writer = contact.origins["by"][contact.origins["of"][field][0]]
        assert writer[1:] == ["The source", "2026-03-02T09:30:00+00:00", 7]


def test_the_rep_s_title_stays_and_the_form_s_is_named_in_the_reason() -> None:
    """The playbook's own example."""
    there = {"job_title": "VP of Engineering", "company_domain": "other.com", "lifecycle_stage": "sql"}
    policy, contact = judges.policy(), judges.person({"email": EMAIL, **there})
    plan = judges.meet(judges.incoming(policy, email=EMAIL, job_title="vp eng"), contact, policy)
    assert (plan.outcome, contact.values["job_title"]) == ("unchanged", "VP of Engineering")
    assert "Kept “VP of Engineering”, refused “vp eng”: arrivals only fill gaps." in plan.reason


@pytest.mark.parametrize(("field", "there"), [("lead_score", 0), ("sites", 0)])
def test_zero_is_a_value(field: str, there: int) -> None:
    policy, contact = judges.policy(), judges.person({"email": EMAIL, field: there})
    judges.meet(judges.incoming(policy, email=EMAIL, **{field: "12"}), contact, policy)
    assert contact.values[field] == there


def test_a_stranger_behind_a_shared_mailbox_fills_only_what_is_not_about_the_person() -> None:
    policy, contact = judges.policy(), judges.person({"email": EMAIL, "first_name": "Dana", "last_name": "Li"})
    record = judges.incoming(
        policy, email=EMAIL, first_name="Zoltan", last_name="Quist", job_title="Buyer", company="Harborworks",
        interest="Laser", sites="3",
    )  # fmt: skip
    plan = judges.meet(record, contact, policy)
    assert plan.notice is not None
    assert plan.notice.kind == "mailbox"
    assert set(plan.writes) - {"source", "lifecycle_stage"} == {"company", "sites", "company_domain"}
    assert "shared mailbox" in plan.reason


@pytest.mark.parametrize("names", [("DANA", ""), ("D.", "Li"), ("", "LI"), ("Li", "Dana"), ("", "")])
def test_names_with_something_in_common_are_no_shared_mailbox(names: tuple[str, str]) -> None:
    policy, contact = judges.policy(), judges.person({"email": EMAIL, "first_name": "Dana", "last_name": "Li"})
    record = judges.incoming(policy, email=EMAIL, first_name=names[0], last_name=names[1], job_title="Buyer")
    plan = judges.meet(record, contact, policy)
    assert plan.notice is None
    assert contact.values["job_title"] == "Buyer"


def test_the_last_activity_only_goes_forward() -> None:
    policy, contact = judges.policy(), judges.person({"email": EMAIL})
    moments = []
    for day in ("2026-03-05", "2026-03-01", "2026-03-09"):
        judges.meet(judges.incoming(policy, email=EMAIL, occurred_at=day), contact, policy)
        moments.append(contact.last_activity)
    assert moments == [datetime(2026, 3, day, tzinfo=UTC) for day in (5, 5, 9)]


def test_a_person_who_emptied_the_source_is_not_overruled() -> None:
    """E5, and what a person blanked counts as there."""
    policy = judges.policy()
    contact = judges.person({"email": EMAIL, "source": None, "job_title": ""}, {"source"})
    plan = judges.meet(judges.incoming(policy, email=EMAIL, job_title="Buyer"), contact, policy)
    assert plan.writes.keys() == {"job_title", "lifecycle_stage", "company_domain"}


def test_the_decision_is_the_same_function_for_every_door() -> None:
    """One pure function: no Django, no database, no clock behind it."""
    assert decide.__module__ == "contacts.domain.matching"
