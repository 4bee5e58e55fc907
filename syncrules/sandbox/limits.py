"""HubSpot's limits: requests in a rolling ten seconds, searches in a second, requests in a day.

Figures from HubSpot's usage guidelines: 190 in ten seconds (Professional), 5 searches a second for
the account, 650,000 a day. Answers carry the X-HubSpot-RateLimit-* headers, but search answers
carry none, and the 429 has no Retry-After: a caller has to keep count itself.
"""

from __future__ import annotations

import threading
import time
from collections import deque

from .errors import ApiError

TEN_SECONDS = 190
SEARCHES = 5
DAILY = 650_000


class Limits:
    """Counts the requests of one account; ``ten_seconds=0`` imposes no limits and sends no headers."""

    def __init__(self, ten_seconds: int = TEN_SECONDS, searches: int = SEARCHES, daily: int = DAILY) -> None:
        self.ten_seconds, self.searches, self.daily = ten_seconds, searches, daily
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Start counting anew."""
        with self._lock:
            self._recent: deque[float] = deque()
            self._searched: deque[float] = deque()
            self._today = (self._day(), 0)

    def admit(self, *, search: bool) -> dict[str, str]:
        """Count one request and return its headers; ApiError 429 when it is one too many."""
        if not self.ten_seconds:
            return {}
        with self._lock:
            now = time.monotonic()
            _forget(self._recent, now - 10)
            _forget(self._searched, now - 1)
            self._today = self._today if self._today[0] == self._day() else (self._day(), 0)
            self._refuse(search)
            self._recent.append(now)
            if search:
                self._searched.append(now)
            self._today = (self._today[0], self._today[1] + 1)
            return {} if search else self._headers()

    def _refuse(self, search: bool) -> None:
        if self._today[1] >= self.daily:
            raise too_many("DAILY")
        if len(self._recent) >= self.ten_seconds:
            raise too_many("TEN_SECONDLY_ROLLING")
        if search and len(self._searched) >= self.searches:
            raise too_many("SECONDLY")

    def _headers(self) -> dict[str, str]:
        remaining = self.ten_seconds - len(self._recent)
        return {
            "X-HubSpot-RateLimit-Daily": str(self.daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(self.daily - self._today[1]),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Max": str(self.ten_seconds),
            "X-HubSpot-RateLimit-Remaining": str(remaining),
        }

    @staticmethod
    def _day() -> int:
        return int(time.time() // 86400)


def too_many(policy: str) -> ApiError:
    """HubSpot's 429, which names the limit that was hit."""
    return ApiError(
        429,
        f"You have reached your {policy.lower()} limit.",
        "RATE_LIMITS",
        extra={"errorType": "RATE_LIMIT", "policyName": policy},
    )


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()
