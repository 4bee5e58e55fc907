"""What other apps have to say on the front page. They put it in when they are ready; nothing here knows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from contacts.activity import News
from contacts.services.beside import Card


@dataclass
class Tile:
    """One waiting thing: how many, of what, what about it, and the one act."""

    count: int
    what: str
    text: str
    late: bool = False
    act: str = ""
    address: str = ""
    key: str = ""
    main: bool = False
    link: str = ""
    percent: int | None = None


@dataclass(frozen=True)
class Part:
    """One app's share: what waits, what it shows below, and what was done last."""

    tiles: Sequence[Tile] = ()
    cards: Sequence[Card] = ()
    news: Sequence[News] = ()


Maker = Callable[[User, datetime], Part]
_ALL: list[Maker] = []


def register(maker: Maker) -> None:
    """Put an app's share in, once, when the app is ready. It shows what the user may see, and nothing else."""
    _ALL.append(maker)


def parts(user: User, now: datetime) -> list[Part]:
    """The shares of all apps for this user."""
    return [make(user, now) for make in _ALL]
