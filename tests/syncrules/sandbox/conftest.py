"""A real sandbox on a free port for each test, and a caller with its token."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest

from syncrules.sandbox.app import Sandbox
from syncrules.sandbox.faults import parse
from syncrules.sandbox.limits import Limits
from syncrules.sandbox.server import SandboxServer

TOKEN = "test-token"
CONTACTS = "/crm/v3/objects/contacts"


@dataclass
class Running:
    """A running sandbox and a client for it."""

    server: SandboxServer
    http: httpx.Client

    def create(self, **properties: str) -> str:
        """A contact's id."""
        answer = self.http.post(CONTACTS, json={"properties": properties})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def search(self, *filters: dict, **body: object) -> dict:
        """A search by one group of filters."""
        asked = {"filterGroups": [{"filters": list(filters)}] if filters else [], "sorts": [],
                 "properties": ["email"], "limit": 100, "after": "0"} | body  # fmt: skip
        answer = self.http.post(f"{CONTACTS}/search", json=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def received(self) -> list[dict]:
        """The writes that reached the sandbox."""
        return self.http.get("/_sandbox/requests").json()["results"]


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """Start sandboxes with faults and limits of the test's choice."""
    running: list[tuple[Running, threading.Thread]] = []

    def _start(faults: str = "", limits: Limits | None = None) -> Running:
        sandbox = Sandbox(TOKEN, faults=parse(faults), limits=limits or Limits(0))
        server = SandboxServer(("127.0.0.1", 0), sandbox)
        thread = threading.Thread(target=server.run, args=(0.01,), daemon=True)
        thread.start()
        headers = {"Authorization": f"Bearer {TOKEN}"}
        client = httpx.Client(base_url=server.url, headers=headers, timeout=5, trust_env=False)
        running.append((Running(server, client), thread))
        return running[-1][0]

    yield _start
    for sandbox, thread in running:
        sandbox.http.close()
        sandbox.server.stop()
        thread.join(5)
        assert not thread.is_alive()


@pytest.fixture
def sandbox(start: Callable[..., Running]) -> Running:
    """A well-behaved sandbox without limits."""
    return start()
