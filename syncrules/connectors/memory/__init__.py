"""A MAP that lives in memory: a whole connector, for trying a worksheet out and for what connectors have in common.

It keeps what any MAP keeps: records by id, properties with types and options that it enforces, the order in which
records changed, merges, deletions and opt-outs. Told to, it respells what it stores, gives merged records a new id
(``renumbers``), or shows changes late (``behind``), as MAPs do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from syncrules.connectors.base import (
    Allowance,
    Departures,
    Event,
    Gone,
    New,
    OptOut,
    Page,
    Record,
    Subscription,
    Why,
    Written,
)
from syncrules.connectors.memory import hooks
from syncrules.connectors.memory.store import Store, key_of
from syncrules.connectors.memory.values import NotTaken, Respell, as_sent, in_capitals
from syncrules.connectors.trouble import BadCursor
from syncrules.domain.worksheet import FieldType

__all__ = ["MemoryMap", "Respell", "as_sent", "in_capitals"]

CURSOR = re.compile(r"[0-9]{1,18}")


class MemoryMap:
    """A MAP's contacts. ``clock`` gives the time that a change is marked with; without one each is a second later."""

    batch = 100

    def __init__(
        self,
        properties: Iterable[FieldType],
        *,
        respell: Respell = as_sent,
        clock: Callable[[], str] | None = None,
        renumbers: bool = False,
        secret: str = "",
    ) -> None:
        self._store = Store(properties, respell, clock)
        self._renumbers, self._secret = renumbers, secret
        self.behind = 0  # how many of the latest changes ``changes`` does not show yet
        self.writes = 0  # how many records it was told to store, for counting echoes

    # --- what a connection sees ---

    def properties(self) -> Sequence[FieldType]:
        """As the protocol says."""
        return list(self._store.properties.values())

    def changes(self, cursor: str, limit: int) -> Page:
        """As the protocol says; the cursor is a place in the order of changes, each record shown as it is now."""
        after, end = _place(cursor, len(self._store.log)), len(self._store.log) - self.behind
        found: list[Record] = []
        for place in range(after + 1, end + 1):
            held = self._store.records.get(ident := self._store.log[place - 1])
            if held is not None and held.place == place:
                if len(found) == limit:
                    return Page(found, str(after), more=True)
                found.append(self._store.record(ident))
            after = place
        return Page(found, str(after), more=False)

    def since(self, moment: datetime) -> str:
        """As the protocol says; what happened until now is left out."""
        return str(len(self._store.log))

    def deletions(self, cursor: str, limit: int) -> Departures:
        """As the protocol says; it remembers all of them."""
        gone = [Gone(ident, at) for ident, (_, at) in self._store.gone.items()]
        start = _place(cursor, len(gone))
        shown = gone[start : start + limit]
        more = start + limit < len(gone)
        return Departures(shown, str(start + len(shown)) if more else "", more)

    def read(self, ids: Iterable[str]) -> Mapping[str, Record]:
        """As the protocol says."""
        return {i: self._store.record(lead) for i in ids if (lead := self._store.lead(i))}

    def find(self, emails: Iterable[str]) -> Mapping[str, Record]:
        """As the protocol says."""
        return {e: self._store.record(ident) for e in emails if (ident := self._store.whose(e))}

    def write(self, changes: Sequence[tuple[str, Mapping[str, str]]]) -> Sequence[Written]:
        """As the protocol says."""
        return [self._attempt(ident, partial(self._write, ident, values)) for ident, values in changes]

    def upsert(self, records: Sequence[New]) -> Sequence[Written]:
        """As the protocol says."""
        return [self._attempt("", partial(self._upsert, new)) for new in records]

    def merge(self, primary: str, other: str, values: Mapping[str, str]) -> Written:
        """As the protocol says; gaps of the primary record are filled from the other."""
        return self._attempt(primary, partial(self._merge, primary, other, values))

    def delete(self, ids: Sequence[str]) -> Sequence[Written]:
        """As the protocol says."""
        return [self._attempt(ident, partial(self._delete, ident)) for ident in ids]

    def erase(self, ids: Sequence[str]) -> Sequence[Written]:
        """As the protocol says."""
        return [self._attempt(ident, partial(self._erase, ident)) for ident in ids]

    def subscriptions(self, addresses: Iterable[str]) -> Mapping[str, Subscription]:
        """As the protocol says; there is one list only."""
        return {
            a: Subscription(a, out := key_of(a) in self._store.out, {"all": False if out else None}) for a in addresses
        }

    def opt_out(self, changes: Sequence[OptOut]) -> Sequence[Written]:
        """As the protocol says."""
        return [self._attempt(change.address, partial(self._opt, change)) for change in changes]

    def verify_webhook(
        self, method: str, uri: str, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Sequence[Event]:
        """As the protocol says."""
        return hooks.read(self._secret, headers, body, now)

    def allowance(self) -> Allowance:
        """There are no limits."""
        return Allowance()

    def close(self) -> None:
        """There is nothing to let go of."""

    # --- what its own users do ---

    def create(self, **values: str) -> str:
        """A new record made in the MAP; its id."""
        return self._store.create(self._store.checked(values, everything=True))

    def edit(self, ident: str, **values: str) -> None:
        """Somebody in the MAP changes a record; what the hub may not write they may."""
        self._store.change(ident, self._store.checked(values, everything=True))

    def remove(self, ident: str) -> None:
        """Somebody deletes a record; every trace of its changes goes with it."""
        self._store.remove(ident)

    def restore(self, ident: str) -> None:
        """Somebody takes a deletion back."""
        self._store.restore(ident)

    def join(self, primary: str, other: str) -> str:
        """Somebody makes two records one; the id that is left."""
        return self._store.join(primary, other, renumbered=self._renumbers)

    def unsubscribe(self, address: str) -> None:
        """A person opts out of everything."""
        self._store.opt(address, out=True)

    def everybody(self) -> Mapping[str, Record]:
        """All records by id."""
        return {ident: self._store.record(ident) for ident in self._store.records}

    def webhook(self, now: datetime, since: int = 0) -> tuple[dict[str, str], bytes]:
        """The headers and the body of a webhook that tells of everything that happened after the first ``since``."""
        return hooks.signed(self._secret, self._store.happened[since:], now)

    # --- how it does it ---

    def _attempt(self, ident: str, do: Callable[[], Written]) -> Written:
        self.writes += 1
        try:
            return do()
        except NotTaken as problem:
            return Written(ident, str(problem), problem.why)

    def _write(self, ident: str, values: Mapping[str, str]) -> Written:
        lead = self._there(ident)
        self._store.change(lead, self._store.checked(values, everything=False))
        return self._stands(lead)

    def _upsert(self, new: New) -> Written:
        values = self._store.checked(new.values, everything=False)
        known = self._store.whose(new.email) or self._store.lead(self._store.keys.get(new.key, ""))
        if known:
            self._store.change(known, values)
        elif new.email or new.key:
            email = next((p.name for p in self.properties() if p.role == "email"), "")
            named = self._store.checked({email: new.email.strip()} if email and new.email else {}, everything=True)
            ident = self._store.create(named | values)
        else:
            raise NotTaken("a record without an address or a key can't be found again")
        if new.key:
            self._store.keys[new.key] = known or ident
        return self._stands(known or ident, new=not known)

    def _merge(self, primary: str, other: str, values: Mapping[str, str]) -> Written:
        ours, theirs = self._there(primary), self._there(other)
        stored = self._store.checked(values, everything=False)
        left = ours if ours == theirs else self.join(ours, theirs)
        self._store.change(left, stored)
        return self._stands(left)

    def _delete(self, ident: str) -> Written:
        if lead := self._store.lead(ident):
            self._store.remove(lead)
        return Written(ident)

    def _erase(self, ident: str) -> Written:
        deleted = self._delete(ident)
        self._store.forget(ident)
        return deleted

    def _opt(self, change: OptOut) -> Written:
        if not change.out and not (change.basis and change.explanation):
            raise NotTaken("who opted out comes back only with a legal basis and its explanation", Why.REFUSED)
        self._store.opt(change.address, out=change.out)
        return Written(change.address)

    def _there(self, ident: str) -> str:
        """The record that an id leads to (``NotTaken``)."""
        lead = self._store.lead(ident)
        if not lead:
            raise NotTaken("there is no such record", Why.MISSING)
        return lead

    def _stands(self, ident: str, *, new: bool = False) -> Written:
        record = self._store.record(ident)
        return Written(ident, new=new, values=record.values, changed_at=record.changed_at)


def _place(cursor: str, newest: int) -> int:
    """What a cursor says; "" is the beginning (``BadCursor``)."""
    if cursor and (not CURSOR.fullmatch(cursor) or int(cursor) > newest):
        raise BadCursor(f"“{cursor[:60]}” is no cursor of this MAP, or one of its future.")
    return int(cursor or 0)
