"""What every connector promises, whatever MAP it speaks with: put a further one into ``CONNECTORS``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from syncrules.connectors.base import Connector, Record
from syncrules.connectors.memory import MemoryMap, in_capitals
from syncrules.domain.worksheet import FieldType, Option

PROPERTIES = (
    FieldType("email", "Email", "email", role="email"),
    FieldType("title", "Job title", "text"),
    FieldType("seats", "Seats", "number"),
    FieldType("plan", "Plan", "choice", (Option("gold", "Gold"), Option("iron", "Iron"))),
    FieldType("opted_out", "Unsubscribed", "boolean", role="optout"),
    FieldType("made", "Created", "datetime", read_only=True, own=False),
)
#: Each connector on a MAP of its own with these properties, whose clock stands still.
CONNECTORS: Mapping[str, Callable[[], Any]] = {
    "memory": lambda: MemoryMap(PROPERTIES, clock=lambda: "2026-03-02T09:30:00Z"),
    "memory in capitals": lambda: MemoryMap(PROPERTIES, respell=in_capitals, clock=lambda: "2026-03-02T09:30:00Z"),
}


@pytest.fixture(params=CONNECTORS)
def there(request: pytest.FixtureRequest) -> Any:
    """A MAP, with the means that its own users have: ``create``, ``edit`` and ``delete``."""
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
    there.delete(gone)
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
