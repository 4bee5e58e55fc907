"""What a draft would make of the contacts that the last arrivals and pulls were about. Nothing is written.

The log says which contacts: those of the newest events. What the MAP holds of each is what it last showed, and
what its own sources sent since; that is judged under the worksheet in force and under the draft, by the code
that judges an exchange. So the answer is what putting the draft in force and exchanging again would do. Contacts
go through in chunks: any number of events takes the same memory, but for the ids.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Any

from django.db.models import QuerySet

from contacts.domain import rules
from contacts.domain.changes import Person
from contacts.models import Arrival, Contact, Source
from contacts.services.bulk import among
from contacts.services.people import person_from
from syncrules.domain.judges import STAGE
from syncrules.domain.records import Terms, Told
from syncrules.domain.simulation import Difference, Subject, compare
from syncrules.domain.worksheet import Worksheet
from syncrules.models import Connection, Link, Pull, WorksheetVersion
from syncrules.services.catalogue import own_sources, terms_of, worksheet_of
from syncrules.services.links import taken_addresses, without

#: Contacts that are looked at together, and events that are read together.
CHUNK, READ = 1_000, 5_000
#: At most this many differences are kept one by one; the counts know all of them.
MOST = 50_000
#: Values of arrivals that nobody sent, or that could not be read.
NOT_SENT = frozenset({rules.FROM_ADDRESS, rules.FROM_COMPANY, rules.UNREADABLE, rules.TOO_LONG, rules.WITH_ARRIVAL})


@dataclass
class Simulated:
    """What would be different. ``arrivals`` is how many events were looked at, ``by_field`` counts differences."""

    arrivals: int = 0
    contacts: int = 0
    differences: list[Difference] = field(default_factory=list)
    kept: list[Difference] = field(default_factory=list)
    by_field: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """All differences, also those that are not kept one by one."""
        return self.by_field.total()

    def tell(self, found: Difference) -> None:
        """Count a difference, and keep it while there is room."""
        if not found.kept:
            self.by_field[found.field] += 1
        kept = self.kept if found.kept else self.differences
        if len(kept) < MOST:
            kept.append(found)


@dataclass(frozen=True)
class Events:
    """The newest events: how many, whom they were about, and where in each log they begin."""

    number: int
    contacts: Sequence[int]
    first_arrival: int
    first_pull: int


def simulate(connection: Connection, draft: Worksheet, last: int = 10_000) -> Simulated:
    """Judge the contacts of the ``last`` newest arrivals and pulls under what is in force and under the draft.

    The number of queries goes with the number of contacts divided by ``CHUNK``.
    """
    in_force = WorksheetVersion.objects.filter(connection=connection, state=WorksheetVersion.State.IN_FORCE).first()
    obeyed = worksheet_of(connection, in_force) if in_force else replace(draft, rows=(), version=0)
    now, then = terms_of(connection, obeyed), terms_of(connection, draft)
    before = {row.key: row for row in obeyed.rows}
    sources = Source.objects.filter(pk__in=own_sources(connection)).in_bulk()
    events = newest(connection, list(sources), last)
    done = Simulated(events.number, len(events.contacts))
    for start in range(0, len(events.contacts), CHUNK):
        chunk = events.contacts[start : start + CHUNK]
        for subject in _subjects(connection, chunk, events, sources, (now, then)):
            for found in compare(subject, now, then, before):
                done.tell(found)
    return done


def newest(connection: Connection, sources: Sequence[int], last: int) -> Events:
    """The newest arrivals of these sources and pulls of the connection, together at most ``last``."""
    arrivals = Arrival.objects.filter(source__in=sources).values_list("received_at", "pk", "contact_id")
    # A record that was new came as an arrival, which is counted already.
    pulls = Pull.objects.filter(connection=connection, arrival=None).values_list("at", "pk", "contact_id")
    streams = [_numbered(which, rows.order_by("-pk")[:last]) for which, rows in enumerate((arrivals, pulls))]
    number, contacts, first = 0, array("q"), [0, 0]
    for _, which, pk, contact in islice(merge(*streams, key=itemgetter(0), reverse=True), last):
        number, first[which] = number + 1, pk
        if contact is not None:
            contacts.append(contact)
    return Events(number, array("q", sorted(set(contacts))), *first)


def _numbered(which: int, rows: QuerySet[Any]) -> Iterator[tuple[datetime, int, int, int | None]]:
    """The rows of one log, each with the log's number."""
    for at, pk, contact in rows.iterator(READ):
        yield at, which, pk, contact


