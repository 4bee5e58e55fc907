"""What a MAP serves to a client that does nothing else: records made, and read again."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

BATCH, LINES = 100, 2
CONTACTS = "/crm/v3/objects/contacts"
HEADERS = {"Authorization": "Bearer sandbox-token", "Content-Type": "application/json"}


def make(port: int, records: Sequence[Mapping[str, str]]) -> float:
    """Seconds to make these records in batches, over two lines at once. The bodies are made before."""
    bodies = [_body(records[start : start + BATCH]) for start in range(0, len(records), BATCH)]
    started = time.perf_counter()
    lines = [threading.Thread(target=_send, args=(port, bodies[n::LINES])) for n in range(LINES)]
    for line in lines:
        line.start()
    for line in lines:
        line.join()
    return time.perf_counter() - started


def read(port: int, names: Sequence[str]) -> float:
    """Seconds to read every record, page by page."""
    line, after, started = _line(port), "", time.perf_counter()
    while True:
        query = f"?limit={BATCH}&properties={','.join(names)}" + (f"&after={after}" if after else "")
        page = _ask(line, "GET", CONTACTS + query)
        after = page.get("paging", {}).get("next", {}).get("after", "")
        if not after:
            return time.perf_counter() - started


def _body(records: Sequence[Mapping[str, str]]) -> str:
    inputs = [{"id": r["email"], "idProperty": "email", "properties": dict(r)} for r in records]
    return json.dumps({"inputs": inputs})


def _send(port: int, bodies: Sequence[str]) -> None:
    line = _line(port)
    for body in bodies:
        _ask(line, "POST", f"{CONTACTS}/batch/upsert", body)


def _line(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=60)


def _ask(line: http.client.HTTPConnection, method: str, path: str, body: str | None = None) -> dict[str, Any]:
    line.request(method, path, body, HEADERS)
    answer = line.getresponse()
    data = json.loads(answer.read())
    if answer.status >= 300 or data.get("errors"):
        raise SystemExit(f"the sandbox answered {answer.status}: {str(data)[:500]}")
    return data
