"""A connection whose calls fail rests, longer each time, and goes on by itself.

The row says why and when it is tried again; nobody calls the MAP before. Troubles of whole calls count here, never
against the contacts that happened to be in them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from syncrules.connectors.trouble import Denied, NotAllowed, Trouble, Unavailable
from syncrules.models import Connection
from syncrules.services.sync.scope import WORKING

BASE, CAP = timedelta(seconds=2), timedelta(minutes=15)
LEAST = timedelta(milliseconds=100)
#: The longest that a MAP is believed when it asks to be left alone.
LONGEST = timedelta(days=1)
Chance = Callable[[], float]


def may_call(connection: Connection, at: datetime) -> bool:
    """Whether the connection is at work and not resting, as the row stands in the database at this moment."""
    return open_now(at).filter(pk=connection.pk).exists()


def open_now(at: datetime) -> QuerySet[Connection]:
    """The connections that may call their MAP now."""
    return Connection.objects.filter(Q(again_at=None) | Q(again_at__lte=at), state__in=WORKING)


def failed(connection: Connection, trouble: Trouble, at: datetime, chance: Chance = random.random) -> None:
    """Rest: for what the MAP asked for, else for any part of a span that doubles with each failure in a row.

    Whoever fails while the connection rests already adds nothing: workers that were under way fail together.
    """
    row = Connection.objects.filter(pk=connection.pk)
    before = row.values_list("failures", flat=True).first() or 0
    rests = Q(again_at=None) | Q(again_at__lte=at)
    row.filter(rests).update(
        failures=F("failures") + 1,
        trouble=words(trouble),
        trouble_since=Coalesce(F("trouble_since"), at),
        again_at=at + span(trouble, before + 1, chance),
    )
    if isinstance(trouble, Unavailable) and trouble.wait is not None:
        asked = at + min(timedelta(seconds=trouble.wait), LONGEST)
        row.filter(again_at__lt=asked).update(again_at=asked)


def span(trouble: Trouble, failures: int, chance: Chance) -> timedelta:
    """How long to rest after the ``failures``-th failure in a row. Full jitter; never less than the MAP asked for."""
    if needs_a_person(trouble):
        return CAP
    most = min(CAP, BASE * 2 ** min(failures - 1, 20))
    if isinstance(trouble, Unavailable) and trouble.wait is not None:
        return min(timedelta(seconds=trouble.wait), LONGEST) + min(most, BASE) * chance()
    return max(most * chance(), LEAST)


def needs_a_person(trouble: Trouble) -> bool:
    """Whether waiting can't mend it."""
    return isinstance(trouble, (Denied, NotAllowed))


def words(trouble: Trouble) -> str:
    """Why nothing is sent or pulled now, as the front page says it."""
    act = " A person has to act: check the token, which its settings name, and its rights."
    return f"{trouble}{act if needs_a_person(trouble) else ''}"


def went_well(connection: Connection) -> None:
    """A call was answered: the connection works, and nothing of earlier failures stays."""
    troubled = Q(failures__gt=0) | Q(again_at__isnull=False) | ~Q(trouble="")
    Connection.objects.filter(troubled, pk=connection.pk).update(
        failures=0, trouble="", trouble_since=None, again_at=None
    )


def try_now(connection: Connection, at: datetime) -> None:
    """A person does not want to wait: the next look may call the MAP at once."""
    Connection.objects.filter(pk=connection.pk, again_at__gt=at).update(again_at=at)
