"""Reading: the policy of a source, and the evidence for a batch in one query per kind of key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Any, Protocol

import orjson
from django.db import connection
from django.db.models import Max, Subquery

from contacts.domain.changes import Case, CustomType, Earlier, Incoming, Person, Policy, SourceRow
from contacts.domain.consent import NEWS
from contacts.domain.identity import company_key, full_person_key
from contacts.domain.lifecycle import UNSUBSCRIBED, StageRow, StageTable
from contacts.domain.stage_table import split_names
from contacts.domain.world import World
from contacts.models import (
    Address,
    Arrival,
    Contact,
    CustomField,
    HubSettings,
    Review,
    Source,
    Stage,
    StageTableVersion,
)
from contacts.services.bulk import read_time, reserve_ids, rows_of
from contacts.services.consent.reading import weighty_entries

#: At most this many contacts of one name and domain are shown as candidates.
CANDIDATES = 10

VALUES = (
    "email first_name last_name company company_domain phone job_title country "
    "lifecycle_stage_id lead_score source_id owner_id"
).split()
STATE = ", ".join(
    f"c.{c}" for c in ["id", *VALUES, "created_at", "custom", "origins", "shared_mailbox", "last_activity"]
)


def stage_table() -> StageTable:
    """The stages as the judges need them, with the moves that ops closed; in one query."""
    in_force = StageTableVersion.objects.filter(state=StageTableVersion.State.IN_FORCE).values("data__closed")
    columns = ("slug", "label", "rank", "owner", "also_called", "shut")
    rows = list(Stage.objects.annotate(shut=Subquery(in_force[:1])).values_list(*columns))
    closed = (rows[0][5] or ()) if rows else ()
    return StageTable(tuple(StageRow(*r[:4], split_names(r[4])) for r in rows), frozenset((a, b) for a, b in closed))


def source_row(source: Source) -> SourceRow:
    """A source as the judges need it."""
    kind = source.kind if source.kind in (Source.Kind.MAP, Source.Kind.SALES) else "arrival"
    by_person = source.kind in (Source.Kind.FORM, Source.Kind.EVENT)
    purpose = source.purpose_id or NEWS
    return SourceRow(
        source.pk, source.slug, source.name, kind, source.entry_stage_id, source.region, purpose, by_person
    )


def policy_for(source: Source) -> Policy:
    """Everything that ops decided and that a decision about this source's arrivals depends on."""
    hub = HubSettings.load()
    custom = {
        f.slug: CustomType(f.slug, f.label, f.type, tuple(f.choices), f.describes_person)
        for f in CustomField.objects.all()
    }
    return Policy(source_row(source), stage_table(), custom, hub.phone_shared_limit, hub.default_region)


class Beside(Protocol):
    """What is known beside the database, such as what the earlier rows of a dry run would have made."""

    def deliveries(self, world: World, keys: set[str]) -> None: ...
    def addresses(self, world: World, keys: set[str]) -> None: ...
    def companies(self, world: World, keys: set[str]) -> None: ...
    def candidates(self, world: World, people: set[str], phones: set[str]) -> None: ...
    def waiting(self, world: World, keys: set[str]) -> None: ...


def load_world(batch: Sequence[Incoming], policy: Policy, *, beside: Beside | None = None) -> World:
    """The evidence for a batch. Inside a transaction; on PostgreSQL the matched contacts are locked.

    With ``beside`` nothing will be written: no number is used up and nothing is locked.
    """
    world = World(*(_next_numbers() if beside else reserve_ids([Contact, Review], len(batch))))
    usable = [i for i in batch if not i.rejected]
    deliveries = {i.received.delivery_key for i in batch if i.received.delivery_key}
    _deliveries(world, deliveries)
    addresses = {i.address.key for i in usable if i.address}
    _addresses(world, addresses, lock=beside is None)
    if beside:
        beside.deliveries(world, deliveries)
        beside.addresses(world, addresses)
    unmatched = [i for i in usable if not i.address or i.address.key not in world.addresses]
    without = {i.company for i in unmatched if i.company and not i.domain}
    _companies(world, without)
    if beside:
        beside.companies(world, without)
    inferred = _inferred(unmatched, usable, world) if without else set()
    people, phones = {i.person for i in unmatched if i.person} | inferred, {i.phone for i in unmatched if i.phone}
    _candidates(world, world.people, "person_key", people, CANDIDATES)
    _candidates(world, world.phones, "phone", phones, policy.phone_shared_limit + 1)
    waiting = _waiting_keys(world, usable, addresses, inferred)
    _waiting(world, waiting)
    if beside:
        beside.candidates(world, people, phones)
        beside.waiting(world, waiting)
    _said(world, usable, addresses)
    return world


