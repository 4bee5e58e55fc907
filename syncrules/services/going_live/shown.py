"""What the go-live page shows: the way, what turned the light back, what is missing, and who overrode what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from syncrules.models import Connection, ConnectionChange, Override, WorksheetVersion
from syncrules.services.going_live import gates, steps
from syncrules.services.going_live.gates import Gate
from syncrules.services.sync.scope import WORKING
from syncrules.services.two_way.retesting import is_green

State = Connection.State
WORDS = {
    State.DRAFT: "Nothing is written on either side.",
    State.TESTING: "Only the two-way test’s own contacts are written.",
    State.PILOT: "At most 500 contacts of one source.",
    State.LIVE: "Everybody above the threshold.",
}

_BEFORE = {State.TESTING: "Before testing", State.PILOT: "Before the pilot", State.LIVE: "Before it goes live"}


@dataclass(frozen=True)
class Place:
    """One state on the way: before, here or ahead of the connection."""

    state: str
    label: str
    words: str
    passed: bool
    here: bool


@dataclass(frozen=True)
class Way:
    """All of the page but the test and the pilot, which have cards of their own."""

    places: Sequence[Place]
    to: str
    label: str
    gates: Sequence[Gate]
    waiting: Sequence[Override]
    past: Sequence[Override]
    back: ConnectionChange | None
    untested: str

    @property
    def standing(self) -> int:
        return sum(gate.stands for gate in self.gates)

    @property
    def missing(self) -> int:
        return len(self.gates) - self.standing

    @property
    def title(self) -> str:
        return _BEFORE[self.to]


def way(connection: Connection, at: datetime) -> Way:
    """The page at this moment; a number of queries that does not depend on what there is."""
    shown_as = connection.paused_from if connection.state == State.PAUSED else connection.state
    place = steps.WAY.index(shown_as) if shown_as in steps.WAY else len(steps.WAY) - 1
    to = steps.WAY[min(place + 1, len(steps.WAY) - 1)]
    overrides = list(Override.objects.filter(connection=connection))
    open_ = [o for o in overrides if o.agreed_at is None and o.withdrawn_at is None]
    return Way(
        [
            Place(state, State(state).label.capitalize(), WORDS[State(state)], n < place, n == place)
            for n, state in enumerate(steps.WAY)
        ],
        to,
        State(to).label,
        gates.gates(connection, to, at),
        open_,
        [o for o in overrides if o not in open_],
        _turned_back(connection),
        untested(connection),
    )


def _turned_back(connection: Connection) -> ConnectionChange | None:
    """The step back that put it where it is; None where the last step went ahead."""
    changes = ConnectionChange.objects.filter(connection=connection, what=ConnectionChange.What.STATE)
    order = {State(state).label: n for n, state in enumerate(steps.WAY)}
    on_the_way = changes.filter(before__state__in=list(order), after__state__in=list(order))  # a pause is beside it
    last = on_the_way.order_by("-pk").first()
    if last is None:
        return None
    was, now = order.get(last.before.get("state")), order.get(last.after.get("state"))
    return last if was is not None and now is not None and now < was else None


def untested(connection: Connection) -> str:
    """Why the light of a connection at work is not green: what is in force was not tested; "" where it was."""
    if connection.state not in WORKING or is_green(connection):
        return ""
    version = connection.versions.filter(state=WorksheetVersion.State.IN_FORCE).first()
    number, by = (version.number, version.forced_by) if version else (0, "nobody")
    return (
        f"Not tested as it stands now: worksheet v{number}, put in force by {by}, the stage table, the settings or the "
        "connector changed since. The eight checks run by themselves; if one fails, it goes back to testing."
    )


__all__ = ["Place", "Way", "untested", "way"]
