"""Paging: HubSpot's search ends at 10,000 results, and thousands of records share a stamp."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest

from syncrules.connectors.base import Record
from syncrules.connectors.hubspot import cursor as cursors
from syncrules.connectors.hubspot.cursor import Cursor, milliseconds
from syncrules.connectors.trouble import BadCursor
from syncrules.sandbox.app import Sandbox
from syncrules.sandbox.limits import Limits
from syncrules.sandbox.server import SandboxServer
from syncrules.sandbox.storage import Row

from .answering import DATE, always, serving
from .benches import TOKEN, SandboxBench, hubspot, pull

#: How many records, and how many of them share one stamp. CRMHUB_NIGHT=1 takes the sizes of the laws.
RECORDS, SAME = (25_000, 15_000) if os.environ.get("CRMHUB_NIGHT") else (11_500, 10_400)
STAMP = 1_767_000_000_000


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """A sandbox whose store the test can fill directly."""
    server = SandboxServer(("127.0.0.1", 0), Sandbox(TOKEN, limits=Limits(0)))
    thread = threading.Thread(target=server.run, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.stop()
    thread.join(5)


def _fill(server: SandboxServer, stamps: list[int]) -> list[str]:
    store = server.sandbox.store
    with store.transaction():
        return [str(store.insert(Row(0, stamp, stamp, properties={"firstname": "old"}))) for stamp in stamps]


def test_more_records_than_a_search_gives_all_with_one_stamp_are_all_seen(server: SandboxServer) -> None:
    earlier = [STAMP - n for n in range(RECORDS - SAME)]
    made = _fill(server, earlier[::2] + [STAMP] * SAME + earlier[1::2])
    connector = hubspot(server.url)
    since = str(Cursor(since=STAMP - RECORDS))
    seen: list[str] = []
    store = server.sandbox.store
    cursor, more, pages = since, True, 0
    while more:
        page = connector.changes(cursor, 200)
        seen += [record.id for record in page.records]
        cursor, more, pages = page.cursor, page.more, pages + 1
        moved = made[pages * 150 % len(made)]
        with store.transaction():  # a record on either side of the page changes meanwhile
            row = store.load(int(moved))
            assert row
            row.properties, row.modified_ms = {"firstname": "new"}, server.sandbox.clock.now_ms()
            store.save(row)
        assert pages <= RECORDS // 200 + 2
    assert set(seen) == set(made)
    assert len(seen) == len(made)
    changed = {r.id for r in pull(connector, cursor, 200)[0]}
    with_new = {str(row.id) for row in store.select("json_extract(properties, '$.firstname') = 'new'", [])}
    assert with_new <= changed


def test_the_first_round_lists_and_finds_what_changed_meanwhile(server: SandboxServer) -> None:
    made = _fill(server, [STAMP] * 450)
    connector = hubspot(server.url)
    page = connector.changes("", 1000)
    assert len(page.records) == 100
    assert page.cursor.startswith("all;began=")
    store = server.sandbox.store
    with store.transaction():
        row = store.load(int(made[0]))
        assert row
        row.modified_ms = server.sandbox.clock.now_ms()
        store.save(row)
    rest, cursor = pull(connector, page.cursor, 1000)
    assert [r.id for r in (*page.records, *rest)] == made
    assert [r.id for r in pull(connector, cursor)[0]] == [made[0]]


def test_an_idle_account_shows_nothing_again_and_again(hubspot_bench: SandboxBench) -> None:
    hubspot_bench.create(email="ann@acme.example")
    _, cursor = pull(hubspot_bench.connector)
    hubspot_bench.faults("clock=+60s")  # a minute later
    _, cursor = pull(hubspot_bench.connector, cursor)
    for _ in range(5):
        records, cursor = pull(hubspot_bench.connector, cursor)
        assert records == []


@pytest.mark.parametrize("clock", ["-10m", "+10m"])
def test_a_clock_that_is_off_loses_nothing(hubspot_bench: SandboxBench, clock: str) -> None:
    hubspot_bench.faults(f"clock={clock}")
    connector = hubspot_bench.connector
    made = [hubspot_bench.create(email="ann@acme.example")]
    _, cursor = pull(connector)
    hubspot_bench.edit(made[0], first="Ann")
    made.append(hubspot_bench.create(email="bob@acme.example"))
    changed: dict[str, Record] = {r.id: r for r in pull(connector, cursor)[0]}
    assert set(changed) == set(made)


def test_a_clock_that_went_back_is_noticed(hubspot_bench: SandboxBench) -> None:
    hubspot_bench.create(email="ann@acme.example")
    _, cursor = pull(hubspot_bench.connector)
    hubspot_bench.faults("clock=-2m")
    with pytest.raises(BadCursor, match="ahead of HubSpot's clock"):
        hubspot_bench.connector.changes(cursor, 10)


def test_a_search_index_that_is_behind_loses_nothing(hubspot_bench: SandboxBench) -> None:
    hubspot_bench.faults("lag=1s")
    connector = hubspot(hubspot_bench.url, overlap=5.0)
    made = [hubspot_bench.create(email="ann@acme.example")]
    _, cursor = pull(connector)
    made.append(hubspot_bench.create(email="bob@acme.example"))
    hidden, cursor = pull(connector, cursor)
    assert made[1] not in {r.id for r in hidden}
    hubspot_bench.faults("")
    assert made[1] in {r.id for r in pull(connector, cursor)[0]}


def test_a_record_with_the_very_stamp_of_the_cursor_is_seen(server: SandboxServer) -> None:
    made = _fill(server, [STAMP - 1, STAMP, STAMP + 1])
    assert [r.id for r in pull(hubspot(server.url), str(Cursor(STAMP)))[0]] == made[1:]


def test_a_round_begins_before_the_last_one_by_the_overlap_and_by_hubspots_clock() -> None:
    with serving(always(200, {"results": [], "total": 0})) as hub:
        page = hubspot(hub.url, overlap=7.0, properties=("email",)).changes("", 10)
    began = milliseconds(parsedate_to_datetime(DATE))
    assert cursors.parse(page.cursor) == Cursor(began - 7000)


@pytest.mark.parametrize(
    "text",
    ["since=32503680000000", "since=1", "all;began=32503680000000;after=1001", "since=0;began=0", "all;after=x",
     "since=1767000000000;after=-1", "2999-12-31T00:00:00Z", "null", "all;began=1767000000000;after=" + "9" * 40],
)  # fmt: skip
def test_a_cursor_from_the_future_the_past_or_nowhere_is_refused(hubspot_bench: SandboxBench, text: str) -> None:
    hubspot_bench.create(email="ann@acme.example")
    with pytest.raises(BadCursor):
        hubspot_bench.connector.changes(text, 10)


def test_a_cursor_reads_back_as_itself() -> None:
    for cursor in (Cursor(), Cursor(None, STAMP, "17"), Cursor(STAMP), Cursor(STAMP, STAMP + 5, "1001")):
        assert cursors.parse(str(cursor)) == cursor
    assert cursors.parse("") == Cursor()
