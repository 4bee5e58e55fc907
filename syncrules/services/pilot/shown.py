"""A pilot as the go-live page shows it: who is in it, what is watched, and what taking it back would do."""

from __future__ import annotations

from dataclasses import dataclass

from syncrules.domain.pilot import MEASURES
from syncrules.models import Connection, Pilot
from syncrules.services.pilot import taking_back
from syncrules.services.pilot.starting import choices, newest
from syncrules.services.pilot.taking_back import Preview

__all__ = ["Bar", "Card", "card", "choices"]
Status = Pilot.Status


@dataclass(frozen=True)
class Bar:
    """One measure beside its limit."""

    label: str
    seen: int
    limit: int
    unit: str

    @property
    def over(self) -> bool:
        return self.seen > self.limit

    @property
    def percent(self) -> int:
        """How much of the limit is used up; a limit of none is either kept or broken."""
        return min(100, round(100 * self.seen / self.limit)) if self.limit else 100 * (self.seen > 0)


@dataclass(frozen=True)
class Card:
    """The newest pilot."""

    pilot: Pilot
    bars: list[Bar]
    preview: Preview | None

    @property
    def linked(self) -> int:
        return int(self.pilot.seen.get("linked", 0))

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.linked / self.pilot.size)) if self.pilot.size else 0

    @property
    def active(self) -> bool:
        return self.pilot.status in (Status.RUNNING, Status.TAKING_BACK)


def card(connection: Connection) -> Card | None:
    """The newest pilot; None where there was none."""
    pilot = newest(connection)
    if pilot is None:
        return None
    bars = [
        Bar(m.label, int(pilot.seen.get(m.slug, 0)), int(pilot.limits.get(m.slug, m.limit)), m.unit) for m in MEASURES
    ]
    can = pilot.status in (*taking_back.OVER, Status.RUNNING) and not taking_back.is_live(connection)
    return Card(pilot, bars, taking_back.preview(pilot) if can else None)
