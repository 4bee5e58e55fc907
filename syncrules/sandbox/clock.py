"""Time as the sandbox sees it: whole milliseconds, and possibly off, as a MAP's clock can be."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """The sandbox's clock; ``offset`` seconds from ours (``--faults clock=+90s``)."""

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return int((time.time() + self.offset) * 1000)


def iso(ms: int) -> str:
    """HubSpot's spelling of a moment: ``2026-11-02T09:30:00.000Z``."""
    moment = _EPOCH + timedelta(milliseconds=ms)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def parse_ms(text: str) -> int:
    """A moment as HubSpot takes it, ISO 8601 or epoch milliseconds; ValueError when it is neither."""
    text = text.strip()
    if text.lstrip("-").isdecimal() and text.isascii():
        ms = int(text)
    else:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        ms = (moment - _EPOCH) // timedelta(milliseconds=1)
    if not -62135596800000 <= ms <= 253402300799999:
        raise ValueError("out of the calendar")
    return ms
