"""Dates and times as exports write them. Unsure means None: a wrong day is worse than no day."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

#: No date is longer; also keeps the patterns away from hostile input.
_LONGEST = 60
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar", "feb february februar", "mar march märz mär mrz", "apr april", "may mai",
            "jun june juni", "jul july juli", "aug august", "sep sept september", "oct october okt oktober",
            "nov november", "dec december dez dezember",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_TIME = (
    r"(?:(?:\s*,\s*|\s+|T)(?:at\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|(?:UTC|GMT)?[+-]\d{2}:?\d{2})?(?:\s+Uhr)?"
)
_SHAPES = tuple(
    (kind, re.compile(pattern + _TIME, re.ASCII | re.IGNORECASE if kind == "iso" else re.IGNORECASE))
    for kind, pattern in (
        ("iso", r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"),
        ("iso", r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})"),
        ("dots", r"(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4}|\d{2})"),
        ("slashes", r"(?P<a>\d{1,2})(?P<sep>[/-])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4}|\d{2})"),
        ("words", r"(?P<name>[^\W\d]+)\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})"),
        ("words", r"(?P<d>\d{1,2})(?:st|nd|rd|th|\.)?[\s-]+(?P<name>[^\W\d]+)\.?,?[\s-]+(?P<y>\d{4})"),
    )
)


def parse_moment(text: str, *, day_first: bool | None = None) -> datetime | None:
    """The moment that ``text`` names, always aware (without a zone it counts as UTC), or None if unsure.

    ``day_first`` settles 03/04/2026; without it such a date is read only if one number is above 12, both
    are equal, or AM/PM says that it is American.
    """
    text = text.strip()
    if not 6 <= len(text) <= _LONGEST:
        return None
    for kind, shape in _SHAPES:
        found = shape.fullmatch(text)
        if found:
            return _moment(kind, found.groupdict(), day_first)
    return None


def shape_of_moment(text: str) -> str:
    """A few words for how a date is written, for the page that shows the matching; "" if it isn't one."""
    text = text.strip()
    if not 6 <= len(text) <= _LONGEST:
        return ""
    words = {"iso": "year-month-day", "dots": "day.month.year", "slashes": "a date", "words": "a date"}
    return next((words[kind] for kind, shape in _SHAPES if shape.fullmatch(text)), "")


def _moment(kind: str, parts: dict[str, str | None], day_first: bool | None) -> datetime | None:
    day = _day(kind, parts, day_first)
    clock = _clock(parts)
    if day is None or clock is None:
        return None
    try:
        return datetime(*day, *clock, tzinfo=_zone(parts["zone"]))
    except ValueError:
        return None


def _day(kind: str, parts: dict[str, str | None], day_first: bool | None) -> tuple[int, int, int] | None:
    """(year, month, day), or None when it is no date or could be two."""
    written = parts["y"] or ""
    year = int(written) + (2000 if len(written) == 2 else 0)
    if not 1900 <= year <= 2100:
        return None
    if kind == "words":
        month = _MONTHS.get((parts["name"] or "").lower())
        return (year, month, int(parts["d"] or 0)) if month else None
    if kind != "slashes":
        return year, int(parts["m"] or 0), int(parts["d"] or 0)
    first, second = int(parts["a"] or 0), int(parts["b"] or 0)
    american = _is_american(first, second, bool(parts["half"]), day_first)
    if american is None:
        return None
    return (year, first, second) if american else (year, second, first)


def _is_american(first: int, second: int, has_half: bool, day_first: bool | None) -> bool | None:
    """Whether first/second is month/day; None if nothing tells."""
    if first > 12 or second > 12:
        return first <= 12
    if day_first is not None:
        return not day_first
    return True if has_half or first == second else None


def _clock(parts: dict[str, str | None]) -> tuple[int, int, int] | None:
    hour, half = int(parts["hour"] or 0), (parts["half"] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return hour, int(parts["minute"] or 0), int(parts["second"] or 0)


def _zone(text: str | None) -> timezone:
    """The zone that was written; UTC if none was. Raises ``ValueError`` for +99:00."""
    written = (text or "").upper().removeprefix("UTC").removeprefix("GMT")
    if written in ("", "Z"):
        return UTC
    digits = written[1:].replace(":", "")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-ahead if written[0] == "-" else ahead)
