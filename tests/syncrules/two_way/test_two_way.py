"""The two-way test: eight checks that pass where the rules are right, fail where they are wrong, and leave nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from django.apps import apps

from contacts.models import Contact
from syncrules.connectors.base import Why, Written
from syncrules.connectors.trouble import Unavailable
from syncrules.domain.marks import DOMAIN
from syncrules.models import Connection, Link, MarkedRecord, Push, TwoWayTest
from syncrules.services import two_way
from syncrules.services.two_way import working
from tests import factories
from tests.syncrules.sync.faults import Died
from tests.syncrules.sync.kit import Both, arrives, both, person
from tests.syncrules.syncing import ROWS

pytestmark = pytest.mark.django_db(transaction=True)
State, Status = Connection.State, TwoWayTest.Status
#: What stays of a test: its row and its addresses, and what the ledger of consent was told.
STAYS = {"TwoWayTest", "MarkedRecord", "ConsentRecord", "ConsentKey", "ConsentLedger", "SyncCount"}


def prepared(rows: Iterable[Any] = ROWS, state: str = State.TESTING) -> Both:
    factories.rules()
    found = both(rows=rows)
    Connection.objects.update(state=state)
    found.connection.refresh_from_db()
    return found


def run(sides: Both, connector: Any = None) -> TwoWayTest:
    return two_way.run_here(sides.connection, "Ops", connector or sides.map, sides.clock, lambda seconds: None)


def failed(test: TwoWayTest) -> set[int]:
    assert len(test.checks) == 8, test.problem
    return {check["number"] for check in test.checks if not check["passed"]}


def counts() -> dict[str, int]:
    models = [m for app in ("contacts", "syncrules") for m in apps.get_app_config(app).get_models()]
    return {m.__name__: m._base_manager.count() for m in models if m.__name__ not in STAYS}


def changed(name: str, *row: Any) -> list[Any]:
    """The kit's worksheet with another row for this field; without one where none is given."""
    return [(row if one[0] == name else one) for one in ROWS if one[0] != name or row]


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


class Dies:
    """A MAP in front of which the process is killed at a certain call."""

    def __init__(self, behind: Any, at: str) -> None:
        self._behind, self._at = behind, at

    def __getattr__(self, name: str) -> Any:
        if name == self._at:
            raise Died
        return getattr(self._behind, name)


@pytest.mark.parametrize("call", ["upsert", "changes", "write", "opt_out", "delete"])
def test_what_a_killed_process_left_is_cleaned_up(call: str) -> None:
    sides = prepared()
    before = counts()
    with pytest.raises(Died):
        run(sides, Dies(sides.map, call))
    test = TwoWayTest.objects.get()
    assert test.cleaned_at is None
    sides.world.now += working.leases.LEASE * 2
    assert two_way.unfinished(sides.clock()) == [test.pk]
    assert two_way.work(test.pk, sides.map, sides.clock)
    test.refresh_from_db()
    assert test.status in (Status.STOPPED, Status.PASSED)
    assert test.cleaned_at
    assert counts() == before
    assert not sides.map.everybody()


class Away:
    """A MAP that does not answer any more from a certain call on."""

    def __init__(self, behind: Any, at: str) -> None:
        self._behind, self._at, self.away = behind, at, False

    def __getattr__(self, name: str) -> Any:
        if name == self._at:
            raise Unavailable("It answers 503.")
        return getattr(self._behind, name)


def test_a_map_that_is_away_in_the_middle_costs_no_lasting_trace() -> None:
    sides = prepared()
    before = counts()
    test = run(sides, Away(sides.map, "changes"))
    assert test.status == Status.STOPPED
    assert "It answers 503" in test.problem
    assert counts() == before


def test_a_test_that_somebody_stops_cleans_up_too() -> None:
    sides = prepared()
    before = counts()
    test = two_way.start(sides.connection, "Ops", sides.clock())
    assert two_way.stop(test)
    assert two_way.work(test.pk, sides.map, sides.clock)
    test.refresh_from_db()
    assert (test.status, test.checks) == (Status.STOPPED, [])
    assert counts() == before
    assert not two_way.stop(test)


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


@pytest.mark.parametrize("call", ["upsert", "write", "opt_out"])
def test_a_map_that_is_away_for_writes_ends_the_test_and_says_nothing_of_the_worksheet(call: str) -> None:
    sides = prepared(state=State.LIVE)
    before = counts()

    class Late:
        def __getattr__(self, name: str) -> Any:
            return self.late if name == call else getattr(sides.map, name)

        def late(self, items: Any) -> list[Written]:
            return [Written("", "down", Why.LATER, trouble=Unavailable("It answers 503.")) for _ in items]

    test = run(sides, Late())
    assert (test.status, test.checks) == (Status.STOPPED, [])
    assert "It answers 503" in test.problem
    assert counts() == before
    assert Connection.objects.get().state == State.LIVE


def test_a_test_whose_token_is_missing_ends_at_once() -> None:
    sides = prepared()
    test = two_way.start(sides.connection, "Ops", sides.clock())
    Connection.objects.update(kind="hubspot")
    assert two_way.work(test.pk, None, sides.clock)
    test.refresh_from_db()
    assert test.status == Status.STOPPED
    assert test.cleaned_at
    assert "token" in test.problem.lower()


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
