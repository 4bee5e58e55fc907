"""What a MAP in memory keeps: records and the order of their changes, whose address is whose, merges, deletions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from syncrules.connectors.base import Happening, Record, Why
from syncrules.connectors.memory.values import NotTaken, Respell, checked
from syncrules.domain.worksheet import FieldType

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Held:
    """One record: its values, its place in the order of changes, when it changed, and what became part of it."""

    values: dict[str, str]
    place: int = 0
    at: str = ""
    merged: tuple[str, ...] = ()


class Store:
    """The records. ``clock`` gives the time that a change is marked with; without one each change is a second later.

    An opt-out belongs to the address: a record shows the one of the address that it has.
    """

    def __init__(self, properties: Iterable[FieldType], respell: Respell, clock: Callable[[], str] | None) -> None:
        self.properties = {p.name: p for p in properties}
        self._respell, self._clock = respell, clock or self._tick
        self._ids, self._seconds = count(1), count(1)
        self._email, self._optout = self._of_role("email"), self._of_role("optout")
        self.records: dict[str, Held] = {}
        self.log: list[str] = []  # the id that changed, by place; a later place of the same id outdates an earlier one
        self.addresses: dict[str, str] = {}  # to id, further addresses of merged records too
        self.keys: dict[str, str] = {}
        self.into: dict[str, str] = {}  # the id of a merged record to the one that it became part of
        self.gone: dict[str, tuple[Held, str]] = {}
        self.out: set[str] = set()
        self.happened: list[dict[str, Any]] = []  # what webhooks tell, in order

    def _tick(self) -> str:
        return (BEGAN + timedelta(seconds=next(self._seconds))).isoformat()

    def _of_role(self, role: str) -> str:
        return next((p.name for p in self.properties.values() if p.role == role), "")

    def record(self, ident: str) -> Record:
        """A record as it is now."""
        held = self.records[ident]
        return Record(ident, dict(held.values), held.at, held.merged)

    def lead(self, ident: str) -> str:
        """The record that an id leads to; "" when it is gone or never was."""
        while ident in self.into:
            ident = self.into[ident]
        return ident if ident in self.records else ""

    def whose(self, address: str) -> str:
        """The record that has this address; "" when none has."""
        return self.addresses.get(key_of(address), "")

    def checked(self, values: Mapping[str, str], *, everything: bool) -> dict[str, str]:
        """Values as they are stored; ``everything``: also what callers can only read, or opt out of by address.

        Raises ``NotTaken`` for a value that this MAP refuses.
        """
        stored = {}
        for name, text in values.items():
            prop = checked(self.properties.get(name), name, text)
            if (prop.read_only or prop.role == "optout") and not everything:
                raise NotTaken(f"“{name}” can only be read")
            stored[name] = self._respell(prop, text)
        return stored

    def create(self, values: Mapping[str, str]) -> str:
        """A new record; its id."""
        ident = str(next(self._ids))
        self._take_address(ident, values)
        self.records[ident] = Held({})
        self._put(ident, {}, values)
        self._tell(Happening.CREATED, ident)
        return ident

    def change(self, ident: str, values: Mapping[str, str]) -> None:
        """Store values, all or none; what changes nothing is no change."""
        before = self.records[ident].values
        then = {name: text for name, text in {**before, **values}.items() if text}
        if then == before:
            return
        self._take_address(ident, values)
        self._put(ident, before, values)
        for name in sorted(n for n in before.keys() | then.keys() if before.get(n) != then.get(n)):
            self._tell(Happening.CHANGED, ident, property=name, value=then.get(name, ""))

    def join(self, primary: str, other: str, *, renumbered: bool) -> str:
        """Make two records one: gaps are filled; the id that is left, a new one if ``renumbered``."""
        kept, lost = self.records.pop(primary), self.records.pop(other)
        left = str(next(self._ids)) if renumbered else primary
        parts = [ident for ident in (primary, other) if ident != left]
        self.into |= dict.fromkeys(parts, left)
        merged = (*kept.merged, *parts, *lost.merged)
        self.addresses = {a: self.lead_of(i, parts, left) for a, i in self.addresses.items()}
        self.keys = {k: self.lead_of(i, parts, left) for k, i in self.keys.items()}
        self.records[left] = Held({}, merged=merged)
        self._put(left, {}, lost.values | kept.values)
        self._tell(Happening.MERGED, left, merged=list(dict.fromkeys([primary, other])))
        return left

    @staticmethod
    def lead_of(ident: str, parts: Iterable[str], left: str) -> str:
        """The id that stands for another after a merge."""
        return left if ident in parts else ident

    def remove(self, ident: str) -> None:
        """Delete a record; its addresses are free again."""
        self.gone[ident] = self.records.pop(ident), self._clock()
        self.addresses = {a: i for a, i in self.addresses.items() if i != ident}
        self._tell(Happening.DELETED, ident)

    def forget(self, ident: str) -> None:
        """Leave nothing of a deleted record that could be restored."""
        if ident in self.gone:
            self.gone[ident] = Held({}), self.gone[ident][1]

    def restore(self, ident: str) -> None:
        """Take a deletion back (``NotTaken`` when somebody has the address by now)."""
        held, _ = self.gone[ident]
        self._take_address(ident, held.values)
        self.records[ident] = Held({}, merged=held.merged)
        del self.gone[ident]
        self._put(ident, {}, held.values)
        self._tell(Happening.RESTORED, ident)

    def opt(self, address: str, *, out: bool) -> None:
        """Note what an address wants, and show it in its record."""
        (self.out.add if out else self.out.discard)(key_of(address))
        ident = self.whose(address)
        if ident and self._optout and key_of(self.records[ident].values.get(self._email, "")) == key_of(address):
            self.change(ident, {self._optout: "true" if out else ""})

    def _take_address(self, ident: str, values: Mapping[str, str]) -> None:
        """An address is one record's: it becomes this one's, or the record is told that another has it."""
        wanted = key_of(values.get(self._email, ""))
        if not wanted:
            return
        if self.addresses.get(wanted, ident) != ident:
            raise NotTaken(f"another record has the address “{wanted}”", Why.TAKEN)
        old = key_of(self.records[ident].values.get(self._email, "")) if ident in self.records else ""
        if old and old != wanted:
            self.addresses.pop(old, None)
        self.addresses[wanted] = ident

    def _put(self, ident: str, before: Mapping[str, str], values: Mapping[str, str]) -> None:
        then = {name: text for name, text in {**before, **values}.items() if text}
        address = key_of(then.get(self._email, ""))
        if not address and (old := key_of(before.get(self._email, ""))):
            self.addresses.pop(old, None)
        if self._optout and address:
            if self._optout in values:
                (self.out.add if values[self._optout] == "true" else self.out.discard)(address)
            elif self._email in values:
                then |= {self._optout: "true"} if address in self.out else {}
                if address not in self.out and then.get(self._optout) == "true":
                    del then[self._optout]
        held = self.records[ident]
        self.log.append(ident)
        held.values, held.place, held.at = then, len(self.log), self._clock()

    def _tell(self, what: Happening, ident: str, **more: object) -> None:
        key = str(len(self.happened) + 1)
        self.happened.append({"key": key, "happening": what.value, "record": ident, "at": self._clock(), **more})


def key_of(address: str) -> str:
    """An address as it is compared."""
    return address.strip().lower()
