"""Pulling in tests: one pull, one look, what is open after it, and a MAP that can be made to behave oddly."""

from __future__ import annotations

from typing import Any

from syncrules.connectors.memory import MemoryMap
from syncrules.models import SyncError
from syncrules.services.sync import looking, polling
from syncrules.services.sync.counting import Counts
from tests.syncrules.sync.kit import Both


def pull(sides: Both, connector: Any = None) -> Counts:
    sides.connection.refresh_from_db()
    return polling.pull(sides.connection, connector or sides.map, sides.clock)


def look(sides: Both, connector: Any = None) -> Counts:
    return looking.drain(sides.connection, connector or sides.map, sides.clock)


def told(sides: Both) -> list[str]:
    """What the errors say that come from the MAP's side and are open."""
    rows = SyncError.objects.filter(connection=sides.connection, way="to-hub", solved_at=None)
    return list(rows.order_by("pk").values_list("cause", flat=True))


class Map:
    """A MAP whose pages are not as they should be; all else is as in the one behind it."""

    def __init__(self, behind: MemoryMap) -> None:
        self.behind = behind

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)
