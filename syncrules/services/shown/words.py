"""Spans and moments as people read them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

MINUTE, HOUR, DAY = 60, 3600, 86_400
#: Longer spans than these are told in the next larger unit.
IN_MINUTES, IN_HOURS = 100, 48


def span(length: timedelta | float) -> str:
    """ "1.4 s", "48 min", "31 h", "12 days"; the argument is seconds where it is a number."""
    seconds = max(0.0, length.total_seconds() if isinstance(length, timedelta) else length)
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < IN_MINUTES:
        return f"{seconds:.0f} s"
    if seconds < IN_MINUTES * MINUTE:
        return f"{seconds / MINUTE:.0f} min"
    if seconds < IN_HOURS * HOUR:
        return f"{seconds / HOUR:.0f} h"
    return f"{seconds / DAY:.0f} days"


def ago(at: datetime | None, now: datetime) -> str:
    """ "just now", "40 s ago"; "" for never."""
    if at is None:
        return ""
    seconds = round((now - at).total_seconds())
    return "just now" if seconds < 1 else f"{seconds} s ago" if seconds < IN_MINUTES else f"{span(seconds)} ago"


def clock(at: datetime | None, now: datetime, *, seconds: bool = False) -> str:
    """The time on the same day, with the day before it otherwise; "" for never."""
    if at is None:
        return ""
    local, today = timezone.localtime(at), timezone.localdate(now)
    time = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return time if local.date() == today else f"{local.day} {local:%B}, {time}"


def many(count: int, one: str, more: str = "") -> str:
    """ "1 change", "1,204 changes"."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"