def _said(world: World, batch: Iterable[Incoming], addresses: set[str]) -> None:
    """What was said against mailing these people, and what must be known of those who may leave Unsubscribed (F1)."""
    told = {i.address.key: i.entry for i in batch if i.address and i.entry}
    world.said = weighty_entries(addresses, told)
    agreeing = {world.addresses[a].id for a, entry in told.items() if entry.lifts and a in world.addresses}
    back = [i for i in agreeing if world.loaded[i].values.get("lifecycle_stage") == UNSUBSCRIBED]
    if back:
        world.before = stages_before(back)
        for contact, key in Address.objects.filter(contact__in=back).values_list("contact_id", "key"):
            world.aliases.setdefault(contact, []).append(key)
        others = {key for found in world.aliases.values() for key in found} - world.said.keys()
        world.said |= weighty_entries(others, ())


def stages_before(contacts: Sequence[int]) -> dict[int, str]:
    """The stage that contacts had before they were Unsubscribed, as far as their history knows."""
    rows = Contact.history.model.objects.filter(id__in=contacts).exclude(lifecycle_stage_id=UNSUBSCRIBED)
    return dict(rows.order_by("history_id").values_list("id", "lifecycle_stage_id"))


def _next_numbers() -> tuple[Iterator[int], Iterator[int]]:
    """The numbers that come next, without using them up."""
    last = [model.objects.aggregate(last=Max("pk"))["last"] or 0 for model in (Contact, Review)]
    return count(last[0] + 1), count(last[1] + 1)


def _inferred(unmatched: Sequence[Incoming], usable: Sequence[Incoming], world: World) -> set[str]:
    """Keys that a record gets only through the domain of its company's name, now or later in this batch."""
    domains: dict[str, set[str]] = {c: set(d) for c, d in world.companies.items()}
    for companies, found in _met(usable, world):
        for company in companies:
            domains.setdefault(company, set()).update(found)
    return {
        key
        for i in unmatched
        if i.company and not i.domain
        for domain in domains.get(i.company, ())
        if (key := full_person_key(i.values.get("first_name", ""), i.values.get("last_name", ""), domain))
    }


def _met(usable: Iterable[Incoming], world: World) -> Iterable[tuple[set[str], set[str]]]:
    """Companies and domains that may come together on one contact by what this batch fills."""
    met: dict[Any, tuple[set[str], set[str]]] = {}
    for n, i in enumerate(usable):
        person = world.addresses.get(i.address.key) if i.address else None
        who = person.id if person else i.address.key if i.address else (n,)
        companies, domains = met.setdefault(who, (set(), set()))
        if person:
            companies.add(company_key(person.values.get("company") or ""))
            domains.add(person.values.get("company_domain") or "")
        companies.add(i.company)
        domains.add(i.domain)
    return [(companies - {""}, domains - {""}) for companies, domains in met.values()]


def _deliveries(world: World, keys: set[str]) -> None:
    if not keys:
        return
    found = rows_of(
        "SELECT k.value, a.id, a.outcome, a.contact_id, a.review_id, a.row, a.received_at, b.filename FROM {keys} "
        "{join} contacts_arrival a ON a.delivery_key = k.value LEFT JOIN contacts_importbatch b ON b.id = a.batch_id",
        keys,
    )
    for key, arrival, outcome, contact, review, row, at, filename in found:
        place = f"row {row} of {filename}" if filename else f"arrival {arrival}"
        label = f"{place}, {read_time(at):%-d %B %Y}"
        world.deliveries[key] = Earlier(label, arrival, outcome, contact, review)


