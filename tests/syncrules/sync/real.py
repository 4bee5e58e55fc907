"""The same kit with the sandbox MAP and the connector that talks to HubSpot, over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from syncrules.connectors.base import Record
from syncrules.connectors.memory.values import NotTaken
from syncrules.sandbox.app import Sandbox
from syncrules.sandbox.faults import Faults, parse
from syncrules.sandbox.limits import Limits
from syncrules.sandbox.server import SandboxServer
from syncrules.sandbox.storage import Store
from syncrules.sandbox.webhooks import Target
from syncrules.services.catalogue import refresh
from tests.syncrules.connectors.benches import SECRET, TOKEN, hubspot
from tests.syncrules.sync.faults import Faulty
from tests.syncrules.sync.kit import Both
from tests.syncrules.syncing import ROWS, STAGE_MAP, START, connect, force

#: The kit's names for properties and stages to HubSpot's.
NAMES = {
    "title": "jobtitle", "firm": "company", "score": "hubspotscore", "stage": "lifecyclestage",
    "optout": "hs_email_optout",
}  # fmt: skip
STAGES = {
    "lead": "subscriber", "mql": "marketingqualifiedlead", "sql": "86110001", "working": "86110002",
    "customer": "customer", "unsubscribed": "86110004",
}  # fmt: skip
CONTACTS, PREFERENCES = "/crm/v3/objects/contacts", "/communication-preferences/v4/statuses"


class Hands:
    """What the sandbox's own users do; no fault befalls them."""

    behind = 0

    def __init__(self, server: SandboxServer) -> None:
        self._sandbox = server.sandbox
        self._http = httpx.Client(
            base_url=server.url, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False, timeout=10
        )

    def create(self, **values: str) -> str:
        told = _theirs(values)
        ident = self._call("POST", CONTACTS, {"properties": told})["id"]
        self._opt(ident, values)
        return ident

    def edit(self, ident: str, **values: str) -> None:
        if told := _theirs(values):
            self._call("PATCH", f"{CONTACTS}/{ident}", {"properties": told})
        self._opt(ident, values)

    def remove(self, ident: str) -> None:
        self._call("DELETE", f"{CONTACTS}/{ident}")

    def join(self, primary: str, other: str) -> str:
        return self._call("POST", f"{CONTACTS}/merge", {"primaryObjectId": primary, "objectIdToMerge": other})["id"]

    def everybody(self) -> Mapping[str, Record]:
        names = ",".join(["email", "firstname", "lastname", "phone", *NAMES.values()])
        found = self._call("GET", f"{CONTACTS}?limit=100&properties={names}")["results"]
        return {row["id"]: Record(row["id"], _ours(row["properties"])) for row in found}

    def _opt(self, ident: str, values: Mapping[str, str]) -> None:
        address = self.everybody()[ident].values.get("email")
        if values.get("optout") == "true" and address:
            self._call("POST", f"{PREFERENCES}/{address}/unsubscribe-all?channel=EMAIL")

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        faults, self._sandbox.faults = self._sandbox.faults, Faults()
        try:
            answer = self._http.request(method, path, json=body)
        finally:
            self._sandbox.faults = faults
        if answer.is_client_error:
            raise NotTaken(answer.text)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def _theirs(values: Mapping[str, str]) -> dict[str, str]:
    return {
        NAMES.get(name, name): STAGES.get(text, text) if name == "stage" else text
        for name, text in values.items()
        if name != "optout"
    }


def _ours(values: Mapping[str, str | None]) -> dict[str, str]:
    names, stages = {n: own for own, n in NAMES.items()}, {s: own for own, s in STAGES.items()}
    told = {names.get(name, name): text for name, text in values.items() if text}
    return told | ({"stage": stages.get(told["stage"], told["stage"])} if "stage" in told else {})


@contextmanager
def sandbox(faults: str = "", *, limit: int = 0, tells: str = "", store: Path | None = None) -> Iterator[SandboxServer]:
    """A sandbox in threads of this process; ``tells`` is where its webhooks go."""
    target = Target(tells, SECRET) if tells else None
    made = Sandbox(TOKEN, Store(store or ":memory:"), parse(faults), Limits(limit), target=target)
    server = SandboxServer(("127.0.0.1", 0), made)
    thread = threading.Thread(target=server.run, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(10)


def real(server: SandboxServer, **settings: Any) -> Both:
    """A live connection with the kit's worksheet in force, to this sandbox."""
    stages = {"value_map": [[STAGES[there], here] for there, here in STAGE_MAP]}
    rows = [(h, NAMES.get(m, m), d, r, *([stages] if h == "lifecycle_stage" else [])) for h, m, d, r in ROWS]
    world = connect()
    connector = hubspot(server.url, **settings)
    refresh(world.connection, connector, START)
    force(world.connection, rows, START)
    return Both(world, Hands(server), Faulty(connector))  # type: ignore[arg-type]
