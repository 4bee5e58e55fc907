"""The log of received writes: what a test reads to see what really reached the MAP."""

from __future__ import annotations

import json
import threading
from collections import deque
from typing import Any

from .clock import iso
from .wire import Request

KEPT = 10_000
KEPT_BYTES = 64 * 1024 * 1024


class WriteLog:
    """The last writes in memory, and how many requests there were in all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget what was received; numbers start again."""
        with self._lock:
            self.requests = self.writes = self._bytes = 0
            self._entries: deque[tuple[dict[str, Any], bytes]] = deque()

    def count(self) -> int:
        """The number of one more API request, which is also its place in the row of faults."""
        with self._lock:
            self.requests += 1
            return self.requests

    def write(self, number: int, request: Request, now: int) -> dict[str, Any]:
        """Note a write on arrival.

        What became of it is filled in later: ``applied`` when the transaction is committed, ``status``
        as it was or would have been answered (a fault may still cut the answer off).
        """
        entry = {
            "number": number,
            "at": iso(now),
            "method": request.method,
            "path": request.target,
            "fault": None,
            "status": None,
            "applied": False,
        }
        with self._lock:
            self.writes += 1
            self._bytes += len(request.raw)
            self._entries.append((entry, request.raw))
            while len(self._entries) > KEPT or self._bytes > KEPT_BYTES:
                self._bytes -= len(self._entries.popleft()[1])
        return entry

    def since(self, number: int) -> dict[str, Any]:
        """Writes after that request number, oldest first."""
        with self._lock:
            totals = {"requests": self.requests, "writes": self.writes}
            found = [(dict(entry), raw) for entry, raw in self._entries if entry["number"] > number]
        return totals | {"results": [entry | {"body": _readable(raw)} for entry, raw in found]}


def _readable(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except (ValueError, RecursionError):
        return raw[:1000].decode("utf-8", "replace")
