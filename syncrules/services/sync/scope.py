"""Whom a connection may write about in its state: nobody, its test contacts, its pilot's contacts, or everybody.

Asked wherever something would be written on either side (playbook, Step 5: "for this test segment only").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from contacts.models import Address, Contact
from syncrules.connectors.base import Record
from syncrules.domain import marks
from syncrules.models import Connection, Link, Pilot, PilotMember

State = Connection.State
#: States in which workers send and pull by themselves. What is tested is driven by the test alone.
WORKING = (State.PILOT, State.LIVE)


@dataclass(frozen=True)
class Scope:
    """A segment of contacts: ``members`` are ids, None for everybody but the test contacts of other connections.

    ``pilot`` is the pilot whose writes are noted, so that they can be taken back.
    """

    connection: Connection
    members: frozenset[int] | None = None
    pilot: int | None = None

    @property
    def everybody(self) -> bool:
        return self.members is None

    def contacts(self, ids: Iterable[int]) -> set[int]:
        """Those of these contacts that are inside."""
        return set(ids) if self.members is None else self.members.intersection(ids)

    def records(self, shown: Sequence[Record], address: str) -> list[Record]:
        """The records that are linked to somebody inside, or have the address of one: MAP field ``address``."""
        if self.members is None:
            return [r for r in shown if not marks.is_anothers(r.values.get(address, ""), self.connection.slug)]
        inside = self.linked([r.id for r in shown])
        texts = {r.id: r.values.get(address, "").strip().lower() for r in shown if r.id not in inside}
        known = self.addresses([text for text in texts.values() if text])
        return [r for r in shown if r.id in inside or texts.get(r.id) in known]

    def linked(self, records: Sequence[str]) -> set[str]:
        """Those of these record ids that belong to somebody inside."""
        if self.members is None:
            return set(records)
        mine = Link.objects.filter(connection=self.connection, record_id__in=list(records))
        return {record for record, contact in mine.values_list("record_id", "contact") if contact in self.members}

    def addresses(self, keys: Collection[str]) -> set[str]:
        """Those of these addresses that belong to somebody inside."""
        if self.members is None:
            return {key for key in keys if not marks.is_anothers(key, self.connection.slug)}
        theirs = Address.objects.filter(key__in=list(keys)).values_list("key", "contact")
        return {key for key, contact in theirs if contact in self.members}


@dataclass(frozen=True)
class Marked(Scope):
    """The contacts of a two-way test; ``marked`` are their addresses, whether somebody here has them yet or not."""

    marked: frozenset[str] = frozenset()

    def contacts(self, ids: Iterable[int]) -> set[int]:
        """Those that have an address of the test."""
        theirs = Contact.objects.filter(pk__in=list(ids), addresses__key__in=self.marked)
        return set(theirs.values_list("pk", flat=True))

    def records(self, shown: Sequence[Record], address: str) -> list[Record]:
        """Those with an address of the test."""
        return [r for r in shown if r.values.get(address, "").strip().lower() in self.marked]

    def linked(self, records: Sequence[str]) -> set[str]:
        """Those whose contact has an address of the test."""
        mine = Link.objects.filter(connection=self.connection, record_id__in=list(records))
        theirs = mine.filter(contact__addresses__key__in=self.marked)
        return set(theirs.values_list("record_id", flat=True))

    def addresses(self, keys: Collection[str]) -> set[str]:
        """Those of the test."""
        return self.marked.intersection(keys)


def scope_of(connection: Connection, state: str) -> Scope:
    """Whom the connection may write about in this state, read at this moment."""
    if state == State.LIVE:
        return Scope(connection)
    if state == State.PILOT:
        at_work = (Pilot.Status.RUNNING, Pilot.Status.CLEAN)
        pilot = Pilot.objects.filter(connection=connection, status__in=at_work).order_by("-pk").first()
        members = PilotMember.objects.filter(pilot=pilot).values_list("contact_id", flat=True) if pilot else ()
        return Scope(connection, frozenset(members), pilot.pk if pilot else None)
    return Scope(connection, frozenset())


def scope_of_test(connection: Connection, addresses: Iterable[str]) -> Marked:
    """The contacts of a two-way test, whatever the connection's state."""
    return Marked(connection, frozenset(), None, frozenset(a.lower() for a in addresses))
