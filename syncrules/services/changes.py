"""What people change of a connection: noted once for good, and told in words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contacts.domain.blanks import clean
from contacts.services import bulk
from syncrules.domain import threshold as pure
from syncrules.domain.worksheet import FieldType
from syncrules.models import Connection, ConnectionChange

What = ConnectionChange.What
#: The longest reason that is kept.
LONGEST = 2000
#: Changes on the page.
SHOWN = 100


class NeedsReason(ValueError):
    """What is at work is only changed with a reason."""


class Stale(Exception):
    """Somebody else changed it since the page was opened; ``by`` and ``at`` say who and when."""

    def __init__(self, by: str, at: datetime | None) -> None:
        super().__init__(f"{by or 'Somebody'} changed this meanwhile.")
        self.by, self.at = by, at


@dataclass(frozen=True)
class Line:
    """One change as the page shows it; ``parts`` are label, before and after."""

    change: ConnectionChange
    parts: list[tuple[str, str, str]]


def mark(value: Any) -> str:
    """A short sign of a value: two that differ have different signs."""
    return hashlib.blake2b(bulk.as_json(_sorted(value)).encode(), digest_size=9).hexdigest()


def reason_for(connection: Connection, text: str) -> str:
    """The reason as it is kept. A connection that was turned on wants one (``NeedsReason``)."""
    reason = clean(text)[:LONGEST]
    if not reason and connection.state != Connection.State.DRAFT:
        raise NeedsReason(f"{connection.name} is {connection.get_state_display()}: write why this changes.")
    return reason


def note(
    connection: Connection, what: str, before: Any, after: Any, by: str, reason: str, at: datetime
) -> ConnectionChange:
    """Keep a change; in the transaction that makes it."""
    return ConnectionChange.objects.create(
        connection=connection, what=what, before=before, after=after, by=by[:200], reason=reason, at=at
    )


def stale(connection: Connection, what: str) -> Stale:
    """Who changed this last, for somebody who was too late."""
    last = connection.changes.filter(what=what).order_by("-pk").first()
    return Stale(last.by if last else "", last.at if last else None)


def lines(
    connection: Connection, fields: Mapping[str, FieldType], labels: Mapping[str, str], before: int | None = None
) -> tuple[list[Line], int | None]:
    """The newest changes in words, and where older ones begin; one query. ``labels`` are the settings' names."""
    found = connection.changes.order_by("-pk")
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found[: SHOWN + 1])
    shown = rows[:SHOWN]
    return [Line(c, _parts(c, fields, labels)) for c in shown], shown[-1].pk if len(rows) > SHOWN else None


def _parts(
    change: ConnectionChange, fields: Mapping[str, FieldType], labels: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    if change.what in (What.TAKES_PART, What.QUALIFIES):
        return [("", *(threshold_words(tree, fields) for tree in (change.before, change.after)))]
    names = [*change.before, *(n for n in change.after if n not in change.before)]
    return [(labels.get(n, n), _text(change.before.get(n)), _text(change.after.get(n))) for n in names]


def threshold_words(tree: Any, fields: Mapping[str, FieldType]) -> str:
    return pure.compile(tree, fields).words or "everybody"


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


def _sorted(value: Any) -> Any:
    """Alike values alike, in whatever order a database gives the keys of objects back."""
    if isinstance(value, Mapping):
        return [[key, _sorted(value[key])] for key in sorted(value)]
    return [_sorted(v) for v in value] if isinstance(value, list) else value
