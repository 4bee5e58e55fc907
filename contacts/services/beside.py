"""What other apps have to say on a contact's page. They put it in when they are ready; nothing here knows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contacts.models import Contact

Placer = Callable[[str, int, int], str]


@dataclass(frozen=True)
class Card:
    """A card beside the contact's values: its template and what that shows."""

    template: str
    context: Mapping[str, Any]


@dataclass
class Beside:
    """One app's share. ``card`` is None where there is nothing to show this user; ``placer`` gives what finds
    the address of a row of a worksheet by connection, version and row; ``deciders`` says by field which rows may
    overwrite it.
    """

    card: Callable[[Contact, Any], Card | None] = lambda contact, user: None
    placer: Callable[[], Placer] = lambda: lambda connection, version, row: ""
    deciders: Callable[[], Mapping[str, str]] = field(default=dict)


_ALL: list[Beside] = []


def register(beside: Beside) -> None:
    """Put an app's share in, once, when the app is ready."""
    _ALL.append(beside)


def cards(contact: Contact, user: Any) -> list[Card]:
    """The cards of all apps that this user may see."""
    return [card for one in _ALL if (card := one.card(contact, user)) is not None]


def placer() -> Callable[[Mapping[str, Any] | None], str]:
    """What finds the address of the row that ``explain`` names, for all values of a page; "" where there is none."""
    placers = [one.placer() for one in _ALL]

    def place(worksheet: Mapping[str, Any] | None) -> str:
        if not worksheet:
            return ""
        found = (where(worksheet["connection"], worksheet["version"], worksheet["row"]) for where in placers)
        return next(filter(None, found), "")

    return place


def deciders() -> dict[str, str]:
    """By field, the rows in force that decide about a released value."""
    return {name: words for one in _ALL for name, words in one.deciders().items()}
