"""A connector that misbehaves as a test asks, in front of any other."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from random import Random
from typing import Any

from syncrules.connectors.base import Connector, Departures, New, OptOut, Page, Record, Subscription, Why, Written
from syncrules.connectors.hubspot.writing import failed
from syncrules.connectors.trouble import Denied, Garbled, Trouble, Unavailable, Unclear


class Fault(StrEnum):
    """What befalls one call."""

    WAIT = "429 with Retry-After"
    BUSY = "429 without"
    DOWN = "no connection"
    LOST = "the write was done, and no answer came"
    UNSENT = "the write was not done, and nobody can know"
    HALF = "the first half of the write was done, and no answer came for the rest"
    PAGE = "a web page instead of an answer"
    DENIED = "the token is not accepted"


#: What passes by itself.
PASSING = (Fault.WAIT, Fault.BUSY, Fault.DOWN, Fault.LOST, Fault.UNSENT, Fault.HALF, Fault.PAGE)
WAIT = 7.0

#: Which fault strikes the call of this name, if one does.
Draw = Callable[[str], Fault | None]


class Died(BaseException):
    """The worker is killed here: nothing of what it was about to do is done."""


class Faulty:
    """``draw`` is asked before each call; ``refuse`` says which single items are refused, with the reason.

    ``terse`` leaves out of each result what the MAP holds afterwards. Calls are made one at a time, so that threads
    may share it.
    """

    def __init__(self, connector: Connector, draw: Draw = lambda _: None) -> None:
        self.behind_it, self.draw = connector, draw
        self.refuse: Callable[[str, Mapping[str, str]], Why | None] = lambda _key, _values: None
        self.terse = False
        self.calls: list[str] = []
        self.sent: list[tuple[str, str, Mapping[str, str]]] = []  # call, key and values of what was to be written
        self.deaths = 0
        self._left, self._after = 0, False
        self._lock = threading.RLock()

    def dies_in(self, calls: int, *, after: bool) -> None:
        """The worker dies at that call from now on, before or after the MAP did what was asked."""
        self._left, self._after = calls, after

    def lives(self) -> None:
        """It does not die any more."""
        self._left = 0

    def _die(self, *, after: bool) -> None:
        if not self._left or after != self._after:
            return
        self._left -= 1
        if not self._left:
            self.deaths += 1
            raise Died

    @property
    def batch(self) -> int:
        return self.behind_it.batch

    def __getattr__(self, name: str) -> Any:
        """What no fault befalls."""
        return getattr(self.behind_it, name)

    # --- reading ---

    def properties(self) -> Any:
        return self._read("properties", self.behind_it.properties)

    def changes(self, cursor: str, limit: int) -> Page:
        return self._read("changes", self.behind_it.changes, cursor, limit)

    def deletions(self, cursor: str, limit: int) -> Departures:
        return self._read("deletions", self.behind_it.deletions, cursor, limit)

    def read(self, ids: Iterable[str]) -> Mapping[str, Record]:
        return self._read("read", self.behind_it.read, ids)

    def find(self, emails: Iterable[str]) -> Mapping[str, Record]:
        return self._read("find", self.behind_it.find, emails)

    def subscriptions(self, addresses: Iterable[str]) -> Mapping[str, Subscription]:
        return self._read("subscriptions", self.behind_it.subscriptions, addresses)

    def _read(self, name: str, call: Callable[..., Any], *given: Any) -> Any:
        with self._lock:
            self.calls.append(name)
            self._die(after=False)
            fault = self.draw(name)
            if fault is not None and (trouble := _trouble(fault, writing=False)) is not None:
                raise trouble
            found = call(*given)
            self._die(after=True)
            return found

    # --- writing ---

    def write(self, changes: Sequence[tuple[str, Mapping[str, str]]]) -> Sequence[Written]:
        return self._write("write", self.behind_it.write, changes, lambda c: c)

    def upsert(self, records: Sequence[New]) -> Sequence[Written]:
        return self._write("upsert", self.behind_it.upsert, records, lambda n: (n.email, n.values))

    def delete(self, ids: Sequence[str]) -> Sequence[Written]:
        return self._write("delete", self.behind_it.delete, ids, lambda i: (i, {}))

    def erase(self, ids: Sequence[str]) -> Sequence[Written]:
        return self._write("erase", self.behind_it.erase, ids, lambda i: (i, {}))

    def opt_out(self, changes: Sequence[OptOut]) -> Sequence[Written]:
        return self._write("opt_out", self.behind_it.opt_out, changes, lambda o: (o.address, {}))

    def merge(self, primary: str, other: str, values: Mapping[str, str]) -> Written:
        def merge(_: Sequence[Any]) -> list[Written]:
            return [self.behind_it.merge(primary, other, values)]

        return self._write("merge", merge, [(primary, values)], lambda c: c)[0]

    def _write(
        self, name: str, call: Callable[[Any], Sequence[Written]], items: Sequence[Any],
        seen: Callable[[Any], tuple[str, Mapping[str, str]]],
    ) -> list[Written]:  # fmt: skip
        with self._lock:
            self.calls.append(name)
            self._die(after=False)
            self.sent += [(name, *seen(item)) for item in items]
            fault = self.draw(name)
            keys = [seen(item)[0] for item in items]
            trouble = _trouble(fault, writing=True) if fault else None
            done = {None: len(items), Fault.LOST: len(items), Fault.HALF: len(items) // 2}.get(fault, 0)
            good = [n for n, item in enumerate(items) if n < done and self.refuse(*seen(item)) is None]
            results = dict(zip(good, call([items[n] for n in good]) if good else [], strict=True))
            self._die(after=True)
            answered = 0 if fault is Fault.LOST else done
            return [
                failed(keys[n], trouble) if n >= answered and trouble
                else self._told(results[n]) if n in results
                else Written(keys[n], "the MAP does not take this", self.refuse(*seen(items[n])))
                for n in range(len(items))
            ]  # fmt: skip

    def _told(self, written: Written) -> Written:
        return Written(written.id, written.error, written.why, new=written.new) if self.terse else written


def _trouble(fault: Fault, *, writing: bool) -> Trouble | None:
    """What the caller of a connector hears; reading leaves nothing unclear."""
    match fault:
        case Fault.WAIT:
            return Unavailable("The MAP answered 429.", WAIT)
        case Fault.BUSY:
            return Unavailable("The MAP answered 429.")
        case Fault.DOWN:
            return Unavailable("The MAP could not be reached.")
        case Fault.DENIED:
            return Denied("The MAP answered 401.")
        case Fault.PAGE:
            return Unclear("The MAP answered with a web page.") if writing else Garbled("The answer is a web page.")
        case _:
            return Unclear("No answer came.") if writing else Unavailable("No answer came.")


class Chance:
    """A ``Draw`` that strikes a share of the calls, by a seed and how many calls of that name there were before."""

    def __init__(self, luck: int, share: float, faults: Sequence[Fault] = PASSING) -> None:
        self.luck, self.share, self.faults = luck, share, faults
        self.asked: Counter[str] = Counter()
        self.struck = 0

    def __call__(self, name: str) -> Fault | None:
        self.asked[name] += 1
        draw = Random(f"{self.luck}:{name}:{self.asked[name]}")
        if draw.random() >= self.share:
            return None
        self.struck += 1
        return draw.choice(self.faults)


def once(name: str, fault: Fault) -> Draw:
    """That fault befalls the next call of that name, and no other."""
    left = [fault]
    return lambda called: left.pop() if left and called == name else None
