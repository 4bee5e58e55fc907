"""Webhooks: signed as HubSpot signs, tried again until taken, and as unruly as told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from syncrules.connectors.base import Event, Happening
from syncrules.sandbox.app import Sandbox
from syncrules.sandbox.faults import parse
from syncrules.sandbox.limits import Limits
from syncrules.sandbox.server import SandboxServer
from syncrules.sandbox.webhooks import Target, target_from
from tests.patience import comes_to_an_end
from tests.syncrules.connectors.answering import Answering, Asked, Said, Server, serving
from tests.syncrules.connectors.benches import SECRET, hubspot

from .conftest import CONTACTS, TOKEN, Running


class Told:
    """A sandbox that tells a listener, and what was told."""

    def __init__(self, running: Running, listener: Server, url: str) -> None:
        self.running, self.listener, self.url = running, listener, url

    def requests(self) -> list[Asked]:
        """Every request that came, once nothing waits any more."""
        with comes_to_an_end():
            while self.running.http.get("/_sandbox/webhooks").json()["waiting"]:
                time.sleep(0.02)
        return self.listener.asked

    def events(self) -> list[Event]:
        """Every event that came, each request verified by the connector."""
        connector, found = hubspot("http://127.0.0.1:9"), []
        for request in self.requests():
            found += connector.verify_webhook("POST", self.url, request.headers, request.body, datetime.now(UTC))
        return found


@pytest.fixture
def telling() -> Iterator[Callable[..., Told]]:
    """Start a sandbox that tells of its changes, and somebody who listens."""
    open_blocks = []

    def _start(faults: str = "", answer: Answering = lambda _: Said()) -> Told:
        block = serving(answer)
        listener = block.__enter__()
        url = f"{listener.url}/hooks/map?via=a%2Fb"
        sandbox = Sandbox(TOKEN, faults=parse(faults), limits=Limits(0), target=Target(url, SECRET))
        server = SandboxServer(("127.0.0.1", 0), sandbox)
        thread = threading.Thread(target=server.run, args=(0.01,), daemon=True)
        thread.start()
        client = httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False)
        open_blocks.append((client, server, thread, block))
        return Told(Running(server, client), listener, url)

    yield _start
    for client, server, thread, block in open_blocks:
        client.close()
        server.stop()
        thread.join(5)
        block.__exit__(None, None, None)


def _plain(events: list[Event]) -> list[tuple[Happening, str, str, str]]:
    return [(e.happening, e.record, e.property, e.value) for e in events]


def test_everything_that_happens_is_told_signed_and_in_words_of_hubspot(telling: Callable[..., Told]) -> None:
    told = telling()
    running = told.running
    ann, anna = running.create(email="ann@acme.example", firstname="Ann"), running.create(email="anna@acme.example")
    running.http.patch(f"{CONTACTS}/{ann}", json={"properties": {"firstname": "Ann"}})  # no change, no event
    running.http.patch(f"{CONTACTS}/{ann}", json={"properties": {"firstname": ""}})
    running.http.post("/communication-preferences/v4/statuses/ann@acme.example/unsubscribe-all")
    running.http.post(f"{CONTACTS}/merge", json={"primaryObjectId": ann, "objectIdToMerge": anna})
    running.http.post(f"{CONTACTS}/gdpr-delete", json={"objectId": "ann@acme.example", "idProperty": "email"})
    bob = running.create(email="bob@acme.example")
    running.http.delete(f"{CONTACTS}/{bob}")
    events = told.events()
    assert {
        (Happening.CREATED, ann, "", ""),
        (Happening.CHANGED, ann, "email", "ann@acme.example"),
        (Happening.CHANGED, ann, "firstname", "Ann"),
        (Happening.CHANGED, ann, "firstname", ""),
    } <= set(_plain(events))  # in any order: a delivery may overtake another
    assert (Happening.CHANGED, ann, "hs_email_optout", "true") in _plain(events)
    assert [e.merged for e in events if e.happening is Happening.MERGED] == [(anna,)]
    assert {e.record for e in events if e.happening is Happening.DELETED} == {ann, bob}
    assert len({e.key for e in events}) == len(events)
    assert {e.source for e in events} == {"INTEGRATION"}


def test_what_was_not_taken_is_told_again_until_it_is(telling: Callable[..., Told]) -> None:
    answers = iter([500, 404] + [200] * 100)
    told = telling(answer=lambda _: Said(next(answers)))
    ann = told.running.create(email="ann@acme.example")
    bodies = [json.loads(request.body) for request in told.requests()]
    created = [e for body in bodies for e in body if e["subscriptionType"] == "contact.creation"]
    assert len(created) >= 2
    assert {e["objectId"] for e in created} == {int(ann)}
    assert [e["attemptNumber"] for e in created] == list(range(len(created)))
    assert len({e.key for e in told.events()}) == 2  # the creation and the address


def test_a_write_that_was_rolled_back_is_not_told(telling: Callable[..., Told]) -> None:
    told = telling()
    told.running.create(email="ann@acme.example")
    refused = told.running.http.post(CONTACTS, json={"properties": {"email": "ANN@acme.example"}})
    assert refused.status_code == 409
    assert len(told.events()) == 2


def test_a_hundred_events_go_in_one_request_at_most(telling: Callable[..., Told]) -> None:
    told = telling()
    inputs = [{"properties": {"email": f"p{n}@acme.example", "firstname": "A"}} for n in range(100)]
    told.running.http.post(f"{CONTACTS}/batch/create", json={"inputs": inputs})
    sizes = [len(json.loads(request.body)) for request in told.requests()]
    assert sum(sizes) == 300
    assert max(sizes) <= 100


def test_events_come_twice_late_and_in_another_order_when_told_so(telling: Callable[..., Told]) -> None:
    told = telling("hook_twice:1,hook_late:0.5:300ms,hook_shuffle:1,seed=4")
    for n in range(10):
        told.running.create(email=f"p{n}@acme.example")
    events = told.events()
    keys = [e.key for e in events]
    assert len(keys) == 2 * len(set(keys)) == 40
    occurred = [e.at for e in events]
    assert occurred != sorted(occurred)


def test_a_change_by_hand_is_told_as_such(telling: Callable[..., Told]) -> None:
    told = telling()
    page = told.running.http.get("/").text
    key = page.partition('name="key" value="')[2].partition('"')[0]
    told.running.http.post("/contacts", data={"key": key, "email": "ann@acme.example"})
    assert {e.source for e in told.events()} == {"CRM_UI"}


@pytest.mark.parametrize(
    "url", ["http://example.com/hooks", "https://127.0.0.1/x", "ftp://127.0.0.1/", "http://10.0.0.1/", "http:///x", "x",
            "http://127.0.0.1:0x50/", "http://169.254.169.254/"],
)  # fmt: skip
def test_only_this_machine_is_told(url: str) -> None:
    with pytest.raises(ValueError, match="this machine only"):
        target_from(url, "")
    assert target_from("", "") is None
    assert target_from("http://127.0.0.1:8000/hooks/sandbox", "")
