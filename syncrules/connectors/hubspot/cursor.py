"""Where pulling goes on, as text that says what it means: ``since=…;began=…;after=…`` or ``all;began=…;after=…``.

HubSpot's search has no second sort, finds at most 10,000 records, and thousands can share one stamp. So a round asks
for all records changed at or after ``since``, in the order of their ids, each page beginning after the id that the
last one ended with: neither the 10,000 nor a shared stamp matters, and it ends, because ids do. What changes during a
round has a stamp after ``began``; the next round starts there, less the time that the search index lags behind.
The first round of all is ``all``, which lists instead of searching: lists are not limited to five calls a second.
Moments are HubSpot's, never ours: clocks differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from syncrules.connectors.trouble import BadCursor, Garbled

_FORM = re.compile(r"(?:all|since=(\d{1,15}))(?:;began=(\d{1,15}))?(?:;after=(\d{1,20}))?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: 1 January 2000. HubSpot is younger; an earlier moment is no moment of its.
OLDEST = 946_684_800_000
#: HubSpot's servers need not agree on the second; ``since`` is behind by the overlap, ``began`` is not.
_AHEAD = 60_000


@dataclass(frozen=True)
class Cursor:
    """Milliseconds since 1970 by HubSpot's clock. ``since`` is None while everything is listed."""

    since: int | None = None
    began: int | None = None
    after: str = ""

    def __str__(self) -> str:
        parts = ["all" if self.since is None else f"since={self.since}"]
        parts += [f"began={self.began}"] if self.began is not None else []
        parts += [f"after={self.after}"] if self.after else []
        return ";".join(parts)

    def check(self, now: int) -> None:
        """Refuse a cursor from HubSpot's future: records would be left out without a word."""
        ahead = max((self.since or 0), (self.began or 0) - _AHEAD) - now
        if ahead > 0:
            raise BadCursor(f"The cursor {self} is {timedelta(milliseconds=ahead)} ahead of HubSpot's clock.")


def parse(text: str) -> Cursor:
    """The cursor of a text; "" is the beginning (``BadCursor``)."""
    if not text:
        return Cursor()
    found = _FORM.fullmatch(text)
    if not found:
        raise BadCursor(f'"{text[:60]}" is no cursor of HubSpot\'s.')
    since, began, after = found.groups()
    cursor = Cursor(int(since) if since else None, int(began) if began else None, after or "")
    if any(at is not None and at < OLDEST for at in (cursor.since, cursor.began)):
        raise BadCursor(f"The cursor {cursor} is from before HubSpot's time.")
    return cursor


def milliseconds(moment: datetime) -> int:
    """Since 1970."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def stamp(text: str) -> int:
    """A moment as HubSpot writes it in answers (``Garbled``)."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Garbled(f'"{text[:60]}" in HubSpot\'s answer is no moment.') from None
    return milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
