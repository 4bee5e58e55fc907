"""When to try again: exponential backoff with full jitter, and never before the MAP said."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

BASE, CAP = 0.5, 30.0
LONGEST = 24 * 3600.0


@dataclass(frozen=True)
class Timing:
    """Time, sleep and chance, as the client needs them; tests bring their own."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random


def backoff(tried: int, asked: float | None, timing: Timing) -> float:
    """Seconds to wait after the ``tried``-th try: any part of a span that doubles, on top of what was asked for."""
    span = float(min(CAP, BASE * 2 ** (tried - 1)))
    if asked is not None:
        return asked + timing.chance() * min(span, 1.0)
    return timing.chance() * span


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks for: a number, or a date, which is read by the answer's own Date."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        until, said = moment(text), moment(headers.get("date", ""))
        if until is None or said is None:
            return None
        seconds = (until - said).total_seconds()
    return min(max(seconds, 0.0), LONGEST) if seconds == seconds else None


def moment(text: str) -> datetime | None:
    """An HTTP date, or None."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
