"""Links between contacts and the records of a MAP: made when a record found its contact, kept by the MAP's own id."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count

from contacts.domain.changes import Person, Plan, Received
from contacts.queries import policy_for
from contacts.services import bulk, intake, synced
from contacts.services.records import storable
from contacts.services.write import Entrance
from syncrules.connectors.base import Record
from syncrules.domain.records import Terms, incoming_texts
from syncrules.models import Connection, Link, Pull

LINKED = frozenset({"created", "filled", "unchanged", "repeated"})
Shown = Mapping[str, str]
COLUMNS = ["agreed", "seen", "agreed_at", "version", "stamp"]


@dataclass(slots=True)
class NewLink:
    """A ``Link`` before it is stored, many at a time: an instance of the model costs more than the row."""

    connection_id: int
    contact_id: int | None
    record_id: str
    agreed: Mapping[str, Any] = field(default_factory=dict)
    seen: Mapping[str, str] = field(default_factory=dict)
    agreed_at: datetime | None = None
    version: int = 0
    stamp: str = ""


def of_records(connection: Connection, ids: Iterable[str]) -> dict[str, Link]:
    """The links of these records, by record id; one query."""
    found = Link.objects.filter(connection=connection, record_id__in=bulk.among_texts(list(ids)))
    return {link.record_id: link for link in found}


def with_several(connection: Connection, contacts: Iterable[int]) -> set[int]:
    """Those of these contacts who have more than one record in the MAP; one query."""
    mine = Link.objects.filter(connection=connection, state=Link.State.LINKED, contact__in=bulk.among(list(contacts)))
    twice = mine.order_by().values("contact").annotate(records=Count("pk")).filter(records__gt=1)
    return set(twice.values_list("contact", flat=True))


def take_in(
    connection: Connection, terms: Terms, records: Sequence[Record], at: datetime, is_lead: Callable[[Shown], bool]
) -> list[Plan]:
    """Records that belong to nobody yet go through the decision tree, as arrivals of the connection's source.

    Those that are no leads (``is_lead`` gets what a record shows) become known people, without a stage.
    Those that found or made their contact are linked in the same transaction; what is held has no link until a
    person decided (``adopt``).
    """
    batch = [_received(connection, terms, record, is_lead) for record in records]
    entrance = Entrance(connection.source_id, "api", connection.name, at)

    def link(plans: list[Plan]) -> None:
        pairs = [(record, plan) for record, plan in zip(records, plans, strict=True)]
        made = [_link(connection, r, c) for r, p in pairs if (c := _contact_of(p)) is not None]
        Link.objects.bulk_create(made, ignore_conflicts=True)
        Pull.objects.bulk_create(
            Pull(
                connection=connection, contact_id=_contact_of(p), arrival_id=p.incoming.arrival_id, record_id=r.id,
                values=shown_of(r), version=terms.worksheet.version, at=at,
            )
            for r, p in pairs if p.outcome != "repeated"
        )  # fmt: skip

    return intake.take(batch, policy_for(connection.source), entrance, before_commit=link) if batch else []


def adopt(connection: Connection, contacts: Iterable[int] | None = None) -> list[str]:
    """Link the records that were held and that somebody decided since, of these contacts or of all; their ids.

    Such a link has seen what the record showed when it was held. A fixed number of queries.
    """
    decided = Pull.objects.filter(connection=connection, contact=None, arrival__contact__isnull=False)
    if contacts is not None:
        decided = decided.filter(arrival__contact__in=bulk.among(list(contacts)))
    rows = list(decided.order_by("pk").values_list("pk", "record_id", "arrival__contact_id", "values"))
    newest = {record: (contact, values) for _, record, contact, values in rows}
    Link.objects.bulk_create(
        [Link(connection=connection, record_id=r, contact_id=c, seen=seen) for r, (c, seen) in newest.items()],
        ignore_conflicts=True,
    )
    bulk.update(Pull, ["contact_id"], [(contact, pull) for pull, _, contact, _ in rows])
    return list(newest)


def store(links: Sequence[Link]) -> None:
    """What was agreed and seen, of many links in one statement. Every column of ``COLUMNS`` is written."""
    bulk.update(Link, COLUMNS, [(*_stored(link), link.pk) for link in links])


def insert(links: Iterable[NewLink]) -> None:
    """New links in one statement."""
    names = [*COLUMNS, "connection_id", "contact_id", "record_id", "state", "into"]
    fresh = (Link.State.LINKED.value, "")
    rows = [(*_stored(new), new.connection_id, new.contact_id, new.record_id, *fresh) for new in links]
    bulk.insert(Link, names, rows)


def _stored(link: Link | NewLink) -> tuple[Any, ...]:
    """In the order of ``COLUMNS``."""
    agreed, seen = bulk.as_json(link.agreed), bulk.as_json(link.seen)
    return agreed, seen, bulk.as_time(link.agreed_at), link.version, link.stamp


def taken_addresses(terms: Terms, offers: Iterable[tuple[Person, Mapping[str, str]]]) -> set[tuple[str, str]]:
    """MAP field and address, where a contact without one is offered what somebody has already, or two are."""
    fields = [row.map for row in terms.rows if row.hub == "email"]
    without_one = [shown for person, shown in offers if not person.values.get("email")]
    offered = [(name, text) for shown in without_one for name in fields if (text := shown.get(name))]
    if not offered:
        return set()
    times = Counter(text for _, text in offered)
    known = synced.taken_addresses(times) | {text for text, n in times.items() if n > 1}
    return {pair for pair in offered if pair[1] in known}


def without(taken: set[tuple[str, str]], shown: Mapping[str, str]) -> Mapping[str, str]:
    """What a record shows without an address that is somebody else's."""
    return {name: text for name, text in shown.items() if (name, text) not in taken} if taken else shown


def _received(connection: Connection, terms: Terms, record: Record, is_lead: Callable[[Shown], bool]) -> Received:
    values = shown_of(record)
    said = bulk.as_json([connection.slug, record.id, terms.worksheet.version, sorted(values.items())])
    key = hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
    mapped = {row.map for row in terms.rows}
    return Received(
        incoming_texts(terms, values) | {"external_id": record.id},
        values,
        delivery_key=key,
        content_hash=key,
        columns=_columns(terms),
        unknown=tuple(name for name in values if name not in mapped),
        lead=is_lead(values),
    )


def _columns(terms: Terms) -> dict[str, str]:
    """Hub field to what the MAP calls it, for messages."""
    fields = terms.worksheet.map_fields
    return {row.hub: fields[row.map].label for row in terms.rows}


def _contact_of(plan: Plan) -> int | None:
    if plan.outcome not in LINKED:
        return None
    return plan.person.id if plan.person else plan.earlier.contact_id if plan.earlier else None


def shown_of(record: Record) -> dict[str, str]:
    """What a record shows, as it can be stored; a property without a value is absent."""
    return {name: text for name, text in storable(dict(record.values)).items() if text}


def _link(connection: Connection, record: Record, contact: int) -> Link:
    """A new link has seen the record: what the tree refused of it is told with its arrival, and not again."""
    seen, stamp = shown_of(record), record.changed_at[:40]
    return Link(connection=connection, record_id=record.id, contact_id=contact, seen=seen, stamp=stamp)


def is_older(stamp: str, than: str) -> bool:
    """Whether one stamp of a MAP is before another; False where either is missing or none can say."""
    if not stamp or not than:
        return False
    try:
        return datetime.fromisoformat(stamp) < datetime.fromisoformat(than)
    except (ValueError, TypeError):
        return stamp < than
