"""Faults: read strictly, struck exactly, the same for the same seed."""

import time
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest

from syncrules.sandbox.faults import FaultSpecError, parse

from .conftest import CONTACTS, Running

ANN = {"properties": {"email": "ann@acme.example"}}


@pytest.mark.parametrize(
    "spec",
    ["418:0.1", "429", "429:2", "429:-1", "429:x", "503:0.1:2s", "slow:0.1:2", "slow:0.1:11m", "429:0.1,",
     "429:0.1,429:0.2", "500:0.6,503:0.5", "seed=x", "seed=1,seed=2", "colour=red", "clock=90", "429:nan",
     "reset:0.1:1s:1s"],
)  # fmt: skip
def test_a_spec_that_is_not_understood_is_one_sentence(spec: str) -> None:
    with pytest.raises(FaultSpecError) as caught:
        parse(spec)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_a_spec_reads_back_as_itself() -> None:
    spec = (
        "429:0.1:1s,503:0.05,reset_after_write:0.02,slow:0.1:2s,hook_late:0.2:10s,hook_twice:1,clock=-90s,lag=3s,seed=7"
    )
    assert str(parse(spec)) == spec
    assert parse("") == parse("  ")


def test_the_same_seed_strikes_the_same_requests_and_the_shares_are_kept() -> None:
    first, same, other = (parse(f"429:0.1,503:0.05,seed={seed}") for seed in (7, 7, 8))
    drawn = [[f.draw(n, writes=True) for n in range(20_000)] for f in (first, same, other)]
    assert drawn[0] == drawn[1] != drawn[2]
    kinds = [fault.kind for fault in drawn[0] if fault]
    assert kinds.count("429") == pytest.approx(2000, rel=0.1)
    assert kinds.count("503") == pytest.approx(1000, rel=0.1)


@pytest.mark.parametrize(
    ("spec", "status", "retry_after", "kind"),
    [
        ("429:1:3s", 429, "3", "application/json"),
        ("429_bare:1", 429, None, "application/json"),
        ("500:1", 500, None, "application/json"),
        ("477:1", 477, None, "application/json"),
        ("503:1", 503, None, "text/html"),
        ("524:1", 524, None, "text/html"),
        ("html:1", 200, None, "text/html"),
    ],
)
def test_a_refusal_writes_nothing(
    start: Callable[..., Running], spec: str, status: int, retry_after: str | None, kind: str
) -> None:
    sandbox = start(spec)
    answer = sandbox.http.post(CONTACTS, json=ANN)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, retry_after)
    assert answer.headers["Content-Type"].startswith(kind)
    assert [(w["status"], w["applied"]) for w in sandbox.received()] == [(status, False)]
    assert sandbox.server.sandbox.store.counts()["contacts"] == 0


@pytest.mark.parametrize(
    ("spec", "written"),
    [("reset:1", 0), ("hang:1:100ms", 0), ("reset_after_write:1", 1), ("truncated:1", 1)],
)
def test_a_broken_connection_leaves_the_caller_in_the_dark(
    start: Callable[..., Running], spec: str, written: int
) -> None:
    sandbox = start(spec)
    with pytest.raises(httpx.TransportError):
        sandbox.http.post(CONTACTS, json=ANN)
    assert sandbox.server.sandbox.store.counts()["contacts"] == written
    assert [w["applied"] for w in sandbox.received()] == [bool(written)]


def test_reset_after_write_spares_the_reads_and_can_be_switched_off(start: Callable[..., Running]) -> None:
    sandbox = start("reset_after_write:1")
    assert sandbox.http.get(CONTACTS).status_code == 200
    bad = sandbox.http.post("/_sandbox/faults", json={"faults": "418:1"})
    assert (bad.status_code, "418:1" in bad.json()["message"]) == (400, True)
    assert sandbox.http.post("/_sandbox/faults", json={"faults": ""}).json() == {"faults": ""}
    assert sandbox.http.post(CONTACTS, json=ANN).status_code == 201


def test_slow_is_late_but_done(start: Callable[..., Running]) -> None:
    sandbox = start("slow:1:300ms")
    began = time.monotonic()
    assert sandbox.http.post(CONTACTS, json=ANN).status_code == 201
    assert time.monotonic() - began >= 0.3


def test_a_clock_that_is_off_is_off_everywhere(start: Callable[..., Running]) -> None:
    made = start("clock=-10m").http.post(CONTACTS, json=ANN)
    expected = time.time() - 600
    for told in (
        parsedate_to_datetime(made.headers["Date"]),
        datetime.fromisoformat(made.json()["createdAt"]),
    ):
        assert told.timestamp() == pytest.approx(expected, abs=60)


def test_faults_of_webhooks_have_shares_of_their_own() -> None:
    faults = parse("500:1,hook_twice:0.5,hook_late:1:2s,seed=7")
    struck = [faults.twice(n) for n in range(2000)]
    assert struck == [parse("hook_twice:0.5,seed=7").twice(n) for n in range(2000)]
    assert struck.count(True) == pytest.approx(1000, rel=0.1)
    assert (faults.late(1), faults.shuffled(1)) == (2.0, False)


def test_the_search_is_behind_the_contacts_when_told_so(start: Callable[..., Running]) -> None:
    sandbox = start("lag=60s")
    ann = sandbox.create(email="ann@acme.example")
    assert sandbox.search()["total"] == 0
    assert sandbox.http.get(f"{CONTACTS}/{ann}").status_code == 200
