"""What a MAP in memory promises beyond what every connector does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from syncrules.connectors.base import Connector, Happening, New, Record, Why
from syncrules.connectors.memory import MemoryMap, in_capitals
from syncrules.connectors.trouble import BadCursor, BadSignature
from syncrules.domain.worksheet import FieldType, Option

PROPERTIES = (
    FieldType("email", "Email", "email", role="email"),
    FieldType("title", "Job title", "text"),
    FieldType("seats", "Seats", "number"),
    FieldType("plan", "Plan", "choice", (Option("gold", "Gold"), Option("iron", "Iron"))),
    FieldType("opted_out", "Unsubscribed", "boolean", role="optout"),
    FieldType("made", "Created", "datetime", read_only=True, own=False),
)
#: MAPs with these properties, whose clock stands still.
CONNECTORS: Mapping[str, Callable[[], MemoryMap]] = {
    "memory": lambda: MemoryMap(PROPERTIES, clock=lambda: "2026-03-02T09:30:00Z"),
    "memory in capitals": lambda: MemoryMap(PROPERTIES, respell=in_capitals, clock=lambda: "2026-03-02T09:30:00Z"),
}


@pytest.fixture(params=CONNECTORS)
def there(request: pytest.FixtureRequest) -> MemoryMap:
    """Each of these MAPs, empty."""
    return CONNECTORS[request.param]()


def pages(connector: Connector, limit: int, cursor: str = "") -> Iterator[list[Record]]:
    """Every page from a cursor on; ends by itself, or the connector never does."""
    for _ in range(1000):
        page = connector.changes(cursor, limit)
        yield list(page.records)
        cursor = page.cursor
        if not page.more:
            return
    pytest.fail("the pages never end")


def cursor_now(connector: Connector) -> str:
    return connector.changes("", 1000).cursor


def test_its_properties_come_with_types_options_and_what_can_only_be_read(there):
    found = {p.name: p for p in there.properties()}
    assert found["plan"].type == "choice"
    assert [o.value for o in found["plan"].options] == ["gold", "iron"]
    assert found["made"].read_only


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_many_records_of_one_time_are_each_shown_once_in_pages_that_end(there, limit):
    made = {there.create(title=f"T{n}") for n in range(50)}
    shown = [record.id for page in pages(there, limit) for record in page]
    assert sorted(shown) == sorted(made)


def test_a_record_that_changes_while_paging_is_shown_again(there):
    ids = [there.create(seats=str(n)) for n in range(6)]
    shown: list[Record] = []
    for n, page in enumerate(pages(there, 2)):
        shown += page
        if n == 0:
            there.edit(ids[0], seats="99")
    assert {r.id for r in shown} == set(ids)
    assert [r.values["seats"] for r in shown if r.id == ids[0]] == ["0", "99"]


def test_from_its_last_cursor_on_only_later_changes_are_shown(there):
    ids = [there.create(seats="1"), there.create(seats="2")]
    cursor = cursor_now(there)
    assert list(pages(there, 10, cursor)) == [[]]
    there.edit(ids[0], seats="3")
    assert [r.values["seats"] for page in pages(there, 10, cursor) for r in page] == ["3"]


def test_an_empty_map_has_one_empty_page(there):
    assert list(pages(there, 10)) == [[]]


def test_reading_leaves_out_what_is_not_there(there):
    ident = there.create(title="ADA")
    gone = there.create(title="BO")
    there.remove(gone)
    assert {i: dict(r.values) for i, r in there.read([ident, gone, "nobody"]).items()} == {ident: {"title": "ADA"}}


def test_what_is_written_is_stored_and_shown_as_a_change(there):
    ident = there.create(title="ADA")
    cursor = cursor_now(there)
    assert [w.error for w in there.write([(ident, {"seats": "4"})])] == [""]
    assert dict(there.read([ident])[ident].values) == {"title": "ADA", "seats": "4"}
    assert [r.id for page in pages(there, 10, cursor) for r in page] == [ident]


def test_writing_what_stands_there_is_no_change(there):
    ident = there.create(title="ADA", seats="4")
    cursor = cursor_now(there)
    assert there.write([(ident, {"title": "ADA", "seats": "4"})])[0].error == ""
    assert list(pages(there, 10, cursor)) == [[]]


def test_a_blank_takes_a_value_away(there):
    ident = there.create(title="ADA", seats="4")
    there.write([(ident, {"seats": ""})])
    assert dict(there.read([ident])[ident].values) == {"title": "ADA"}


@pytest.mark.parametrize(
    "values",
    [{"plan": "wood"}, {"seats": "many"}, {"opted_out": "perhaps"}, {"made": "2026-01-01T00:00:00"}, {"nothing": "x"}],
)
def test_what_a_property_cannot_hold_is_refused_with_a_reason_and_nothing_of_it_stored(there, values):
    ident = there.create(title="ADA")
    written = there.write([(ident, {"title": "BO", **values})])[0]
    assert written.id == ident
    assert written.error
    assert dict(there.read([ident])[ident].values) == {"title": "ADA"}


def test_one_bad_write_does_not_keep_the_others_from_being_written_in_order(there):
    first, last = there.create(seats="1"), there.create(seats="2")
    done = there.write([(first, {"seats": "10"}), ("nobody", {"seats": "0"}), (last, {"seats": "20"})])
    assert [(w.id, bool(w.error)) for w in done] == [(first, False), ("nobody", True), (last, False)]
    assert {i: r.values["seats"] for i, r in there.read([first, last]).items()} == {first: "10", last: "20"}


def test_a_map_may_respell_what_it_stores():
    there = MemoryMap(PROPERTIES, respell=in_capitals)
    ident = there.create(title="ada")
    there.write([(ident, {"title": " Vp of Engineering "})])
    assert there.read([ident])[ident].values["title"] == "VP OF ENGINEERING"


NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_an_index_that_is_behind_shows_changes_later_and_leaves_none_out(there):
    ids = [there.create(seats=str(n)) for n in range(5)]
    there.behind = 2
    early = [r.id for page in pages(there, 2) for r in page]
    assert early == ids[:3]
    cursor = cursor_now(there)
    there.edit(ids[0], seats="9")
    there.behind = 0
    assert [r.id for page in pages(there, 2, cursor) for r in page] == [*ids[3:], ids[0]]


def test_a_cursor_of_its_future_is_none(there):
    there.create(seats="1")
    with pytest.raises(BadCursor):
        there.changes("2", 10)


def test_an_opt_out_stays_with_its_address(there):
    ann = there.create(email="ann@acme.example")
    there.unsubscribe("Ann@acme.example")
    assert there.read([ann])[ann].values["opted_out"] == "true"
    there.edit(ann, email="ann@home.example")
    assert "opted_out" not in there.read([ann])[ann].values
    there.edit(ann, email="ann@acme.example")
    assert there.read([ann])[ann].values["opted_out"] == "true"
    assert [s.opted_out for s in there.subscriptions(["ann@acme.example", "ann@home.example"]).values()] == [
        True,
        False,
    ]


def test_an_address_that_a_record_gave_up_is_free(there):
    ann, bob = there.create(email="ann@acme.example"), there.create(email="bob@acme.example")
    assert there.write([(bob, {"email": "ann@acme.example"})])[0].why is Why.TAKEN
    there.edit(ann, email="")
    assert there.write([(bob, {"email": "ann@acme.example"})])[0].done
    there.remove(bob)
    assert there.upsert([New("ann@acme.example", {})])[0].new


def test_a_deletion_that_is_taken_back_is_shown_as_a_change(there):
    ann = there.create(email="ann@acme.example", title="ADA")
    cursor = cursor_now(there)
    there.remove(ann)
    assert [gone.id for gone in there.deletions("", 10).gone] == [ann]
    there.restore(ann)
    assert not there.deletions("", 10).gone
    assert [(r.id, r.values["title"]) for page in pages(there, 10, cursor) for r in page] == [(ann, "ADA")]


def test_a_record_without_an_address_is_found_again_by_the_key_it_was_made_with(there):
    made, again = (there.upsert([New("", {"title": "ADA"}, key="17")])[0] for _ in range(2))
    assert (made.id, made.new, again.new) == (again.id, True, False)
    assert there.upsert([New("", {})])[0].why is Why.INVALID


def test_its_webhooks_tell_what_happened_and_are_believed_with_a_fresh_signature_only():
    there = MemoryMap(PROPERTIES, secret="s1")
    ann, bob = there.create(email="ann@acme.example"), there.create(email="bob@acme.example")
    there.edit(ann, seats="4")
    there.join(ann, bob)
    headers, body = there.webhook(NOW)
    events = there.verify_webhook("POST", "", headers, body, NOW)
    assert [(e.happening, e.record, e.property) for e in events] == [
        (Happening.CREATED, ann, ""),
        (Happening.CREATED, bob, ""),
        (Happening.CHANGED, ann, "seats"),
        (Happening.MERGED, ann, ""),
    ]
    assert set(events[-1].merged) == {ann, bob}
    for moment, raw in ((NOW, body + b" "), (NOW + timedelta(minutes=6), body)):
        with pytest.raises(BadSignature):
            there.verify_webhook("POST", "", headers, raw, moment)
