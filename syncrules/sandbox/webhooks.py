"""Webhooks: up to a hundred events a request, signed as HubSpot signs (v3), tried again until they are taken.

HubSpot waits five seconds for an answer and tries ten more times within a day; here the tries follow each other
within minutes, because somebody sits and watches. Only this machine is called.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import ipaddress
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlsplit

from .clock import Clock
from .faults import Faults
from .storage import Store

BATCH = 100
SENDERS = 3
TIMEOUT = 5.0
RETRIES = 10
LONGEST_PAUSE_MS = 60_000
DEFAULT_SECRET = "sandbox-webhook-secret"  # noqa: S105 - only this machine is called


@dataclass(frozen=True)
class Target:
    """Where the events go, and the secret that signs them."""

    url: str
    secret: str = field(default=DEFAULT_SECRET, repr=False)


def target_from(url: str, secret: str) -> Target | None:
    """The target of an address on this machine; None for "" (ValueError for any other)."""
    if not url:
        return None
    parts = urlsplit(url)
    try:
        near = parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
        near = near and (parts.port or 80) > 0
    except ValueError:
        near = False
    if parts.scheme != "http" or not near:
        raise ValueError(
            f'Webhooks go to this machine only, such as http://127.0.0.1:8000/hooks/sandbox; not to "{url}".'
        )
    return Target(url, secret or DEFAULT_SECRET)


def signature(secret: str, url: str, body: bytes, stamp: int) -> str:
    """HubSpot's v3 signature of a POST; some characters of the address are signed as they are, however written."""
    for plain in ":/?@!$'()*,;":
        url = url.replace(f"%{ord(plain):02X}", plain).replace(f"%{ord(plain):02x}", plain)
    signed = b"POST" + url.encode() + body + str(stamp).encode()
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


class Webhooks:
    """Sends the stored events from threads of its own."""

    def __init__(self, target: Target, store: Store, clock: Callable[[], Clock], faults: Callable[[], Faults]) -> None:
        self._target, self._store, self._clock, self._faults = target, store, clock, faults
        self._news, self._lock = threading.Condition(), threading.Lock()
        self._busy: set[int] = set()
        self._stopped = False
        self.taken = self.failed = self.dropped = 0
        store.tells = True

    def start(self) -> None:
        """Begin to send."""
        for _ in range(SENDERS):
            threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        """Send nothing more; what was not taken stays stored."""
        with self._news:
            self._stopped = True
            self._news.notify_all()

    def wake(self) -> None:
        """There may be new events."""
        with self._news:
            self._news.notify()

    def figures(self) -> dict[str, int]:
        """How many requests were taken and failed, how many events wait and were given up."""
        waiting = self._store.query("SELECT count(*) FROM events")[0][0]
        return {"taken": self.taken, "failed": self.failed, "waiting": waiting, "dropped": self.dropped}

    def _run(self) -> None:
        while not self._stopped:
            try:
                events = self._take()
                if events:
                    self._deliver(events)
                    continue
            except Exception:
                if self._stopped:  # the store was closed under our hands
                    return
                raise
            with self._news:
                self._news.wait(0.05 if self._busy else 0.25)

    def _take(self) -> list[tuple[int, dict[str, Any], int]]:
        """Events that are due and in nobody's hands, the oldest first, as far as the faults let them go."""
        now = time.time() * 1000
        with self._lock:
            rows = self._store.query(
                "SELECT id, body, attempt FROM events WHERE due_ms <= ? ORDER BY id LIMIT ?",
                (now, BATCH * (SENDERS + 1)),
            )
            free = [row for row in rows if row[0] not in self._busy][:BATCH]
            self._busy |= {row[0] for row in free}
        events = [(number, json.loads(body), attempt) for number, body, attempt in free]
        late = {n: s for n, _, attempt in events if not attempt and (s := self._faults().late(n))}
        self._settle([], {n: (0, now + s * 1000) for n, s in late.items()}, note_late=True)
        return [event for event in events if event[0] not in late]

    def _deliver(self, events: list[tuple[int, dict[str, Any], int]]) -> None:
        faults = self._faults()
        bodies = [body | {"eventId": number, "attemptNumber": max(attempt, 0)} for number, body, attempt in events]
        bodies += [dict(b) for b in bodies if faults.twice(b["eventId"])]
        if faults.shuffled(events[0][0]):
            Random(f"{faults.seed}:{events[0][0]}").shuffle(bodies)  # noqa: S311 - replayable, not secret
        if self._post(bodies):
            self.taken += 1
            self._settle([number for number, _, _ in events], {})
        else:
            self.failed += 1
            self._again(events)

    def _again(self, events: list[tuple[int, dict[str, Any], int]]) -> None:
        now = time.time() * 1000
        tried = {number: max(attempt, 0) + 1 for number, _, attempt in events}
        over = [number for number, attempt in tried.items() if attempt > RETRIES]
        self.dropped += len(over)
        pause = {number: min(LONGEST_PAUSE_MS, 250 * 2**attempt) for number, attempt in tried.items()}
        self._settle(over, {n: (a, now + pause[n]) for n, a in tried.items() if a <= RETRIES})

    def _settle(self, done: list[int], again: dict[int, tuple[int, float]], *, note_late: bool = False) -> None:
        """Forget what is done, put off what is not, and let go of both. An event is late only once (attempt -1)."""
        with self._store.transaction():
            for number in done:
                self._store.execute("DELETE FROM events WHERE id = ?", (number,))
            for number, (attempt, due) in again.items():
                values = (-1 if note_late else attempt, int(due), number)
                self._store.execute("UPDATE events SET attempt = ?, due_ms = ? WHERE id = ?", values)
        with self._lock:
            self._busy -= {*done, *again}

    def _post(self, bodies: list[dict[str, Any]]) -> bool:
        """Send; whether it was taken."""
        raw, stamp, parts = json.dumps(bodies).encode(), self._clock().now_ms(), urlsplit(self._target.url)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "HubSpot Connect 2.0 (CRM Hub sandbox)",
            "X-HubSpot-Request-Timestamp": str(stamp),
            "X-HubSpot-Signature-v3": signature(self._target.secret, self._target.url, raw, stamp),
            "X-HubSpot-Signature": hashlib.sha256(self._target.secret.encode() + raw).hexdigest(),
            "X-HubSpot-Signature-Version": "v1",
        }
        line = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT)
        try:
            line.request("POST", parts.path + (f"?{parts.query}" if parts.query else ""), raw, headers)
            return 200 <= line.getresponse().status < 300
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()
