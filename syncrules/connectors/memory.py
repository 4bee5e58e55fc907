"""A MAP that lives in memory: a whole connector, for trying a worksheet out and for what connectors have in common.

It keeps what any MAP keeps: records by id, properties with types and options that it enforces, and the order
in which records changed. Told to, it respells what it stores, as MAPs do that fold case or trim.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import count, islice

from syncrules.connectors.base import Page, Record, Written
from syncrules.domain.worksheet import FieldType

#: What a MAP makes of a text that it stores.
Respell = Callable[[FieldType, str], str]
#: What a cursor of this connector looks like.
CURSOR = re.compile(r"[0-9]{1,18}")


def as_sent(prop: FieldType, text: str) -> str:
    """A MAP that stores every text as it comes."""
    return text


def in_capitals(prop: FieldType, text: str) -> str:
    """A MAP that stores free text trimmed and in capitals."""
    return text.strip().upper() if prop.type == "text" else text


class Refused(ValueError):
    """Values that this MAP does not take; the text says why."""


class MemoryMap:
    """A MAP's contacts. ``clock`` gives the time that a change is marked with; many may have the same."""

    def __init__(
        self, properties: Iterable[FieldType], *, respell: Respell = as_sent, clock: Callable[[], str] = lambda: ""
    ) -> None:
        self._properties = {p.name: p for p in properties}
        self._respell, self._clock = respell, clock
        self._ids, self._places = count(1), count(1)
        self._values: dict[str, dict[str, str]] = {}
        self._changed: dict[str, tuple[int, str]] = {}  # id to place in the order of changes, and time
        self.writes = 0  # how many records it was told to store, for counting echoes

    # --- what a connection sees ---

    def properties(self) -> Sequence[FieldType]:
        """The fields of its contacts."""
        return list(self._properties.values())

    def changes(self, cursor: str, limit: int) -> Page:
        """The records that changed after the place that the cursor names, each as it is now, the oldest first."""
        if limit < 1 or (cursor and not CURSOR.fullmatch(cursor)):
            raise ValueError(f"“{cursor}” is no cursor of this MAP, or {limit} is no number of records.")
        after = int(cursor or 0)
        newer = ((place, ident) for ident, (place, _) in self._changed.items() if place > after)
        found = list(islice(newer, limit + 1))  # in the order of changes: a change puts a record at the end
        shown = found[:limit]
        return Page([self._record(i) for _, i in shown], str(shown[-1][0]) if shown else cursor, len(found) > limit)

    def read(self, ids: Iterable[str]) -> Mapping[str, Record]:
        """The records of these ids that exist."""
        return {i: self._record(i) for i in ids if i in self._values}

    def write(self, changes: Sequence[tuple[str, Mapping[str, str]]]) -> Sequence[Written]:
        """Store values of records, each record whole or not at all."""
        return [self._write(ident, values) for ident, values in changes]

    # --- what its own users do ---

    def create(self, **values: str) -> str:
        """A new record made in the MAP; its id."""
        stored = self._checked(values, everything=True)
        ident = str(next(self._ids))
        self._values[ident] = stored
        self._touch(ident)
        return ident

    def edit(self, ident: str, **values: str) -> None:
        """Somebody in the MAP changes a record; what the hub may not write they may."""
        self._store(ident, self._checked(values, everything=True))

    def delete(self, ident: str) -> None:
        """The record is gone, and with it every trace of its changes."""
        del self._values[ident], self._changed[ident]

    # --- how it keeps them ---

    def _record(self, ident: str) -> Record:
        return Record(ident, dict(self._values[ident]), self._changed[ident][1])

    def _write(self, ident: str, values: Mapping[str, str]) -> Written:
        self.writes += 1
        if ident not in self._values:
            return Written(ident, "there is no such record")
        try:
            self._store(ident, self._checked(values, everything=False))
        except Refused as error:
            return Written(ident, str(error))
        return Written(ident)

    def _store(self, ident: str, values: Mapping[str, str]) -> None:
        """A write that changes nothing is no change."""
        now = self._values[ident]
        then = {name: text for name, text in {**now, **values}.items() if text}
        if then != now:
            self._values[ident] = then
            self._touch(ident)

    def _touch(self, ident: str) -> None:
        self._changed.pop(ident, None)
        self._changed[ident] = next(self._places), self._clock()

    def _checked(self, values: Mapping[str, str], *, everything: bool) -> dict[str, str]:
        stored = {}
        for name, text in values.items():
            prop = self._properties.get(name)
            if prop is None:
                raise Refused(f"there is no property “{name}”")
            if prop.read_only and not everything:
                raise Refused(f"“{name}” can only be read")
            if text and (why := fault(prop, text)):
                raise Refused(f"“{text}” in “{name}”: {why}")
            stored[name] = self._respell(prop, text)
        return stored


def fault(prop: FieldType, text: str) -> str:
    """Why a text can't be a value of this property; "" when it can."""
    if prop.options and text not in {option.value for option in prop.options}:
        return "it is none of the options"
    read = READERS.get(prop.type)
    if read is not None:
        try:
            read(text)
        except ValueError:
            return f"it is no {prop.type}"
    return ""


def _boolean(text: str) -> None:
    if text not in ("true", "false"):
        raise ValueError(text)


READERS: Mapping[str, Callable[[str], object]] = {
    "number": float,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "boolean": _boolean,
}
