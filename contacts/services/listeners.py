"""Who hears of every change of a contact, in the transaction that makes it. Nothing here knows who they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Changed:
    """Contacts that were just made or changed, and those that were just removed; ``at`` as the database stores it."""

    contacts: Sequence[int]
    removed: Sequence[int]
    at: Any


Listener = Callable[[Changed], None]
_ALL: list[Listener] = []


def register(listener: Listener) -> None:
    """Hear of changes from now on; called once, when an app is ready."""
    _ALL.append(listener)


def tell(contacts: Sequence[int], removed: Sequence[int], at: Any) -> None:
    """Tell all listeners; what they write stands or falls with the change."""
    if contacts or removed:
        for listener in _ALL:
            listener(Changed(contacts, removed, at))
