"""Whatever comes back: a clear error, never a crash, and no more of it than the cap."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncrules.connectors.base import New, OptOut, Why
from syncrules.connectors.hubspot import HubSpot
from syncrules.connectors.trouble import Trouble
from tests.patience import comes_to_an_end

from .answering import Said, Server, always, serving
from .benches import hubspot

READS: dict[str, Callable[[HubSpot], object]] = {
    "properties": lambda c: c.properties(),
    "all": lambda c: c.changes("", 10),
    "since": lambda c: c.changes("since=1767000000000", 10),
    "deletions": lambda c: c.deletions("", 10),
    "read": lambda c: c.read(["1"]),
    "find": lambda c: c.find(["a@b.example"]),
    "subscriptions": lambda c: c.subscriptions(["a@b.example"]),
}
WRITES: dict[str, Callable[[HubSpot], Any]] = {
    "write": lambda c: c.write([("1", {"firstname": "A"}), ("2", {"firstname": "B"})]),
    "upsert": lambda c: c.upsert([New("a@b.example", {"firstname": "A"})]),
    "merge": lambda c: [c.merge("1", "2", {"firstname": "A"})],
    "opt_out": lambda c: c.opt_out([OptOut("a@b.example"), OptOut("a@b.example", out=False)]),
    "delete": lambda c: c.delete(["1"]),
}
GARBAGE = {
    "html": b"<!doctype html><html><body>Sign in</body></html>",
    "nothing like it": b"\x00\xff\xfe\x01",
    "half": b'{"results": [{"id": "1", "prop',
    "deep": b"[" * 200_000,
    "deep values": b'{"results":' + b"[" * 1000 + b"]" * 1000 + b"}",
    "deep properties": b'{"results":[{"id":"1","properties":{"a":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}}]}",
    "not a number": b'{"results": [{"id": NaN}]}',
    "long number": b'{"results": [{"id": ' + b"9" * 5000 + b"}]}",
    "list": b"[]",
    "text": b'"ok"',
    "numbers": b'{"results": [1, 2]}',
    "wrong id": b'{"results": [{"id": {"a": 1}, "properties": {}}]}',
    "no id": b'{"results": [{"properties": {}}]}',
    "wrong properties": b'{"results": [{"id": "1", "properties": ["a"]}]}',
    "wrong value": b'{"results": [{"id": "1", "properties": {"a": ["b"]}}]}',
    "wrong paging": b'{"results": [{"id": "1", "properties": {}}], "paging": [1]}',
    "wrong errors": b'{"results": [], "errors": {"a": 1}, "numErrors": "many"}',
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("status", [200, 207, 400, 503])
def test_garbage_is_trouble_with_words_for_reads_and_unknown_for_writes(body: bytes, status: int) -> None:
    said: list[str] = []
    with serving(always(status, body)) as server, comes_to_an_end():
        for read in READS.values():
            try:
                read(hubspot(server.url, properties=("email",), tries=2))
            except Trouble as trouble:
                said.append(str(trouble))
        for write in WRITES.values():
            for written in write(hubspot(server.url, tries=2)):
                assert written.done or written.error
    assert all(text and text.isprintable() and len(text) < 500 for text in said)


@pytest.mark.parametrize("size", [5 * 1024 * 1024 + 1, 60 * 1024 * 1024])
def test_an_answer_over_the_cap_is_not_read_to_its_end(size: int) -> None:
    with serving(always(200, b'{"results": [' + b" " * size + b"]}")) as server, comes_to_an_end():
        with pytest.raises(Trouble, match="5,120 KB"):
            hubspot(server.url, tries=1).find(["a@b.example"])
        assert hubspot(server.url).upsert([New("a@b.example", {})])[0].why is Why.UNKNOWN


def test_a_compressed_answer_is_refused_unread() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    with serving(always(200, bomb, Content_Encoding="gzip")) as server, pytest.raises(Trouble, match="compressed"):
        hubspot(server.url, tries=1).find(["a@b.example"])


def test_half_a_character_and_nul_reach_nobody() -> None:
    body = {"results": [{"id": "1", "properties": {"firstname": "A\ud800\x00B", "email": "a@b.example"}}]}
    with serving(always(200, body)) as server:
        found = hubspot(server.url, properties=("firstname",)).read(["1"])
    assert found["1"].values["firstname"] == "A\ufffd\ufffdB"
    found["1"].values["firstname"].encode()


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
names = st.sampled_from(
    ["results", "id", "properties", "errors", "context", "paging", "next", "after", "total", "category", "message",
     "status", "objectWriteTraceId", "ids", "updatedAt", "options", "name", "type", "wideStatuses", "statuses",
     "subscriberIdString", "new", "archivedAt", "lastmodifieddate", "hs_merged_object_ids", "modificationMetadata"]
)  # fmt: skip
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=5), inner, max_size=4)
)
shaped = st.fixed_dictionaries(
    {},
    optional={
        "results": st.lists(st.dictionaries(names, anything, max_size=6) | anything, max_size=3) | anything,
        "errors": st.lists(st.dictionaries(names, anything, max_size=4), max_size=2) | anything,
        "paging": st.dictionaries(names, anything, max_size=2) | anything,
        "total": anything,
        "id": anything,
        "properties": anything,
    },
)


@pytest.fixture(scope="module")
def said() -> list[Said]:
    """What the fuzzed server answers next."""
    return [Said()]


@pytest.fixture(scope="module")
def fuzzed(said: list[Said]) -> Any:
    """A server whose answers a test can change."""
    with serving(lambda _: said[0]) as server:
        yield server


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(status=st.sampled_from([200, 201, 207, 400, 404, 409, 429, 500]), body=shaped | anything)
def test_no_answer_of_any_shape_is_a_crash(fuzzed: Server, said: list[Said], status: int, body: object) -> None:
    said[0] = Said(status, json.dumps(body).encode("utf-8", "surrogatepass"))
    connector = hubspot(fuzzed.url, properties=("email",), tries=1)
    for read in READS.values():
        try:
            read(connector)
        except Trouble:
            pass
    for write in WRITES.values():
        assert all(written.done or written.error for written in write(connector))
    connector.close()
