"""A dry run: the same decisions as the real run, and nothing written.

What earlier chunks of the file would have made is kept beside the database, in a scratch file that the
next chunks look into first, so that a file of a million rows needs no more memory than a small one.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from datetime import datetime
from typing import Any

from contacts.domain.changes import Case, Earlier, Incoming, Person, Plan, Policy, Received
from contacts.domain.identity import Address, company_key
from contacts.domain.packing import unpack
from contacts.domain.translate import translate
from contacts.domain.world import World, add_person, earlier_from, person_key_of
from contacts.models import ImportBatch
from contacts.queries import load_world
from contacts.services.ahead import translated
from contacts.services.intake import decide_all, sign_for_show
from contacts.services.write import Entrance

#: Rows shown of each outcome.
SHOWN = 5
TABLES = ("delivery", "address", "person", "phone", "company", "waiting")


class Scratch:
    """What the rows so far would have made: people by number, and their numbers by key."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.db = database
        self.db.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, state TEXT)")
        for table in TABLES:
            self.db.execute(f"CREATE TABLE {table} (key TEXT, value TEXT, PRIMARY KEY (key, value)) WITHOUT ROWID")
        self.contact_ids: Iterator[int] | None = None
        self.case_ids: Iterator[int] | None = None

    def deliveries(self, world: World, keys: set[str]) -> None:
        """Deliveries of the earlier chunks; the numbers that they used up are gone."""
        if self.contact_ids is None:
            self.contact_ids, self.case_ids = world.contact_ids, world.case_ids
        world.contact_ids, world.case_ids = self.contact_ids, self.case_ids  # type: ignore[assignment]
        for key, stored in self._found("delivery", keys):
            world.deliveries.setdefault(key, Earlier(*json.loads(stored)))

    def addresses(self, world: World, keys: set[str]) -> None:
        """People that the earlier chunks would have made or filled, by address."""
        found = self._found("address", keys)
        self._load(world, {int(ident) for _, ident in found} | set(world.loaded))
        for key, ident in found:
            world.addresses[key] = world.loaded[int(ident)]

    def companies(self, world: World, keys: set[str]) -> None:
        """Domains that company names would have by now."""
        for key, domain in self._found("company", keys):
            world.companies.setdefault(key, set()).add(domain)

    def candidates(self, world: World, people: set[str], phones: set[str]) -> None:
        """The same people by name and domain, and by phone."""
        named, called = self._found("person", people), self._found("phone", phones)
        self._load(world, {int(ident) for _, ident in [*named, *called]} | set(world.loaded))
        for index, found in ((world.people, named), (world.phones, called)):
            for key, ident in found:
                add_person(index, key, world.loaded[int(ident)])

    def waiting(self, world: World, keys: set[str]) -> None:
        """Cases that would be open by now."""
        for key, stored in self._found("waiting", keys):
            kind, rule, reason, who, ident = json.loads(stored)
            world.waiting.setdefault(key, Case(key, kind, rule, reason, who, [], id=ident, new=False))

    def keep(self, plans: Iterable[Plan]) -> None:
        """Note what these plans would make."""
        rows: dict[str, set[tuple[str, str]]] = {table: set() for table in TABLES}
        people = {}
        for plan in plans:
            key = plan.incoming.received.delivery_key
            if key and plan.earlier is None:
                rows["delivery"].add((key, json.dumps(astuple(earlier_from(plan)))))
            if plan.person is not None and plan.outcome != "unchanged":
                people[plan.person.id] = plan.person
            for case in (plan.case, plan.notice):
                if case is not None:
                    stored = json.dumps([case.kind, case.rule, case.reason, case.who, case.id])
                    rows["waiting"].add((case.waiting_key, stored))
        for person in people.values():
            _keys_of(person, rows)
        states = [(p.id, _dump(p)) for p in people.values()]
        self.db.executemany("INSERT OR REPLACE INTO people VALUES (?, ?)", states)
        for table, pairs in rows.items():
            self.db.executemany(f"INSERT OR IGNORE INTO {table} VALUES (?, ?)", sorted(pairs))

    def _found(self, table: str, keys: Iterable[str | None]) -> list[tuple[str, str]]:
        wanted = json.dumps(sorted({k for k in keys if k}))
        sql = f"SELECT t.key, t.value FROM json_each(?) k JOIN {table} t ON t.key = k.value"
        return self.db.execute(sql, [wanted]).fetchall()

    def _load(self, world: World, ids: set[int]) -> None:
        """The newest state of these people; one that the database also knows is replaced by it."""
        sql = "SELECT p.id, p.state FROM json_each(?) k JOIN people p ON p.id = k.value"
        for ident, state in self.db.execute(sql, [json.dumps(sorted(ids))]).fetchall():
            fresh = _read(ident, state)
            known = world.loaded.setdefault(ident, fresh)
            if known is not fresh:
                known.values, known.origins, known.shared_mailbox = fresh.values, fresh.origins, fresh.shared_mailbox


