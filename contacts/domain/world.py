"""What is known when a batch is decided: the evidence read from the database, kept true as decisions are made.

Deciding a batch in order, each record seeing what the earlier ones did, gives the same result as sending
the records one at a time. So every decision is told to the world (``learn``) before the next one.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from contacts.domain.changes import Case, Earlier, Incoming, Person, Plan
from contacts.domain.consent import Entry, said_no
from contacts.domain.identity import company_key, full_person_key

_number = attrgetter("id")


#: What a contact is found by. A fill of anything else makes it no easier to find.
INDEXED = frozenset({"first_name", "last_name", "company", "company_domain", "phone", "email"})


@dataclass(slots=True)
class World:
    """Everything that the decision tree may look at, by key."""

    contact_ids: Iterator[int]
    case_ids: Iterator[int]
    deliveries: dict[str, Earlier] = field(default_factory=dict)
    addresses: dict[str, Person] = field(default_factory=dict)
    waiting: dict[str, Case] = field(default_factory=dict)
    people: dict[str, list[Person]] = field(default_factory=dict)
    phones: dict[str, list[Person]] = field(default_factory=dict)
    companies: dict[str, set[str]] = field(default_factory=dict)
    loaded: dict[int, Person] = field(default_factory=dict)
    said: dict[str, list[Entry]] = field(default_factory=dict)  # by address, where it matters
    aliases: dict[int, list[str]] = field(default_factory=dict)  # of contacts that may leave Unsubscribed
    before: dict[int, str] = field(default_factory=dict)  # their stage before they unsubscribed

    def domain_of_company(self, key: str) -> str:
        """The one domain known for this company name; "" when there is none or more than one."""
        known = self.companies.get(key, ())
        return next(iter(known)) if len(known) == 1 else ""

    def learn(self, plan: Plan) -> None:
        """Take a decision into account for the records that follow."""
        key = plan.incoming.received.delivery_key
        if key and plan.earlier is None:
            self.deliveries[key] = earlier_from(plan)
        if plan.person is not None and (plan.outcome == "created" or not INDEXED.isdisjoint(plan.writes)):
            self.index(plan.person)
        if plan.case is not None:
            self.waiting[plan.case.waiting_key] = plan.case
        if plan.notice is not None:
            self.waiting[plan.notice.waiting_key] = plan.notice
        if plan.incoming.entry is not None and plan.earlier is None and plan.incoming.address is not None:
            self.said.setdefault(plan.incoming.address.key, []).append(plan.incoming.entry)

    def stops(self, incoming: Incoming) -> bool:
        """Whether the person must not be mailed, with what this record says."""
        said = self.said.get(incoming.address.key) if incoming.address is not None else None
        if incoming.entry is None and said is None:
            return incoming.stops
        return bool(said_no([*(said or ()), *([incoming.entry] if incoming.entry else ())]))

    def may_leave_unsubscribed(self, incoming: Incoming, person: Person) -> bool:
        """Whether this record is the person's agreement anew, and nothing stands against any address of theirs."""
        if incoming.entry is None or not incoming.entry.lifts or incoming.stops:
            return False
        mine = incoming.address.key if incoming.address else ""
        return not any(said_no(self.said.get(a, ())) for a in self.aliases.get(person.id, ()) if a != mine)

    def index(self, person: Person) -> None:
        """Make a new or filled contact findable under each of its keys."""
        values = person.values
        for address in person.addresses:
            self.addresses[address.key] = person
        key = person_key_of(values)
        add_person(self.people, key, person)
        add_person(self.phones, values.get("phone") or "", person)
        company, domain = company_key(values.get("company") or ""), values.get("company_domain")
        if company and domain:
            self.companies.setdefault(company, set()).add(domain)


def person_key_of(values: dict[str, Any]) -> str:
    """The name-and-domain key of a contact's values, "" unless all three parts are there."""
    return full_person_key(
        values.get("first_name") or "", values.get("last_name") or "", values.get("company_domain") or ""
    )


def earlier_from(plan: Plan) -> Earlier:
    """What a record of this batch is to one that repeats it."""
    row, case = plan.incoming.received.row, plan.case or plan.notice
    return Earlier(
        f"row {row} of this file" if row is not None else "this request",
        plan.incoming.arrival_id,
        plan.outcome,
        plan.person.id if plan.person else None,
        case.id if case else None,
    )


def add_person(index: dict[str, list[Person]], key: str, person: Person) -> None:
    """Make a person findable under one key."""
    if not key:
        return
    found = index.setdefault(key, [])
    if all(p.id != person.id for p in found):
        insort(found, person, key=_number)  # by number, as the database gives them
