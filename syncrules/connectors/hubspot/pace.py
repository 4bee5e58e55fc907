"""How fast to call: the account's limits, what the answers say is left, and a wait that the MAP asked for.

HubSpot counts the calls of the last ten seconds, and searches of the last second for the whole account. Its answers
say what is left (not those of a search), and a 429 often says nothing: so own calls are counted too.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Protocol

from syncrules.connectors.base import Allowance
from syncrules.connectors.hubspot.settings import Settings

INTERVAL = 10.0
SEARCH_INTERVAL = 1.05  # a little over a second: calls arrive with a jitter


class Gate(Protocol):
    """What knows of the calls of other processes to the same account."""

    def take(self, *, search: bool) -> float:
        """Book a call; the seconds after which it has to be made."""

    def learn(self, most: int, seconds: float) -> None:
        """HubSpot allows so many calls in so many seconds."""

    def close(self, seconds: float) -> None:
        """HubSpot asked all callers to wait for so long."""


class Alone:
    """The gate of a process that shares its account with no other."""

    def take(self, *, search: bool) -> float:
        """At once."""
        return 0.0

    def learn(self, most: int, seconds: float) -> None:
        """Its own count learns by itself."""

    def close(self, seconds: float) -> None:
        """Nobody else has to know."""


class Pace:
    """Shared by the threads of one connection."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._calls: deque[float] = deque()
        self._searches: deque[float] = deque()
        self._closed_until = 0.0
        self.allowance = Allowance()

    def take(self, now: float, *, search: bool) -> float:
        """Book a call; 0.0 when it may go now, else the seconds after which to ask again."""
        with self._lock:
            interval = self.allowance.seconds or INTERVAL
            _forget(self._calls, now - interval)
            _forget(self._searches, now - SEARCH_INTERVAL)
            wait = max(self._closed_until - now, self._full(now, interval))
            if search and len(self._searches) >= self._settings.searches:
                wait = max(wait, self._searches[0] + SEARCH_INTERVAL - now)
            if wait > 0:
                return wait
            self._calls.append(now)
            if search:
                self._searches.append(now)
            return 0.0

    def _full(self, now: float, interval: float) -> float:
        """How long until the oldest call falls out of the count, when as many were made as this connection may."""
        most = max(1, int((self.allowance.most or self._settings.ten_seconds) * self._settings.share))
        return self._calls[-most] + interval - now if len(self._calls) >= most else 0.0

    def close(self, until: float) -> None:
        """No call before that time."""
        with self._lock:
            self._closed_until = max(self._closed_until, until)

    def closed(self, now: float) -> float:
        """Seconds until calls may be made again."""
        with self._lock:
            return max(0.0, self._closed_until - now)

    def learn(self, headers: Mapping[str, str], now: float) -> None:
        """Note the limits that an answer tells; where others leave too little, wait a tenth of the interval."""
        told = Allowance(
            most=_whole(headers, "x-hubspot-ratelimit-max"),
            left=_whole(headers, "x-hubspot-ratelimit-remaining"),
            seconds=(_whole(headers, "x-hubspot-ratelimit-interval-milliseconds") or 0) / 1000 or None,
            most_a_day=_whole(headers, "x-hubspot-ratelimit-daily"),
            left_today=_whole(headers, "x-hubspot-ratelimit-daily-remaining"),
        )
        if told.most is None or told.left is None:
            return
        self.allowance = told
        if told.left < told.most * (1 - self._settings.share) / 2:
            self.close(now + min((told.seconds or INTERVAL) / 10, 1.0))


def _whole(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else None


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()