def _subjects(
    connection: Connection,
    ids: Sequence[int],
    events: Events,
    sources: Mapping[int, Source],
    terms: tuple[Terms, Terms],
) -> Iterator[Subject]:
    """Each contact of a chunk as it is, with what its MAP holds of it; one for each of its records."""
    contacts = {c.pk: c for c in Contact.objects.filter(pk__in=among(list(ids)))}
    people = {pk: person_from(c) for pk, c in contacts.items()}
    held = _held(connection, ids, events)
    offers = _offers(ids, events, sources, terms[1])
    told: list[tuple[Person, Told]] = []
    for ident, person in people.items():
        for shown, agreed, since in held.get(ident, [({}, {}, None)]):
            newer = {f: v for f, (v, at) in offers.get(ident, {}).items() if since is None or at > since}
            told.append((person, Told(shown, {}, agreed, newer)))
    pairs = [(person, one.shown) for person, one in told]
    taken = taken_addresses(terms[0], pairs) | taken_addresses(terms[1], pairs)
    for person, one in told:
        yield Subject(person, one._replace(shown=without(taken, one.shown)), str(contacts[person.id]))


Held = tuple[Mapping[str, str], Mapping[str, Any], datetime | None]


def _held(connection: Connection, ids: Sequence[int], events: Events) -> dict[int, list[Held]]:
    """What the MAP last showed of each contact's records, what was agreed, and when that was."""
    held: dict[int, list[Held]] = defaultdict(list)
    links = Link.objects.filter(connection=connection, contact__in=among(list(ids))).order_by("pk")
    for link in links:
        held[link.contact_id].append((link.seen, link.agreed, link.agreed_at))
    alone = [i for i in ids if i not in held]
    pulls = Pull.objects.filter(connection=connection, contact__in=among(alone), pk__gte=events.first_pull or 1)
    for contact, values, at in pulls.order_by("pk").values_list("contact_id", "values", "at"):
        held[contact] = [(values, {}, at)]
    return held


def _offers(
    ids: Sequence[int], events: Events, sources: Mapping[int, Source], terms: Terms
) -> dict[int, dict[str, tuple[Any, datetime]]]:
    """By contact and field, the newest value that arrivals brought, in the hub's terms, and when."""
    offers: dict[int, dict[str, tuple[Any, datetime]]] = defaultdict(dict)
    if not events.first_arrival:
        return offers
    found = Arrival.objects.filter(contact__in=among(list(ids)), pk__gte=events.first_arrival, source__in=sources)
    columns = "contact_id", "source_id", "received_at", "verdicts"
    for contact, source, at, verdicts in found.order_by("pk").values_list(*columns):
        entry = sources[source].entry_stage_id
        for name, _, rule, *rest in verdicts:
            value = _value(terms, name, rest[0]) if rest and rest[0] and rule not in NOT_SENT else None
            if value is not None and not (name == STAGE and value == entry):
                offers[contact][name] = value, at
    return offers


def _value(terms: Terms, name: str, text: str) -> Any:
    """An offered text in the hub's terms; None where it says nothing to a worksheet."""
    kind = terms.worksheet.hub_fields.get(name)
    if kind is None or name == "source":
        return None
    if name == STAGE:
        stage = terms.stages.named(text)
        return stage.slug if stage else None
    if kind.type == "number":
        return int(text) if text.lstrip("-").isdigit() else float(text)
    return text == "True" if kind.type == "boolean" else text
