"""HubSpot on its bad days: what is tried again, what is not known, what is said."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from syncrules.connectors.base import New, OptOut, Why
from syncrules.connectors.hubspot import Timing
from syncrules.connectors.trouble import Denied, Garbled, Refused, Unavailable

from .answering import Asked, Said, always, serving
from .benches import SandboxBench, hubspot, patient, pull

NOT_DONE = [423, 429, 477, 503, 521, 523]
PASSING = [*NOT_DONE, 500, 502, 504, 524]
ANN = [New("ann@acme.example", {"firstname": "Ann"})]


def _flaky(bad: Said, times: int, good: dict) -> Iterator[Said]:
    for _ in range(times):
        yield bad
    while True:
        yield Said(200, json.dumps(good).encode())


@pytest.mark.parametrize("status", PASSING)
def test_reading_is_tried_again_after_anything_that_passes(status: int) -> None:
    answers = _flaky(Said(status, b"<html>busy</html>"), 2, {"results": []})
    slept: list[float] = []
    with serving(lambda _: next(answers)) as server:
        assert hubspot(server.url, patient(slept)).find(["a@b.example"]) == {}
    assert slept == [0.25, 0.5]


@pytest.mark.parametrize("status", NOT_DONE)
def test_a_write_that_was_not_done_is_sent_again(status: int) -> None:
    good = {"results": [{"id": "7", "properties": {}, "objectWriteTraceId": "0", "new": True}]}
    answers = _flaky(Said(status), 2, good)
    with serving(lambda r: next(answers)) as server:
        written = hubspot(server.url, properties=("email",)).upsert(ANN)
        assert len(server.asked) == 3
    assert (written[0].done, written[0].id, written[0].new) == (True, "7", True)


@pytest.mark.parametrize("status", [500, 502, 504, 524])
def test_a_write_that_may_have_been_done_is_not_sent_again_and_is_unknown(status: int) -> None:
    with serving(always(status, b"<html>")) as server:
        written = hubspot(server.url).write([(str(n), {"firstname": "A"}) for n in range(150)])
        assert len(server.asked) == 1
    assert [w.why for w in written] == [Why.UNKNOWN] * 100 + [Why.LATER] * 50
    assert f"answered {status}" in written[0].error


@pytest.mark.parametrize("spec", ["reset_after_write:1", "truncated:1", "hang:1:100ms", "reset:1", "html:1"])
def test_an_answer_that_never_came_makes_the_write_unknown_and_a_look_settles_it(
    hubspot_bench: SandboxBench, spec: str
) -> None:
    hubspot_bench.faults(spec)
    written = hubspot_bench.connector.upsert(ANN)
    assert [w.why for w in written] == [Why.UNKNOWN]
    assert len(hubspot_bench.writes()) == 1
    done = hubspot_bench.writes()[0]["applied"]
    hubspot_bench.faults("")
    assert bool(hubspot_bench.connector.find(["ann@acme.example"])) is done
    assert hubspot_bench.connector.upsert(ANN)[0].new is not done
    assert hubspot_bench.count() == 1


def test_a_merge_whose_answer_was_lost_is_not_done_twice(hubspot_bench: SandboxBench) -> None:
    ann, anna = hubspot_bench.create(email="ann@acme.example"), hubspot_bench.create(email="anna@acme.example")
    hubspot_bench.faults("reset_after_write:1")
    assert hubspot_bench.connector.merge(ann, anna, {}).why is Why.UNKNOWN
    hubspot_bench.faults("")
    assert hubspot_bench.connector.merge(ann, anna, {"firstname": "Anna"}).done
    merges = [write for write in hubspot_bench.writes() if write["path"].endswith("/merge")]
    assert len(merges) == 1


def test_retry_after_is_obeyed_by_every_call_and_not_a_moment_earlier() -> None:
    answers = _flaky(Said(429, b"{}", {"Retry-After": "7"}), 1, {"results": []})
    slept: list[float] = []
    with serving(lambda _: next(answers)) as server:
        hubspot(server.url, patient(slept)).find(["a@b.example"])
    assert 7 <= sum(slept) <= 8


def test_a_date_to_retry_after_is_read_by_hubspots_own_clock() -> None:
    told = {"Retry-After": "Mon, 23 Nov 2026 09:00:05 GMT", "Date": "Mon, 23 Nov 2026 09:00:00 GMT"}
    answers = _flaky(Said(503, b"{}", told), 1, {"results": []})
    slept: list[float] = []
    with serving(lambda _: next(answers)) as server:
        hubspot(server.url, patient(slept)).find(["a@b.example"])
    assert 5 <= sum(slept) <= 6


def test_a_long_wait_is_not_slept_through_but_told_and_kept() -> None:
    slept: list[float] = []
    with serving(always(429, {"policyName": "DAILY"}, Retry_After="3600")) as server:
        connector = hubspot(server.url, patient(slept))
        with pytest.raises(Unavailable) as first:
            connector.find(["a@b.example"])
        with pytest.raises(Unavailable) as second:
            connector.find(["a@b.example"])
        assert [w.why for w in connector.upsert(ANN)] == [Why.LATER]
        assert len(server.asked) == 1  # the limit is kept to without asking again
    assert first.value.wait == 3600
    assert second.value.wait
    assert second.value.wait > 3500
    assert slept == []


def test_waits_grow_are_jittered_and_end() -> None:
    slept: list[float] = []
    clock = patient(slept)
    lots = iter([0.0, 1.0, 0.5, 1.0])
    with serving(always(503)) as server:
        connector = hubspot(server.url, Timing(clock.clock, clock.sleep, lambda: next(lots)), tries=4)
        with pytest.raises(Unavailable):
            connector.find(["a@b.example"])
        assert len(server.asked) == 4
    assert slept == [0.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Refused), (401, Denied), (403, Denied), (404, Refused), (302, Refused), (415, Refused)]
)
def test_what_will_not_pass_is_not_tried_again(status: int, kind: type[Exception]) -> None:
    with serving(
        always(status, {"message": "No,\n\x1b[31mbecause."}, Location="http://127.0.0.1:1/elsewhere")
    ) as server:
        with pytest.raises(kind) as caught:
            hubspot(server.url).find(["a@b.example"])
        assert len(server.asked) == 1
    assert "No," in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_batch_that_is_refused_as_a_whole_is_halved_until_the_bad_one_is_alone() -> None:
    def answer(request: Asked) -> Said:
        inputs = request.json["inputs"]
        if any(item["properties"]["firstname"] == "bad" for item in inputs):
            return Said(400, b'{"category": "VALIDATION_ERROR", "message": "one of them is bad"}')
        results = [{"id": i["id"], "properties": {}, "objectWriteTraceId": i["objectWriteTraceId"]} for i in inputs]
        return Said(200, json.dumps({"results": results}).encode())

    changes = [(str(n + 1), {"firstname": "bad" if n == 42 else "good"}) for n in range(100)]
    with serving(answer) as server:
        written = hubspot(server.url).write(changes)
        assert len(server.asked) <= 15
    assert [n for n, w in enumerate(written) if not w.done] == [42]
    assert (written[42].why, [w.id for w in written]) == (Why.INVALID, [i for i, _ in changes])


def test_one_call_never_holds_a_record_twice() -> None:
    with serving(always(503)) as server:
        hubspot(server.url, tries=1).write([("1", {"firstname": "A"}), ("2", {}), ("1", {"firstname": "B"})])
        upserts = [New("a@b.example", {}), New(" A@B.example", {})]
        hubspot(server.url, tries=1).upsert(upserts)
        assert [len(request.json["inputs"]) for request in server.asked] == [2, 1]


def test_results_are_told_apart_without_trace_ids_and_silence_is_unknown() -> None:
    body = {
        "results": [{"id": "2", "properties": {}}],
        "errors": [{"category": "OBJECT_NOT_FOUND", "message": "gone", "context": {"ids": ["3"]}}],
        "numErrors": 1,
    }
    with serving(always(207, body)) as server:
        written = hubspot(server.url).write([(i, {"firstname": "A"}) for i in ("1", "2", "3")])
    assert [w.why for w in written] == [Why.UNKNOWN, None, Why.MISSING]


def test_the_limits_of_the_account_are_kept_to() -> None:
    told = {"X_HubSpot_RateLimit_Max": "19", "X_HubSpot_RateLimit_Remaining": "18",
            "X_HubSpot_RateLimit_Interval_Milliseconds": "10000"}  # fmt: skip
    slept: list[float] = []
    timing = patient(slept)
    with serving(always(200, {"results": []}, **told)) as server:
        connector = hubspot(server.url, timing, share=1.0, properties=("email",))
        for _ in range(57):
            connector.find(["a@b.example"])
        assert len(server.asked) == 57
    assert 20 <= timing.clock() < 20.5  # three times nineteen calls
    assert (connector.allowance().most, connector.allowance().left) == (19, 18)


def test_searches_have_a_limit_of_their_own() -> None:
    timing = patient()
    with serving(always(200, {"results": [], "total": 0})) as server:
        connector = hubspot(server.url, timing, searches=5, properties=("email",))
        for _ in range(20):
            connector.changes("since=1767000000000", 10)
    assert 3 <= timing.clock() < 3.5


def test_where_others_leave_little_it_holds_back() -> None:
    slept: list[float] = []
    told = {"X_HubSpot_RateLimit_Max": "100", "X_HubSpot_RateLimit_Remaining": "1",
            "X_HubSpot_RateLimit_Interval_Milliseconds": "10000"}  # fmt: skip
    with serving(always(200, {"results": []}, **told)) as server:
        connector = hubspot(server.url, patient(slept), properties=("email",))
        for _ in range(3):
            connector.find(["a@b.example"])
    assert slept == [1.0, 1.0]


def test_half_of_all_requests_failing_a_full_pull_still_finds_everything(hubspot_bench: SandboxBench) -> None:
    made = [hubspot_bench.create(email=f"p{n}@acme.example") for n in range(40)]
    hubspot_bench.faults("429_bare:0.1,503:0.1,html:0.1,reset:0.1,truncated:0.1,seed=3")
    connector = hubspot(hubspot_bench.url, tries=20)
    records, cursor = pull(connector, limit=4)
    assert sorted(r.id for r in records) == sorted(made)
    assert {r.id for r in pull(connector, cursor, limit=4)[0]} <= set(made)


def test_nobody_there_is_said_in_words() -> None:
    with pytest.raises(Unavailable, match="could not be reached"):
        hubspot("http://127.0.0.1:9").properties()
    written = hubspot("http://127.0.0.1:9").upsert(ANN)
    assert [w.why for w in written] == [Why.LATER]


def test_a_page_that_leads_nowhere_ends() -> None:
    page = {"results": [{"id": "5", "properties": {}}], "paging": {"next": {"after": "5"}}, "total": 3}
    with serving(always(200, page)) as server:
        connector = hubspot(server.url, properties=("email",))
        first = connector.changes("since=1767000000000", 10)
        with pytest.raises(Garbled, match="lead on"):
            connector.changes(first.cursor, 10)


def test_an_opt_out_that_was_refused_is_not_taken_for_done() -> None:
    changes = [OptOut("ann@acme.example"), OptOut("bob@acme.example")]
    named = {"results": [], "errors": [{"message": "ann@acme.example is suppressed", "context": {}}]}
    silent = {"results": [], "errors": [{"message": "something", "context": {}}]}
    for body, expected in ((named, [Why.REFUSED, Why.UNKNOWN]), (silent, [Why.UNKNOWN, Why.UNKNOWN])):
        with serving(always(207, body)) as server:
            assert [w.why for w in hubspot(server.url).opt_out(changes)] == expected
