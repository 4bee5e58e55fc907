"""A connection that a person pauses, and goes on with. Changes gather in the outbox meanwhile; none is lost."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from contacts.domain.blanks import clean
from syncrules.models import Connection
from syncrules.services import changes

State = Connection.State
LONGEST = 500


class NotSwitched(Exception):
    """The connection is not in the state that this needs; the text says what is."""


def pause(connection: Connection, by: str, reason: str, at: datetime) -> None:
    """Send and pull nothing until somebody goes on. Raises ``NotSwitched``; the reason must not be blank."""
    reason = clean(reason)[:LONGEST]
    if not reason:
        raise NotSwitched("Write why it is paused: whoever looks at it next wants to know.")
    _switch(connection, State.LIVE, State.PAUSED, by, reason, at)


def go_on(connection: Connection, by: str, at: datetime) -> None:
    """Send and pull again, beginning with what has gathered. Raises ``NotSwitched``."""
    _switch(connection, State.PAUSED, State.LIVE, by, "", at)


def _switch(connection: Connection, old: str, new: str, by: str, reason: str, at: datetime) -> None:
    """Of two people who press at once one is told; who it was and why is kept for good."""
    words = [{"state": State(state).label} for state in (old, new)]
    with transaction.atomic():
        wanted = Connection.objects.filter(pk=connection.pk, state=old)
        if wanted.update(state=new, state_by=by[:200], state_at=at, state_reason=reason):
            changes.note(connection, changes.What.STATE, *words, by, reason, at)
            return
    connection.refresh_from_db()
    who = f", by {connection.state_by}" if connection.state_by else ""
    raise NotSwitched(f"{connection.name} is {connection.get_state_display()} already{who}.")
