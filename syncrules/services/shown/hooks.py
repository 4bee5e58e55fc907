"""What a MAP told by webhook: how it goes, and the events one by one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, Sum

from syncrules.models import Connection, Hook
from syncrules.services.shown.words import ago, span

DAY = timedelta(days=1)
PAGE = 50
ODD = Q(other_body__isnull=False) | ~Q(error="")
HAPPENINGS = {
    "created": "made there", "changed": "changed", "deleted": "deleted there", "restored": "restored there",
    "merged": "merged there", "other": "something the hub doesn’t follow",
}  # fmt: skip


@dataclass(frozen=True)
class Summary:
    """The last 24 hours of a connection's webhook."""

    events: int
    again: int  # deliveries that brought an event we had
    odd: int
    last: str  # how long ago the last one came


@dataclass(frozen=True)
class Line:
    """One event."""

    hook: Hook
    words: str
    took: str

    @property
    def first(self) -> str:
        """Its content as it came first."""
        return _pretty(self.hook.body)

    @property
    def later(self) -> str:
        """The other content that came under the same key."""
        return _pretty(self.hook.other_body)


def _pretty(said: Any) -> str:
    return json.dumps(said, indent=2, ensure_ascii=False, sort_keys=True)


def summary(connection: Connection, now: datetime) -> Summary:
    """How the webhook went lately; one query."""
    found = Hook.objects.filter(connection=connection, received_at__gte=now - DAY).aggregate(
        n=Count("pk"), times=Sum("times"), odd=Count("pk", filter=ODD), last=Max("received_at")
    )
    return Summary(found["n"], (found["times"] or 0) - found["n"], found["odd"], ago(found["last"], now))


def lines(connection: Connection, before: int | None, *, odd: bool) -> tuple[Sequence[Line], int | None]:
    """The newest events, or those before an id; the id to go on from, None at the end. One query."""
    rows = Hook.objects.filter(connection=connection).order_by("-id")
    rows = rows.filter(ODD) if odd else rows
    rows = rows.filter(pk__lt=before) if before else rows
    found = list(rows[: PAGE + 1])
    shown = [Line(h, HAPPENINGS.get(h.happening, h.happening), _took(h)) for h in found[:PAGE]]
    return shown, found[PAGE - 1].pk if len(found) > PAGE else None


def _took(hook: Hook) -> str:
    """How long it was on its way; a clock that is ahead of ours is said, not hidden."""
    took = hook.received_at - hook.happened_at
    return f"{span(-took)} ahead of our clock" if took < -timedelta(seconds=5) else span(took)
