"""Who hears that somebody is not to be mailed any more, or is forgotten, in the transaction that says so.

Other apps put themselves in when they are ready; nothing here knows who they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Withdrawn(NamedTuple):
    """One address (its match key) that is not to be mailed from now on, whether a contact has it or not.

    ``act`` is withdrawn, complained, erased, cleaned or bounced, ``purpose`` the slug of a purpose or "*" for
    everything, ``source`` the slug of the source or connection that told the hub, "" where nobody did.
    """

    address: str
    act: str
    purpose: str
    source: str
    at: datetime


@dataclass(frozen=True)
class Erased:
    """A person who is being forgotten: every number that leads to the contact, the living one first, and every
    address, match key to how it was written. Their rows are still there when listeners hear of it.
    """

    contacts: Sequence[int]
    addresses: Mapping[str, str]
    at: datetime


WithdrawnListener = Callable[[Sequence[Withdrawn]], None]
#: Answers with the slugs of the connections that will be told to delete the person too.
ErasedListener = Callable[[Erased], Iterable[str]]
_WITHDRAWN: list[WithdrawnListener] = []
_ERASED: list[ErasedListener] = []


def on_withdrawn(listener: WithdrawnListener) -> None:
    """Hear of every stop that is recorded from now on; called once, when an app is ready."""
    _WITHDRAWN.append(listener)


def on_erased(listener: ErasedListener) -> None:
    """Hear of every erasure from now on; called once, when an app is ready."""
    _ERASED.append(listener)


def tell_withdrawn(told: Sequence[Withdrawn]) -> None:
    """Tell all listeners; what they write stands or falls with the record."""
    if told:
        for listener in _WITHDRAWN:
            listener(told)


def tell_erased(told: Erased) -> list[str]:
    """Tell all listeners, before anything is removed; the connections that will hear of it."""
    return sorted({slug for listener in _ERASED for slug in listener(told)})
