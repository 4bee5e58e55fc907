"""The protocol of a connector: a MAP's properties, records, changes and webhooks, in plain values.

A connector knows nothing of contacts, worksheets or the database, and has no clock: moments are passed in, and what
it needs for waiting is given to it. What goes wrong is in ``trouble``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from syncrules.connectors.trouble import Trouble
from syncrules.domain.worksheet import FieldType


@dataclass(frozen=True)
class Record:
    """One record of a MAP. Values are text, as MAPs send them; a property without a value is absent or ""."""

    id: str
    values: Mapping[str, str]
    changed_at: str = ""
    merged: tuple[str, ...] = ()  # ids of records that became part of this one


@dataclass(frozen=True)
class Page:
    """Some changed records, and the cursor to go on from. ``more`` says whether there are further ones now."""

    records: Sequence[Record]
    cursor: str
    more: bool


class Why(StrEnum):
    """Why a write did not end as asked; "" when it did."""

    MISSING = "missing"  # there is no such record (any more)
    TAKEN = "taken"  # another record has this address or key
    INVALID = "invalid"  # the MAP takes no such value
    REFUSED = "refused"  # refused for another reason; asking again changes nothing
    LATER = "later"  # certainly not done, for a passing reason
    UNKNOWN = "unknown"  # sent, and nobody said whether it was done: look, then act


@dataclass(frozen=True)
class Written:
    """What came of one write: the record's id as it is now, or why it was not taken.

    ``values`` is what the MAP says it holds afterwards (not all of it, with some MAPs), ``changed_at`` its stamp:
    a change with these is the echo of this write. ``trouble`` is what befell the whole call, where something did.
    """

    id: str
    error: str = ""
    why: Why | None = None
    new: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    changed_at: str = ""
    trouble: Trouble | None = field(default=None, repr=False, compare=False)

    @property
    def done(self) -> bool:
        """Whether the MAP said that it did as asked."""
        return self.why is None and not self.error


@dataclass(frozen=True)
class New:
    """A record to make; where one with the same address (or ``key``, the hub's id for it) is there, it is changed."""

    email: str
    values: Mapping[str, str]
    key: str = ""


@dataclass(frozen=True)
class Gone:
    """A record that was deleted in the MAP, and when, as the MAP writes moments."""

    id: str
    at: str = ""


@dataclass(frozen=True)
class Departures:
    """Some deleted records, with a cursor as in ``Page``."""

    gone: Sequence[Gone]
    cursor: str
    more: bool


@dataclass(frozen=True)
class Subscription:
    """What an address is subscribed to: opted out of everything, and type by type (True, False, None: never said)."""

    address: str
    opted_out: bool
    types: Mapping[str, bool | None] = field(default_factory=dict)
    at: str = ""


@dataclass(frozen=True)
class OptOut:
    """Opt an address out of everything, or (``out`` False) back in, which needs a legal basis and its explanation."""

    address: str
    out: bool = True
    basis: str = ""
    explanation: str = ""


class Happening(StrEnum):
    """What a webhook tells of."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    RESTORED = "restored"
    MERGED = "merged"
    OTHER = "other"  # nothing that the hub follows


@dataclass(frozen=True)
class Event:
    """One event of a webhook. It says where to look; what stands is read from the MAP.

    ``key`` is the same for each delivery of the same event. For a merge, ``record`` is the record that is left and
    ``merged`` are the others. ``body`` is the event as it came, without the count of its deliveries. ``error`` says
    what is wrong with an event that can't be understood; its neighbours are none the worse for it.
    """

    key: str
    happening: Happening
    record: str
    at: datetime
    property: str = ""
    value: str = ""
    source: str = ""
    merged: tuple[str, ...] = ()
    body: Mapping[str, object] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True)
class Allowance:
    """What the MAP lets its callers do, as its last answer said: ``left`` of ``most`` calls in ``seconds``.

    None where the MAP said nothing.
    """

    most: int | None = None
    left: int | None = None
    seconds: float | None = None
    most_a_day: int | None = None
    left_today: int | None = None


class Connector(Protocol):
    """One MAP.

    Reading raises ``Trouble``. Writing does not: each item gets its ``Written``, so that one bad item or a break in
    the middle costs no other item its result.
    """

    @property
    def batch(self) -> int:
        """How many records one call to the MAP writes at most; larger writes become several calls."""

    def properties(self) -> Sequence[FieldType]:
        """The fields of its contacts that exist now, with their types and options."""

    def changes(self, cursor: str, limit: int) -> Page:
        """Records changed since ``cursor`` ("" is the beginning); each at least once, and none is left out.

        Raises ``BadCursor`` for one that can't be right; "" then reads everything again.
        """

    def since(self, moment: datetime) -> str:
        """A cursor from which ``changes`` shows at least everything that happens from this moment on."""

    def deletions(self, cursor: str, limit: int) -> Departures:
        """Records deleted in the MAP that it still remembers; merged ones are not among them."""

    def read(self, ids: Iterable[str]) -> Mapping[str, Record]:
        """The records that these ids lead to, by the id asked for. The id of a merged record leads to what is left."""

    def find(self, emails: Iterable[str]) -> Mapping[str, Record]:
        """The records with these addresses, by the address asked for."""

    def write(self, changes: Sequence[tuple[str, Mapping[str, str]]]) -> Sequence[Written]:
        """Store values of records by id, in order; one that fails does not keep the others from being written."""

    def upsert(self, records: Sequence[New]) -> Sequence[Written]:
        """Make records, or change those that are there, in order; item by item as ``write``."""

    def merge(self, primary: str, other: str, values: Mapping[str, str]) -> Written:
        """Make two records one and store ``values`` in what is left. Doing it again changes nothing."""

    def delete(self, ids: Sequence[str]) -> Sequence[Written]:
        """Delete records; one that is not there any more counts as done."""

    def erase(self, ids: Sequence[str]) -> Sequence[Written]:
        """Delete records for good (GDPR, Article 17), so that nothing of them can be restored; as ``delete`` else."""

    def subscriptions(self, addresses: Iterable[str]) -> Mapping[str, Subscription]:
        """What these addresses are subscribed to, by the address asked for."""

    def opt_out(self, changes: Sequence[OptOut]) -> Sequence[Written]:
        """Store subscription states, in order; ``Written.id`` is the address."""

    def verify_webhook(
        self, method: str, uri: str, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Sequence[Event]:
        """The events of a webhook as it came, with the whole address it was sent to. Raises ``BadSignature``."""

    def allowance(self) -> Allowance:
        """The limits, as the last answer told them."""

    def close(self) -> None:
        """Let go of connections."""
