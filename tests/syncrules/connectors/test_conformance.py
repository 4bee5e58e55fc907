"""What every connector promises, whatever MAP is behind it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from syncrules.connectors.base import New, OptOut, Why
from syncrules.connectors.trouble import BadCursor, BadSignature

from .benches import Bench, everything, pull


def _address(number: int) -> str:
    return f"p{number}@acme.example"


def test_its_fields_have_the_roles_the_hub_needs(bench: Bench) -> None:
    fields = {field.name: field for field in bench.connector.properties()}
    roles = {field.role: field for field in fields.values() if field.role}
    assert {"email", "stage", "optout"} <= set(roles)
    assert roles["email"].name == bench.names["email"]
    assert (roles["email"].type, roles["stage"].type, roles["optout"].type) == ("email", "stage", "boolean")
    assert set(bench.stages) <= {option.value for option in roles["stage"].options}
    assert not roles["optout"].read_only
    assert fields[bench.names["number"]].type == "number"


def test_every_record_comes_once_from_the_beginning_and_then_what_changed(bench: Bench) -> None:
    made = [bench.create(email=_address(n)) for n in range(7)]
    records, cursor = pull(bench.connector, limit=3)
    assert sorted(r.id for r in records) == sorted(made)
    assert all(r.changed_at for r in records)
    bench.edit(made[2], first="Ann")
    changed, cursor = pull(bench.connector, cursor, limit=3)
    shown = {r.id: r.values.get(bench.names["first"]) for r in changed}
    assert shown[made[2]] == "Ann"


def test_nothing_that_changes_between_two_pages_is_left_out(bench: Bench) -> None:
    made = [bench.create(email=_address(n), first="old") for n in range(9)]
    page = bench.connector.changes("", 3)
    seen = {r.id: r.values[bench.names["first"]] for r in page.records}
    for record in made:
        bench.edit(record, first="new")
    late = bench.create(email="late@acme.example", first="new")
    records, cursor = pull(bench.connector, page.cursor, 3)
    more, _ = pull(bench.connector, cursor, 3)
    seen |= {r.id: r.values[bench.names["first"]] for r in [*records, *more]}
    assert seen == dict.fromkeys([*made, late], "new")


@pytest.mark.parametrize("cursor", ["2999-12-31", "-1", "0x10", "\u0663", "x" * 500, "since=", "DROP TABLE"])
def test_a_cursor_that_is_none_is_said_so_and_not_passed_over(bench: Bench, cursor: str) -> None:
    bench.create(email=_address(1))
    with pytest.raises(BadCursor):
        bench.connector.changes(cursor, 10)
    assert len(bench.connector.changes("", 10).records) == 1


def test_records_are_read_by_id_and_found_by_address(bench: Bench) -> None:
    ann, bob = bench.create(email="ann@acme.example", first="Ann"), bench.create(email="bob@acme.example")
    read = bench.connector.read([ann, bob, "999999999"])
    assert {key: r.id for key, r in read.items()} == {ann: ann, bob: bob}
    assert read[ann].values[bench.names["first"]] == "Ann"
    assert bench.connector.find(["Ann@Acme.Example", "nobody@acme.example", ""])["Ann@Acme.Example"].id == ann
    assert bench.connector.read([]) == bench.connector.find([]) == {}


def test_each_write_has_its_own_result_in_the_order_given(bench: Bench) -> None:
    first, number = bench.names["first"], bench.names["number"]
    made = [bench.create(email=_address(n)) for n in range(4)]
    changes = [
        (made[0], {first: "A"}),
        (made[1], {number: "many"}),
        ("999999999", {first: "C"}),
        (made[3], {first: "D"}),
    ]
    written = bench.connector.write(changes)
    assert [w.why for w in written] == [None, Why.INVALID, Why.MISSING, None]
    assert [w.done for w in written] == [True, False, False, True]
    assert all(w.error for w in written if not w.done)
    assert [written[0].id, written[3].id] == [made[0], made[3]]
    read = bench.connector.read(made)
    assert [read[i].values.get(first) for i in made] == ["A", None, None, "D"]
    assert written[3].changed_at == read[made[3]].changed_at


def test_writes_to_one_record_stay_in_order(bench: Bench) -> None:
    first = bench.names["first"]
    ann = bench.create(email=_address(1))
    written = bench.connector.write([(ann, {first: str(n)}) for n in range(5)])
    assert [w.done for w in written] == [True] * 5
    assert bench.connector.read([ann])[ann].values[first] == "4"


def test_an_empty_value_clears(bench: Bench) -> None:
    first = bench.names["first"]
    ann = bench.create(email=_address(1), first="Ann")
    assert bench.connector.write([(ann, {first: ""})])[0].done
    assert not bench.connector.read([ann])[ann].values.get(first)


def test_a_poisoned_record_among_many_costs_only_itself(bench: Bench) -> None:
    size = bench.connector.batch + 20
    number = bench.names["number"]
    items = [New(_address(n), {number: "many" if n == 57 else str(n)}) for n in range(size)]
    written = bench.connector.upsert(items)
    assert [n for n, w in enumerate(written) if not w.done] == [57]
    assert (written[57].why, bench.count()) == (Why.INVALID, size - 1)


def test_upserting_twice_makes_one_record(bench: Bench) -> None:
    first = bench.names["first"]
    ann = bench.create(email="ann@acme.example")
    items = [New("Ann@acme.example", {first: "Ann"}), New("bob@acme.example", {first: "Bob"})]
    once, twice = bench.connector.upsert(items), bench.connector.upsert(items)
    assert [w.new for w in once] == [False, True]
    assert once[0].id == ann
    assert [w.id for w in twice] == [w.id for w in once]
    assert [w.new for w in twice] == [False, False]
    assert bench.count() == 2


def test_an_address_that_another_record_has_is_not_taken_from_it(bench: Bench) -> None:
    email = bench.names["email"]
    ann, bob = bench.create(email="ann@acme.example"), bench.create(email="bob@acme.example")
    written = bench.connector.write([(bob, {email: "ann@acme.example"})])[0]
    assert written.why is Why.TAKEN
    assert bench.connector.find(["ann@acme.example"])["ann@acme.example"].id == ann


def test_a_stage_can_be_set_back(bench: Bench) -> None:
    stage = next(field.name for field in bench.connector.properties() if field.role == "stage")
    early, late = bench.stages
    ann = bench.create(email=_address(1))
    for value in (late, early):
        written = bench.connector.write([(ann, {stage: value})])[0]
        assert written.done
        assert bench.connector.read([ann])[ann].values[stage] == value
    assert written.values[stage] == early


def test_a_merge_keeps_the_values_told_and_leads_from_both_ids(bench: Bench) -> None:
    first = bench.names["first"]
    ann, anna = bench.create(email="ann@acme.example", first="A"), bench.create(email="anna@acme.example", first="B")
    for _ in range(2):  # the second time there is nothing left to merge
        written = bench.connector.merge(ann, anna, {first: "Anna"})
        assert written.done
        read = bench.connector.read([ann, anna])
        assert {r.id for r in read.values()} == {written.id}
        assert read[ann].values[first] == "Anna"
    assert bench.count() == 1
    assert bench.connector.merge(ann, "999999999", {}).why is Why.MISSING


def test_a_merge_made_in_the_map_is_seen(bench: Bench) -> None:
    ann, anna = bench.create(email="ann@acme.example"), bench.create(email="anna@acme.example")
    _, cursor = pull(bench.connector)
    bench.merge(ann, anna)
    changed = {r.id: r for r in pull(bench.connector, cursor)[0]}
    read = bench.connector.read([ann, anna])
    assert read[ann].id == read[anna].id
    assert anna in changed[read[ann].id].merged


def test_a_deleted_record_is_seen_and_a_merged_one_is_not_taken_for_deleted(bench: Bench) -> None:
    ann, bob, anna = (bench.create(email=f"{name}@acme.example") for name in ("ann", "bob", "anna"))
    bench.delete(bob)
    bench.merge(ann, anna)

    def page(cursor: str) -> tuple[list, str, bool]:
        got = bench.connector.deletions(cursor, 1)
        return list(got.gone), got.cursor, got.more

    assert [gone.id for gone in everything(page)[0]] == [bob]
    assert bench.connector.read([bob]) == {}
    assert bench.connector.write([(bob, {bench.names["first"]: "B"})])[0].why is Why.MISSING


def test_deleting_twice_is_deleting_once(bench: Bench) -> None:
    ann = bench.create(email=_address(1))
    for _ in range(2):
        assert [w.done for w in bench.connector.delete([ann])] == [True]
    assert bench.count() == 0


def test_erasing_leaves_nothing_and_doing_it_again_is_no_error(bench: Bench) -> None:
    ann = bench.create(email=_address(1))
    for _ in range(2):
        assert [w.done for w in bench.connector.erase([ann])] == [True]
    assert (bench.count(), bench.connector.read([ann])) == (0, {})
    assert bench.connector.write([(ann, {bench.names["first"]: "B"})])[0].why is Why.MISSING


def test_an_opt_out_is_read_and_written_by_address(bench: Bench) -> None:
    ann = bench.create(email="ann@acme.example")
    bench.unsubscribe("ann@acme.example")
    addresses = ["Ann@acme.example", "bob@acme.example"]
    assert [s.opted_out for s in bench.connector.subscriptions(addresses).values()] == [True, False]
    written = bench.connector.opt_out([OptOut("bob@acme.example"), OptOut("eve@acme.example")])
    assert [(w.id, w.done) for w in written] == [("bob@acme.example", True), ("eve@acme.example", True)]
    assert [s.opted_out for s in bench.connector.subscriptions(addresses).values()] == [True, True]
    optout = next(field.name for field in bench.connector.properties() if field.role == "optout")
    assert bench.connector.read([ann])[ann].values[optout] == "true"


def test_who_opted_out_comes_back_only_with_a_reason(bench: Bench) -> None:
    address = "ann@acme.example"
    bench.unsubscribe(address)
    assert not bench.connector.opt_out([OptOut(address, out=False)])[0].done
    assert bench.connector.subscriptions([address])[address].opted_out
    why = OptOut(address, out=False, basis="CONSENT_WITH_NOTICE", explanation="Asked again at the fair, in writing")
    assert bench.connector.opt_out([why])[0].done
    assert not bench.connector.subscriptions([address])[address].opted_out


def test_a_webhook_without_a_signature_is_refused(bench: Bench) -> None:
    with pytest.raises(BadSignature):
        bench.connector.verify_webhook("POST", "http://hub.example/hooks/x", {}, b"[]", datetime.now(UTC))
