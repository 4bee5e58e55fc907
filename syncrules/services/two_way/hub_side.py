"""What a two-way test does in the hub, and what the hub holds of its contacts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from contacts.models import Contact, Source
from contacts.services import trials
from contacts.services.people import person_from
from syncrules.domain import threshold
from syncrules.domain.records import Terms, hub_value
from syncrules.domain.two_way.plan import Move, Pair
from syncrules.domain.two_way.wishes import wishes
from syncrules.models import Connection, Link
from syncrules.services.catalogue import own_sources

STAGE = trials.STAGE


def source_for(connection: Connection) -> Source:
    """A lead source that does not live in the MAP: what it brings is the hub's own."""
    own = own_sources(connection)
    other = Source.objects.exclude(pk__in=own).exclude(kind=Source.Kind.MAP).order_by("pk").first()
    return other or connection.source


def make_pairs(pairs: Iterable[Pair], source: Source, at: datetime) -> dict[str, str]:
    """The contacts of pairs; by address why one was not made. What a person is said to have typed is typed then."""
    given = list(pairs)
    refused = trials.make([_record(pair) for pair in given], source, "sales", at)
    there = trials.found([pair.address for pair in given])
    typed = {there[p.address]: p.here for p in given if p.typed and p.here and p.address in there}
    trials.write_as_person(typed, at)
    return refused


def _record(pair: Pair) -> dict[str, str]:
    """As a form would send it: of a contact that a person types the values of, the names alone."""
    names = {name: value for name, value in pair.here.items() if name in ("first_name", "last_name")}
    given = names if pair.typed else pair.here
    return {"email": pair.address, **{name: _text(value) for name, value in given.items()}}


def _text(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def make_movers(moves: Sequence[Move], terms: Terms, source: Source, at: datetime) -> dict[str, str]:
    """A contact at the first stage of each move, set by whoever may set it."""
    owners = {stage.slug: "map" if stage.owner == "map" else "sales" for stage in terms.stages.rows}
    by_actor: dict[str, list[dict[str, str]]] = defaultdict(list)
    for move in moves:
        person = {"email": move.address, "first_name": "Ada", "last_name": f"Testmover{move.who}"}
        by_actor[owners[move.start]].append({**person, STAGE: move.start})
    refused: dict[str, str] = {}
    for actor, records in by_actor.items():
        refused |= trials.make(records, source, actor, at)
    return refused


def make_new(connection: Connection, terms: Terms, pair: Pair, source: Source, at: datetime) -> dict[str, str]:
    """Somebody new whom the MAP is to be told of: with what the threshold asks for, where that can be had."""
    wanted = wishes(threshold.compile(connection.takes_part, terms.worksheet.hub_fields), pair.who)
    origin = Source.objects.filter(slug=wanted.pop("source", "")).first() or source
    stage = terms.stages.get(wanted.get(STAGE, ""))
    pair.here |= {name: value for name, value in wanted.items() if name in pair.here}
    record = {**_record(pair), **wanted, "email": pair.address}
    return trials.make([record], origin, "map" if stage is not None and stage.owner == "map" else "sales", at)


def move(moves: Iterable[Move], at: datetime) -> None:
    """Sales change the stage of these contacts, as far as the stage table lets them."""
    going = [one for one in moves if one.allowed]
    there = trials.found([one.address for one in going])
    trials.write_as_person({there[m.address]: {STAGE: m.end} for m in going if m.address in there}, at)


def values(terms: Terms, addresses: Collection[str]) -> dict[str, dict[str, Any]]:
    """What each contact holds, by address, in the terms of the worksheet."""
    there = trials.found(addresses)
    people = {c.pk: person_from(c) for c in Contact.objects.filter(pk__in=there.values())}
    names = [*dict.fromkeys(["source", STAGE, *(row.hub for row in terms.rows)])]
    return {
        address: {name: hub_value(terms, people[ident], name) for name in names}
        for address, ident in there.items()
        if ident in people
    }


def counts(connection: Connection, records: Mapping[str, str]) -> dict[str, int]:
    """How many contacts stand for each address: whose it is, and whoever its record (by address) was linked to."""
    owners = trials.found(records)
    linked = Link.objects.filter(connection=connection, record_id__in=records.values())
    whose = dict(linked.values_list("record_id", "contact"))
    people = {address: {owners.get(address), whose.get(record)} - {None} for address, record in records.items()}
    return {address: len(ids) for address, ids in people.items()}
