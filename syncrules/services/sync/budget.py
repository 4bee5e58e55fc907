"""When the next call to a MAP may be made, for all processes together.

One row a connection holds the time at which its next call is due (the generic cell rate algorithm): a process books
calls by moving that time on. So many processes together keep to the share of the MAP's limits that the connection may
take, and what they leave is others'. Call by call where few are allowed; a twentieth of a second's at once where many
are, so that the row is no bottleneck.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from django.db import transaction

from syncrules.connectors.base import Allowance
from syncrules.models import CallBudget, Connection
from syncrules.services.sync import counting

INTERVAL = 10.0
#: Searches are counted by the second; calls arrive with a jitter.
SEARCH_INTERVAL = 1.05
#: How many calls are booked at once: what is allowed in so many seconds.
AHEAD = 0.05


@dataclass(frozen=True)
class Rate:
    """One limit: seconds between calls, and how many may go at once after a rest."""

    every: float
    burst: int = 1

    @classmethod
    def of(cls, most: int, seconds: float, share: float) -> Rate:
        """The rate that takes ``share`` of ``most`` calls in any ``seconds``; a burst never goes over ``most``."""
        taken = max(1.0, most * share)
        return cls(seconds / taken, max(1, int(most - taken)))


class Gate:
    """What a connector asks before each call. Shared by the threads of a process; holds no model."""

    def __init__(
        self, connection_id: int, calls: int, searches: int, share: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._connection, self._share = connection_id, share
        self._clock, self._lock = clock, threading.Lock()
        self._rates = {
            "next_call": Rate.of(calls, INTERVAL, share),
            "next_search": Rate.of(searches, SEARCH_INTERVAL, share),
        }
        self._booked: dict[str, deque[float]] = {name: deque() for name in self._rates}

    def take(self, *, search: bool) -> float:
        """Book one call, and say in how many seconds it may be made; it has to be made then."""
        wait = self._take("next_call")
        return max(wait, self._take("next_search")) if search else wait

    def learn(self, most: int, seconds: float) -> None:
        """The MAP said what it allows: that counts, whatever was thought before."""
        rate = Rate.of(max(1, most), seconds, self._share)
        with self._lock:
            if rate != self._rates["next_call"]:
                self._rates["next_call"] = rate
                self._booked["next_call"].clear()

    def close(self, seconds: float) -> None:
        """No process calls for so long: the MAP said so."""
        until = self._clock() + seconds
        with self._lock:
            for times in self._booked.values():
                times.clear()
            with transaction.atomic():
                row = self._row()
                CallBudget.objects.filter(pk=row.pk, next_call__lt=until).update(next_call=until)

    def _take(self, name: str) -> float:
        with self._lock:
            times = self._booked[name]
            if not times:
                times.extend(self._book(name))
            return max(0.0, times.popleft() - self._clock())

    def _book(self, name: str) -> list[float]:
        """Move the time of the next call on, and return the times that are this process's now."""
        rate, now = self._rates[name], self._clock()
        number = max(1, int(AHEAD / rate.every))
        with transaction.atomic():
            row = self._row()
            first = max(getattr(row, name), now - (rate.burst - 1) * rate.every)
            CallBudget.objects.filter(pk=row.pk).update(**{name: first + number * rate.every})
            if name == "next_call":
                counting.note_calls(self._connection, number, datetime.fromtimestamp(now, UTC))
        return [first + place * rate.every for place in range(number)]

    def _row(self) -> CallBudget:
        return CallBudget.objects.select_for_update().get_or_create(connection_id=self._connection)[0]


def note(connection: Connection, told: Allowance, at: datetime) -> None:
    """Keep what the MAP's last answer said of its limits; nothing where it said nothing."""
    if told.most is not None:
        Connection.objects.filter(pk=connection.pk).update(allowance=asdict(told), allowance_at=at)


def gate_of(connection: Connection) -> Gate:
    """The gate of a connection, by its share of the limits: those that the MAP last told, else those that are set."""
    gate = Gate(connection.pk, max(1, connection.calls), max(1, connection.searches), connection.share / 100)
    told = connection.allowance
    if told.get("most"):
        gate.learn(told["most"], told.get("seconds") or INTERVAL)
    return gate