def _addresses(world: World, keys: set[str], *, lock: bool) -> None:
    if not keys:
        return
    locked = " FOR UPDATE OF c" if lock and connection.vendor == "postgresql" else ""
    found = rows_of(
        f"SELECT k.value, {STATE} FROM {{keys}} {{join}} contacts_address x ON x.key = k.value "
        f"JOIN contacts_contact c ON c.id = x.contact_id{locked}",
        keys,
    )
    for key, *state in found:
        world.addresses[key] = world.loaded.setdefault(state[0], person_from(state))


def people(ids: Iterable[int]) -> dict[int, tuple[int, Person]]:
    """Version and person of these contacts, by id; one query."""
    sql = f"SELECT c.version, {STATE} FROM {{keys}} {{join}} contacts_contact c ON c.id = CAST(k.value AS bigint)"
    return {state[0]: (version, person_from(state)) for version, *state in rows_of(sql, map(str, ids))}


def person_from(state: Sequence[Any]) -> Person:
    """A contact as the judges see it, from a row of ``STATE``."""
    ident, *values, created, custom, origins, shared, activity = state
    known = dict(zip(VALUES, values, strict=True))
    for field in ("lifecycle_stage", "source", "owner"):
        known[field] = known.pop(f"{field}_id")
    known.update(orjson.loads(custom))
    return Person(
        known, orjson.loads(origins), ident,
        shared_mailbox=bool(shared), last_activity=read_time(activity), created_at=created,
    )  # fmt: skip


def _waiting_keys(world: World, batch: Iterable[Incoming], addresses: set[str], inferred: set[str]) -> set[str]:
    """Under which keys these records, or the mailboxes that they write from, may wait already."""
    keys = {f"a:{key}" for key in addresses}
    keys |= {f"m:{p.id}" for p in world.addresses.values()}
    keys |= {f"n:{i.person}" for i in batch if i.person and not i.address}
    keys |= {f"n:{key}" for key in inferred}
    return keys | {f"p:{i.phone}" for i in batch if i.phone and not i.address}


def _waiting(world: World, keys: set[str]) -> None:
    if not keys:
        return
    found = rows_of(
        "SELECT r.waiting_key, r.id, r.kind, r.rule, r.reason, r.who FROM {keys} "
        "{join} contacts_review r ON r.waiting_key = k.value AND r.status = 'open'",
        keys,
    )
    for key, ident, kind, rule, reason, who in found:
        world.waiting[key] = Case(key, kind, rule, reason, who, [], id=ident, new=False)


def _companies(world: World, keys: set[str]) -> None:
    """The known domain of a company's name: its least and greatest are the same where there is one."""
    if not keys:
        return
    where = "FROM contacts_contact c WHERE c.company_key = k.value AND c.company_domain > ''"
    found = rows_of(
        f"SELECT k.value, (SELECT MIN(c.company_domain) {where}), (SELECT MAX(c.company_domain) {where}) FROM {{keys}}",
        keys,
    )
    for key, least, greatest in found:
        if least:
            world.companies[key] = {least, greatest}


def _candidates(world: World, index: dict[str, list[Person]], column: str, keys: set[str], limit: int) -> None:
    """The contacts of each key, at most ``limit`` of each however many there are."""
    if not keys:
        return
    guard = " AND NOT (x.phone = '')" if column == "phone" else ""
    few = f"FROM contacts_contact x WHERE x.{column} = k.value{guard} ORDER BY x.id LIMIT {int(limit)}"
    # The same question in each database's words: SQLite has no LATERAL, PostgreSQL plans the other one badly.
    if connection.vendor == "postgresql":
        found = rows_of(f"SELECT k.value, {STATE} FROM {{keys}} CROSS JOIN LATERAL (SELECT x.* {few}) c", keys)
    else:
        wanted = f"c.id IN (SELECT x.id {few})"
        found = rows_of(f"SELECT k.value, {STATE} FROM {{keys}} CROSS JOIN contacts_contact c ON {wanted}", keys)
    for key, *state in sorted(found, key=lambda row: row[1]):
        index.setdefault(key, []).append(world.loaded.setdefault(state[0], person_from(state)))


def arrival_ids(count: int) -> Any:
    """Ids for arrivals that are about to be stored."""
    return reserve_ids([Arrival], count)[0]
