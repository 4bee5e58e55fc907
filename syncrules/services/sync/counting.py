"""What a connection did, counted by the hour, in the transaction of the work where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Self

from django.db.models import F

from syncrules.models import SyncCount


@dataclass
class Counts:
    """Records; ``kept``, ``refused`` and ``conflicts`` are values of records, ``calls`` are calls to the MAP."""

    pulled: int = 0
    pushed: int = 0
    echoes: int = 0
    kept: int = 0
    refused: int = 0
    held: int = 0
    conflicts: int = 0
    errors: int = 0
    hooks: int = 0
    calls: int = 0

    def __iadd__(self, other: Counts) -> Self:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))
        return self

    def __bool__(self) -> bool:
        return any(asdict(self).values())

    def as_json(self) -> dict[str, int]:
        """Name to number, ready for a JSON column or the command line."""
        return asdict(self)


def note(connection_id: int, counts: Counts, at: datetime) -> None:
    """Add to the counts of the hour that ``at`` lies in. Last in a transaction: others wait for the hour's row.

    Calls are left out: whoever books them counts them, those that fail too (``note_calls``).
    """
    added = {name: number for name, number in asdict(counts).items() if number and name != "calls"}
    if added:
        _add(connection_id, added, at)


def note_calls(connection_id: int, number: int, at: datetime) -> None:
    """Count calls to the MAP that are booked; last in a transaction too."""
    _add(connection_id, {"calls": number}, at)


def _add(connection_id: int, numbers: Mapping[str, int], at: datetime) -> None:
    added = {name: F(name) + number for name, number in numbers.items()}
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    rows = SyncCount.objects.filter(connection_id=connection_id, hour=hour)
    if not rows.update(**added):
        SyncCount.objects.bulk_create([SyncCount(connection_id=connection_id, hour=hour)], ignore_conflicts=True)
        rows.update(**added)
