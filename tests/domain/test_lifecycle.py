"""E3, E4: which stage an arrival sets, for every stage and actor, against the policy as the playbook prints it."""

from __future__ import annotations

import itertools

import pytest

from contacts.domain import rules
from contacts.domain.lifecycle import StageRow, StageTable
from contacts.queries import stage_table
from tests import factories
from tests.domain import judges

EMAIL = "dana@harborworks.com"
STAGES = [slug for slug, *_ in judges.STAGES]
LABEL = {slug: label for slug, label, *_ in judges.STAGES}
ACTORS = ("map", "sales", "arrival")
#: "Only the MAP sets MQL", "only sales sets SQL and beyond"; the rest is anybody's.
MAY_SET = {
    "map": {"new-lead", "event-lead", "outbound", "mql", "unsubscribed"},
    "sales": {
        "new-lead", "event-lead", "outbound", "sql", "in-discovery", "in-pipeline", "customer", "disqualified",
        "unsubscribed",
    },
    "arrival": {"new-lead", "event-lead", "outbound", "unsubscribed"},
}  # fmt: skip


@pytest.mark.parametrize(("asked", "actor"), list(itertools.product(STAGES, ACTORS)))
def test_a_new_contact_gets_the_stage_asked_for_or_the_first(asked: str, actor: str) -> None:
    policy = judges.policy(actor, entry="")
    stranger = judges.person({"email": "other@gmail.com"})
    plan = judges.meet(judges.incoming(policy, email=EMAIL, lifecycle_stage=LABEL[asked]), stranger, policy)
    granted = asked in MAY_SET[actor]
    assert plan.writes["lifecycle_stage"] == (asked if granted else "new-lead")
    refused = [v for v in plan.verdicts if v.decision == "refused"]
    assert len(refused) == (0 if granted else 1)


@pytest.mark.parametrize(("entry", "actor"), list(itertools.product(STAGES, ACTORS)))
def test_a_refused_wish_falls_back_to_the_entry_stage_and_that_to_new_lead(entry: str, actor: str) -> None:
    policy = judges.policy(actor, entry=entry)
    stranger = judges.person({"email": "other@gmail.com"})
    plan = judges.meet(judges.incoming(policy, email=EMAIL, lifecycle_stage="Gold"), stranger, policy)
    assert plan.writes["lifecycle_stage"] == (entry if entry in MAY_SET[actor] else "new-lead")
    assert "Refused lifecycle stage “Gold”: the hub has no such stage." in plan.reason


@pytest.mark.parametrize(("current", "asked", "actor"), list(itertools.product(STAGES, STAGES, ACTORS)))
def test_a_stage_that_is_there_stays_and_the_verdict_names_the_rule(current: str, asked: str, actor: str) -> None:
    policy = judges.policy(actor)
    contact = judges.person({"email": EMAIL, "lifecycle_stage": current})
    plan = judges.meet(judges.incoming(policy, email=EMAIL, lifecycle_stage=LABEL[asked]), contact, policy)
    verdict = next(v for v in plan.verdicts if v.field == "lifecycle_stage")
    if asked == "unsubscribed" != current:
        assert (contact.values["lifecycle_stage"], verdict.rule) == (asked, rules.SAID_NO)
        return  # the one exception: it is the person's word, whoever brings it
    assert contact.values["lifecycle_stage"] == current
    assert verdict.rule == expected_rule(current, asked, actor)
    assert verdict.decision == ("kept" if verdict.rule in (rules.SAME, rules.PRESENT) else "refused")


FREE, SALES = {"new-lead", "event-lead", "outbound"}, {"sql", "in-discovery", "in-pipeline", "customer", "disqualified"}


def expected_rule(current: str, asked: str, actor: str) -> str:
    """Why an arrival doesn't move it, as the policy page says it; an arrival fills gaps, so nothing is ever written."""
    if asked == current:
        return rules.SAME
    if current == "unsubscribed":
        return rules.STAGE_UNSUBSCRIBED
    if asked == "unsubscribed":
        return rules.PRESENT
    if actor == "map" and current in SALES:
        return rules.STAGE_MAP_BACK
    if asked == "mql" and actor != "map":
        return rules.STAGE_MAP
    if asked in SALES and actor != "sales":
        return rules.STAGE_SALES
    if asked in FREE and actor == "map":  # from MQL it would be back, and from an equal sideways
        return rules.STAGE_MAP_BACK
    if asked in FREE and current not in FREE and actor != "sales":
        return rules.STAGE_BACK
    return rules.PRESENT


@pytest.mark.parametrize("name", ["mql", "MQL", " marketing qualified LEAD ", "marketingqualifiedlead"])
def test_a_stage_is_known_by_any_name_that_tools_use(name: str, seeded: None) -> None:
    found = stage_table().named(name)
    assert found is not None
    assert found.slug == "mql"


def test_a_label_wins_over_another_stage_s_other_name() -> None:
    table = StageTable((StageRow("a", "Lead", 1, "anyone", ("Prospect",)), StageRow("b", "Prospect", 2, "anyone")))
    assert table.named("prospect") == table.get("b")


def test_the_first_stage_is_new_lead_whatever_its_equals_are_called(seeded: None) -> None:
    """Event Lead, Outbound and Referred have the same rank, and one of them comes first by the alphabet."""
    assert stage_table().first.label == "New Lead"


def test_the_paid_search_page_claims_mql_and_its_leads_start_as_new_leads(seeded: None) -> None:
    plan = factories.one(factories.PAID, email=EMAIL)
    assert plan.writes["lifecycle_stage"] == "new-lead"
    assert "Refused lifecycle stage “MQL”: only a MAP may set this stage." in plan.reason


def test_only_a_source_that_is_a_map_starts_contacts_as_mql(seeded: None) -> None:
    factories.map_source()
    assert factories.one(factories.MAP, email=EMAIL, lifecycle_stage="MQL").writes["lifecycle_stage"] == "mql"
    sent = factories.one(factories.SALES, email="b@gmail.com", lifecycle_stage="In Discovery")
    assert sent.writes["lifecycle_stage"] == "in-discovery"
