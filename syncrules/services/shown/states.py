"""How each state of a connection is shown: the one table of its words, its colour and its sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from syncrules.models import Connection

State = Connection.State
#: A live connection whose calls fail: it rests, and goes on by itself.
STUCK = "stuck"


class Shown(NamedTuple):
    """One state as pages show it. ``tone`` is the meaning of its colour, ``sign`` a dot, a ring or a pause; ``done`` is
    what somebody did who set a connection so.
    """

    words: str
    tone: str
    sign: str
    done: str


STATES: Mapping[str, Shown] = {
    State.DRAFT: Shown("not turned on", "", "ring", "turned off"),
    State.TESTING: Shown("testing", "accent", "dot", "began to test"),
    State.PILOT: Shown("pilot", "accent", "dot", "began the pilot of"),
    State.LIVE: Shown("live", "good", "dot", "turned on"),
    State.PAUSED: Shown("paused", "wait", "pause", "paused"),
    STUCK: Shown("paused itself", "bad", "pause", "paused"),
}


def did(state: str) -> str:
    """What somebody did who set a connection so."""
    return STATES[state].done if state in STATES else f"set to {state}"
