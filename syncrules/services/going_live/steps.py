"""The way of a connection from draft to live, a step at a time, and back (playbook, Steps 1, 4 and 5).

Forward only where every gate of the step stands; back at any time, with a reason. Each step is kept for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from django.db import transaction

from contacts.domain.blanks import clean
from syncrules.connectors.base import Connector
from syncrules.connectors.trouble import Trouble
from syncrules.models import Connection, ConnectionChange, Pilot, Push
from syncrules.services import catalogue, changes
from syncrules.services.going_live import gates
from syncrules.services.going_live.gates import Gate
from syncrules.services.sync import listening, runs

State = Connection.State
#: The way, in order; paused is beside it.
WAY = (State.DRAFT, State.TESTING, State.PILOT, State.LIVE)
BY = "CRM Hub"
LONGEST = 500


class NotMoved(Exception):
    """Why the connection stays where it is, in words; ``red`` are the gates that are in the way."""

    def __init__(self, text: str, red: Sequence[Gate] = ()) -> None:
        super().__init__(text)
        self.red = red


def following(connection: Connection) -> str:
    """The next state on the way; "" from live, and while it is paused."""
    place = WAY.index(connection.state) if connection.state in WAY else len(WAY) - 1
    return WAY[place + 1] if place + 1 < len(WAY) else ""


def forward(connection: Connection, to: str, by: str, at: datetime, connector: Connector | None = None) -> None:
    """One step ahead. Raises ``NotMoved`` with the gates that do not stand.

    With a ``connector`` the MAP is asked for its fields first, and the worksheet is held against those.
    """
    if to != following(connection):
        raise NotMoved(f"{connection.name} is {connection.get_state_display()}: it goes one step at a time.")
    if connector is not None:
        _ask(connection, connector, at)
    with transaction.atomic():
        Connection.objects.select_for_update(of=("self",)).get(pk=connection.pk)  # nothing changes meanwhile
        if red := gates.red(connection, to, at):
            missing = "; ".join(f"{gate.title}: {gate.said.rstrip('.')}" for gate in red)
            raise NotMoved(f"{connection.name} stays {connection.get_state_display()}. {missing}.", red)
        _set(connection, connection.state, to, by, "", at)
        if to == State.LIVE:
            _begin(connection, by, at)


def _ask(connection: Connection, connector: Connector, at: datetime) -> None:
    try:
        catalogue.refresh(connection, connector, at)
    except Trouble as trouble:
        raise NotMoved(f"{connection.name} did not answer as it should: {trouble}") from trouble


def _begin(connection: Connection, by: str, at: datetime) -> None:
    """Everybody is looked at once; what waited for it, such as orders to stop mail, is due."""
    Push.objects.filter(connection=connection, parked=False).update(due_at=at)
    with suppress(runs.AlreadyRunning):  # one from the command line does as well
        runs.start(connection, by, at)
    listening.wake()


def back(connection: Connection, to: str, by: str, reason: str, at: datetime) -> None:
    """A step back, or several, with the reason. Raises ``NotMoved``."""
    reason = clean(reason)[:LONGEST]
    if not reason:
        raise NotMoved("Write why it goes back: whoever looks at it next wants to know.")
    known = connection.state in WAY and to in WAY
    if not known or WAY.index(to) >= WAY.index(connection.state):
        raise NotMoved(f"{connection.name} is {connection.get_state_display()} already.")
    _set(connection, connection.state, to, by, reason, at)


def fall_back(connection: Connection, reason: str, at: datetime) -> bool:
    """The hub itself takes the light back to testing; False where somebody moved it meanwhile, or it is there."""
    if connection.state == State.PAUSED:  # whoever goes on finds it in testing
        paused = Connection.objects.filter(pk=connection.pk, paused_from__in=(State.PILOT, State.LIVE))
        return bool(paused.update(paused_from=State.TESTING))
    if connection.state not in (State.PILOT, State.LIVE):
        return False
    with suppress(NotMoved):
        _set(connection, connection.state, State.TESTING, BY, reason, at)
        return True
    return False


def pause(connection: Connection, by: str, reason: str, at: datetime) -> None:
    """Send and pull nothing until somebody goes on. Raises ``NotMoved``; the reason must not be blank."""
    reason = clean(reason)[:LONGEST]
    if not reason:
        raise NotMoved("Write why it is paused: whoever looks at it next wants to know.")
    if connection.state not in WAY[1:]:
        raise NotMoved(_already(connection))
    _set(connection, connection.state, State.PAUSED, by, reason, at, paused_from=connection.state)


def go_on(connection: Connection, by: str, at: datetime) -> None:
    """Go on where it was paused, beginning with what has gathered. Raises ``NotMoved``."""
    _set(connection, State.PAUSED, connection.paused_from or State.LIVE, by, "", at, paused_from="")


def _set(connection: Connection, old: str, new: str, by: str, reason: str, at: datetime, **more: str) -> None:
    """Of two people who press at once one is told; who it was and why is kept for good."""
    words = [{"state": State(state).label} for state in (old, new)]
    with transaction.atomic():
        wanted = Connection.objects.filter(pk=connection.pk, state=old)
        if wanted.update(state=new, state_by=by[:200], state_at=at, state_reason=reason, **more):
            if old == State.PILOT and new in (State.DRAFT, State.TESTING):
                _end_pilot(connection, by, reason, at)
            changes.note(connection, ConnectionChange.What.STATE, *words, by, reason, at)
            connection.refresh_from_db()
            return
    raise NotMoved(_already(connection))


def _end_pilot(connection: Connection, by: str, reason: str, at: datetime) -> None:
    """A pilot ends with the state that it was for, and does not count."""
    running = Pilot.objects.filter(connection=connection, status=Pilot.Status.RUNNING)
    running.update(status=Pilot.Status.STOPPED, reason=reason, ended_by_name=by[:200], ended_at=at)


def _already(connection: Connection) -> str:
    connection.refresh_from_db()
    who = f", by {connection.state_by}" if connection.state_by else ""
    return f"{connection.name} is {connection.get_state_display()} already{who}."