@contextmanager
def scratch() -> Iterator[Scratch]:
    """A scratch that is gone afterwards."""
    with tempfile.NamedTemporaryFile(suffix=".scratch") as file:
        database = sqlite3.connect(file.name, isolation_level=None)
        database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-32000")
        try:
            yield Scratch(database)
        finally:
            database.close()


def dry_run(batch: ImportBatch, at: datetime, tell: Callable[[int], None] = lambda done: None) -> dict[str, Any]:
    """Decide every row of a batch: counts, and the first rows, by outcome. ``tell`` gets the rows so far."""
    entrance = Entrance(batch.source_id, "file", batch.source.name, at)
    counts: Counter[str] = Counter()
    first: dict[str, list[dict[str, Any]]] = {}
    with scratch() as so_far:
        for chunk, policy in translated(batch):
            plans = plan_chunk([unpack(row) for row in chunk], policy, entrance, so_far)
            counts.update(plan.outcome for plan in plans)
            for plan in plans:
                shown = first.setdefault(plan.outcome, [])
                if len(shown) < SHOWN:
                    shown.append(_shown(plan))
            tell(sum(counts.values()))
    return {"counts": dict(counts), "rows": sum(counts.values()), "first": first}


def plan_chunk(batch: Sequence[Incoming], policy: Policy, entrance: Entrance, so_far: Scratch) -> list[Plan]:
    """The plans of some rows after those that the scratch knows."""
    sign_for_show(batch, policy, entrance)
    world = load_world(batch, policy, beside=so_far)
    plans = decide_all(batch, world, policy)
    so_far.keep(plans)
    return plans


def preview(chunk: Sequence[Received], policy: Policy, entrance: Entrance) -> list[Plan]:
    """What would happen to a few records, for a page that shows them."""
    with scratch() as nothing_yet:
        return plan_chunk([translate(record, policy) for record in chunk], policy, entrance, nothing_yet)


def _shown(plan: Plan) -> dict[str, Any]:
    values = plan.incoming.values
    name = f"{values.get('first_name', '')} {values.get('last_name', '')}".strip()
    return {
        "row": plan.incoming.received.row,
        "who": name or values.get("email", "") or plan.incoming.phone,
        "reason": plan.reason,
    }


def _keys_of(person: Person, rows: dict[str, set[tuple[str, str]]]) -> None:
    ident, values = str(person.id), person.values
    rows["address"] |= {(a.key, ident) for a in person.addresses}
    rows["person"].add((person_key_of(values), ident))
    rows["phone"].add((values.get("phone") or "", ident))
    if values.get("company_domain"):
        rows["company"].add((company_key(values.get("company") or ""), values["company_domain"]))


def _dump(person: Person) -> str:
    return json.dumps([person.values, person.origins, [list(a) for a in person.addresses], person.shared_mailbox])


def _read(ident: int, state: str) -> Person:
    values, origins, addresses, shared = json.loads(state)
    return Person(values, origins, ident, [Address(*a) for a in addresses], shared_mailbox=shared)
