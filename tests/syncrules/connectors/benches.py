"""A MAP under test: its connector, and hands that do in it what its own users do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import httpx

from syncrules.connectors.base import Connector
from syncrules.connectors.hubspot import HubSpot, Settings, Timing
from syncrules.connectors.memory import MemoryMap
from syncrules.domain.worksheet import FieldType, Option

TOKEN, SECRET = "bench-token-6b1f", "bench-secret-77aa"
COMMAND = """
import sys
from django.conf import settings
settings.configure(VAR=sys.argv[1])
from syncrules.management.commands.sandbox_map import Command
Command().run_from_argv(["manage.py", "sandbox_map", *sys.argv[2:]])
"""


class Bench(Protocol):
    """What the conformance suite needs of a MAP. Values are by the hub's usual names: see ``names``."""

    connector: Connector
    names: Mapping[str, str]  # "email", "first", "last", "number" to the MAP's own names
    stages: tuple[str, str]  # an earlier and a later stage

    def create(self, **values: str) -> str:
        """A record made in the MAP; its id."""

    def edit(self, record: str, **values: str) -> None:
        """A record changed in the MAP."""

    def delete(self, record: str) -> None:
        """A record deleted in the MAP."""

    def merge(self, primary: str, other: str) -> None:
        """Two records made one in the MAP."""

    def unsubscribe(self, address: str) -> None:
        """A person opts out of everything."""

    def count(self) -> int:
        """How many records there are."""


@contextmanager
def sandbox_process(folder: Path, *options: str, **environment: str) -> Iterator[str]:
    """The sandbox MAP in a process of its own; its address."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SANDBOX_")}
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(folder), "--port", "0", "--json", "--empty", *options],
        cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True,
        env=clean | {"SANDBOX_TOKEN": TOKEN, "SANDBOX_WEBHOOK_SECRET": SECRET} | environment,
    )  # fmt: skip
    try:
        assert process.stdout
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.kill()
        process.communicate()


def hubspot(url: str, timing: Timing | None = None, **settings: object) -> HubSpot:
    """A connector for a sandbox at that address."""
    given = {"ten_seconds": 10_000, "searches": 10_000, "overlap": 0.0, "read_timeout": 5.0} | settings
    hosts = frozenset({"127.0.0.1"})
    return HubSpot(Settings(TOKEN, url, SECRET, hosts, **given), timing or patient())  # type: ignore[arg-type]


def patient(slept: list[float] | None = None) -> Timing:
    """Waits that take no time, and chance that is always in the middle."""
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds
        if slept is not None:
            slept.append(seconds)

    return Timing(clock=lambda: clock[0], sleep=sleep, chance=lambda: 0.5)


class SandboxBench:
    """HubSpot's connector before the sandbox MAP, and the sandbox's API as its users' hands."""

    names = {"email": "email", "first": "firstname", "last": "lastname", "number": "hubspotscore"}
    stages = ("lead", "customer")
    path = "/crm/v3/objects/contacts"

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False)
        self.http.post("/_sandbox/reset").raise_for_status()
        self.faults("")
        self.connector: Connector = hubspot(url)

    def faults(self, spec: str) -> None:
        """Misbehave from now on."""
        self.http.post("/_sandbox/faults", json={"faults": spec}).raise_for_status()

    def writes(self) -> list[dict]:
        """The writes that reached the sandbox."""
        return self.http.get("/_sandbox/requests").json()["results"]

    def create(self, **values: str) -> str:
        answer = self.http.post(self.path, json={"properties": self._own(values)})
        answer.raise_for_status()
        return answer.json()["id"]

    def edit(self, record: str, **values: str) -> None:
        self.http.patch(f"{self.path}/{record}", json={"properties": self._own(values)}).raise_for_status()

    def delete(self, record: str) -> None:
        self.http.delete(f"{self.path}/{record}").raise_for_status()

    def merge(self, primary: str, other: str) -> None:
        body = {"primaryObjectId": primary, "objectIdToMerge": other}
        self.http.post(f"{self.path}/merge", json=body).raise_for_status()

    def unsubscribe(self, address: str) -> None:
        path = f"/communication-preferences/v4/statuses/{address}/unsubscribe-all"
        self.http.post(path, params={"channel": "EMAIL"}).raise_for_status()

    def count(self) -> int:
        body = {"filterGroups": [], "sorts": [], "properties": [], "limit": 1, "after": "0"}
        return self.http.post(f"{self.path}/search", json=body).json()["total"]

    def _own(self, values: Mapping[str, str]) -> dict[str, str]:
        return {self.names.get(name, name): value for name, value in values.items()}


class MemoryBench:
    """A MAP in memory is its own connector."""

    names = {"email": "email", "first": "first", "last": "last", "number": "seats"}
    stages = ("lead", "customer")
    fields = (
        FieldType("email", "Email", "email", role="email"),
        FieldType("first", "First name", "text"),
        FieldType("last", "Last name", "text"),
        FieldType("seats", "Seats", "number"),
        FieldType("stage", "Stage", "stage", tuple(Option(s, s.title()) for s in stages), role="stage"),
        FieldType("optout", "Unsubscribed", "boolean", role="optout"),
    )

    def __init__(self, **options: bool) -> None:
        self.map = MemoryMap(self.fields, secret=SECRET, **options)  # type: ignore[arg-type]
        self.connector: Connector = self.map
        self.delete, self.merge, self.unsubscribe = self.map.remove, self.map.join, self.map.unsubscribe

    def create(self, **values: str) -> str:
        return self.map.create(**self._own(values))

    def edit(self, record: str, **values: str) -> None:
        self.map.edit(record, **self._own(values))

    def count(self) -> int:
        return len(self.map.everybody())

    def _own(self, values: Mapping[str, str]) -> dict[str, str]:
        return {self.names.get(name, name): value for name, value in values.items()}


def everything(read: Callable[[str], tuple[list, str, bool]], cursor: str = "", most: int = 10_000) -> tuple[list, str]:
    """All pages from a cursor on, and the cursor at the end."""
    found: list = []
    for _ in range(most):
        items, cursor, more = read(cursor)
        found += items
        if not more:
            return found, cursor
    raise AssertionError("the pages do not come to an end")


def pull(connector: Connector, cursor: str = "", limit: int = 100) -> tuple[list, str]:
    """All changes from a cursor on, and the cursor to go on from."""

    def page(at: str) -> tuple[list, str, bool]:
        got = connector.changes(at, limit)
        return list(got.records), got.cursor, got.more

    return everything(page, cursor)
