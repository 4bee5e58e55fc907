"""The two-way test: eight checks that pass where the rules are right, fail where they are wrong, and leave nothing."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.models import Contact
from syncrules.domain.marks import DOMAIN
from syncrules.models import Connection, Link, MarkedRecord, Push, TwoWayTest
from syncrules.services import two_way
from tests.syncrules.sync.kit import arrives, both, person
from tests.syncrules.syncing import ROWS
from tests.syncrules.two_way.kit import changed, counts, failed, prepared, run

pytestmark = pytest.mark.django_db(transaction=True)
State, Status = Connection.State, TwoWayTest.Status


def test_all_eight_checks_pass_where_the_rules_are_right() -> None:
    sides = prepared()
    test = run(sides)
    assert failed(test) == set()
    assert test.status == Status.PASSED
    looked = {check["number"]: check["evidence"]["looked_at"] for check in test.checks}
    assert looked[4] > 100  # every row and rule, empty and filled
    assert looked[7] >= 30  # every move of a stage, allowed and refused
    assert looked[8] >= 30


def test_nothing_of_a_test_is_left_on_either_side() -> None:
    sides = prepared()
    arrives(sides, 1)
    sides.map.create(**person(2))
    before, there = counts(), dict(sides.map.everybody())
    run(sides)
    assert counts() == before
    assert dict(sides.map.everybody()) == there
    assert not MarkedRecord.objects.filter(removed_at=None).exists()


def test_while_testing_nobody_but_the_test_contacts_is_written() -> None:
    sides = prepared()
    mine = arrives(sides, 1)
    theirs = sides.map.create(**person(1, title="Boss"))
    sides.map.create(**person(2))
    run(sides)
    sides.round()  # what workers would do
    assert Contact.objects.count() == 1
    assert not Link.objects.exists()
    assert sides.map.read([theirs])[theirs].values.get("title") == "Boss"
    assert Contact.objects.get(pk=mine).job_title == ""
    assert len(sides.map.everybody()) == 2


#: What is wrong with the worksheet, and the check that has to say so.
WRONG = [
    (1, [*ROWS, ("nickname", "interest", "both", "fill")]),
    (2, changed("company", "company", "no_such_property", "to-map", "hub")),
    (3, changed("company", "company", "interest", "to-map", "hub")),
    (4, [*ROWS, ("source", "interest", "both", "fresh", {"value_map": [["laser", "website-contact-form"],
                                                                      ["mill", "paid-search-landing-page"]]})]),
    (4, [*ROWS, ("source", "interest", "to-hub", "fresh", {"value_map": [["laser", "website-contact-form"],
                                                                        ["mill", "paid-search-landing-page"]]})]),
    (5, changed("first_name", "first_name", "firstname", "to-hub", "fill")),
    (6, changed("email", "email", "email", "to-map", "never")),
    (7, changed("lifecycle_stage", "lifecycle_stage", "stage", "to-hub", "stage")),
    (8, changed("lifecycle_stage", "lifecycle_stage", "stage", "to-map", "stage")),
    (8, changed("opt_in", "opt_in", "optout", "to-map", "unsubscribe")),
    (8, changed("opt_in")),
]  # fmt: skip


@pytest.mark.parametrize(("number", "rows"), WRONG, ids=[f"{n}-{i}" for i, (n, _) in enumerate(WRONG)])
def test_a_worksheet_that_is_wrong_on_purpose_fails_the_right_check(number: int, rows: list[Any]) -> None:
    sides = prepared(rows)
    before = counts()
    test = run(sides)
    assert number in failed(test)
    evidence = test.checks[number - 1]["evidence"]
    assert any(not case["passed"] for case in evidence["cases"])
    assert counts() == before
    assert not sides.map.everybody()


def test_a_threshold_that_nobody_passes_fails_the_fifth_check_alone() -> None:
    sides = prepared()
    tree = {"all": [{"field": "job_title", "op": "is", "value": "A"}, {"field": "job_title", "op": "is", "value": "B"}]}
    Connection.objects.update(takes_part=tree)
    sides.connection.refresh_from_db()
    assert failed(run(sides)) == {5}


def part(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op, **({} if value is None else {"value": value})}


@pytest.mark.parametrize(
    "tree",
    [
        {"all": [part("country", "is", "Peru"), part("lifecycle_stage", "one-of", ["sql"])]},
        {"all": [part("lifecycle_stage", "one-of", ["mql"])]},
        {"all": [part("lead_score", "least", 80), part("job_title", "filled")]},
        {"all": [part("job_title", "contains", "chief"), part("company", "is-not", "Acme")]},
        {"all": [part("lifecycle_stage", "filled"), part("lifecycle_stage", "none-of", ["disqualified"])]},
        {"any": [part("source", "one-of", ["paid-search-landing-page"]), part("lead_score", "least", 99)]},
        {"all": [part("last_activity", "from", "2026-01-01")]},
    ],
)
def test_somebody_new_is_made_as_the_threshold_asks(tree: dict[str, Any]) -> None:
    sides = prepared()
    Connection.objects.update(takes_part=tree)
    sides.connection.refresh_from_db()
    assert 5 not in failed(run(sides))


@pytest.mark.parametrize("state", [State.DRAFT, State.PAUSED])
def test_nothing_is_tested_where_nothing_may_be_written(state: str) -> None:
    sides = prepared(state=state)
    with pytest.raises(two_way.Refused):
        run(sides)
    assert not sides.map.everybody()


def test_there_is_one_test_of_a_connection_at_a_time() -> None:
    sides = prepared()
    two_way.start(sides.connection, "Ops", sides.clock())
    with pytest.raises(two_way.Refused, match="under way"):
        two_way.start(sides.connection, "Somebody else", sides.clock())


def test_a_live_connection_whose_test_fails_goes_back_to_testing() -> None:
    sides = prepared(changed("lifecycle_stage", "lifecycle_stage", "stage", "to-map", "stage"), State.LIVE)
    run(sides)
    sides.connection.refresh_from_db()
    assert sides.connection.state == State.TESTING
    assert "Check 8 of the two-way test failed" in sides.connection.state_reason


def test_what_is_live_is_tested_again_after_a_change_and_not_otherwise() -> None:
    sides = prepared(state=State.LIVE)
    [first] = two_way.retest(sides.clock())
    two_way.work(first.pk, sides.map, sides.clock, lambda seconds: None)
    assert two_way.retest(sides.clock()) == []
    Connection.objects.update(takes_part={"all": [{"field": "email", "op": "filled"}]})
    assert len(two_way.retest(sides.clock())) == 1


def test_another_connection_is_not_told_of_test_contacts() -> None:
    sides = prepared(state=State.LIVE)
    other = both(slug="other-map", name="Other MAP")
    seen: list[str] = []

    class Between:
        def __getattr__(self, name: str) -> Any:
            if name in ("write", "delete"):
                other.round()
                seen.extend(r.values.get("email", "") for r in other.map.everybody().values())
            return getattr(sides.map, name)

    arrives(sides, 1)
    assert failed(run(sides, Between())) == set()
    assert seen
    assert not any(DOMAIN in address for address in seen)
    assert not Push.objects.filter(subject__contains=DOMAIN).exists()


def test_where_the_map_can_make_no_move_none_passes() -> None:
    sides = prepared(changed("lifecycle_stage", "lifecycle_stage", "interest", "both", "stage"))
    assert {7, 8} <= failed(run(sides))


def test_a_record_that_is_linked_to_another_contact_is_a_duplicate() -> None:
    sides = prepared()
    other = arrives(sides, 1)

    class Crossed:
        def __getattr__(self, name: str) -> Any:
            if name == "opt_out":  # in the middle of the test
                link = Link.objects.filter(connection=sides.connection).order_by("pk").first()
                Link.objects.filter(pk=link.pk).update(contact=other)
            return getattr(sides.map, name)

    assert 4 in failed(run(sides, Crossed()))
    assert Contact.objects.filter(pk=other).exists()
