"""Kit of the tests of exchanges: a hub with a connection, a worksheet in force, and a MAP in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database

from contacts.models import Contact, Refusal, Source
from contacts.services.people import edit_contact
from contacts.services.release import release
from syncrules.connectors.memory import MemoryMap, Respell, as_sent
from syncrules.domain.worksheet import FieldType, Option
from syncrules.models import Connection, Link, WorksheetRow, WorksheetVersion
from syncrules.services.catalogue import refresh
from syncrules.services.sync.counting import Counts
from syncrules.services.sync.rounds import exchange
from tests import factories

STAGES = ("lead", "mql", "sql", "working", "customer", "unsubscribed")
PROPERTIES = (
    FieldType("email", "Email", "email", role="email"),
    FieldType("firstname", "First name", "text"),
    FieldType("lastname", "Last name", "text"),
    FieldType("title", "Job title", "text"),
    FieldType("firm", "Company", "text"),
    FieldType("phone", "Phone", "phone"),
    FieldType("score", "Score", "number"),
    FieldType("stage", "Stage", "stage", tuple(Option(s, s.upper()) for s in STAGES), role="stage"),
    FieldType("optout", "Unsubscribed", "boolean", role="optout"),
    FieldType("interest", "Interest", "choice", (Option("laser", "Laser"), Option("mill", "Mill"))),
)
#: Stage of the MAP to the hub's.
STAGE_MAP = [
    ["lead", "new-lead"],
    ["mql", "mql"],
    ["sql", "sql"],
    ["working", "in-discovery"],
    ["customer", "customer"],
    ["unsubscribed", "unsubscribed"],
]
#: Hub field, MAP field, direction, rule.
ROWS = (
    ("email", "email", "both", "never"),
    ("first_name", "firstname", "to-map", "fill"),
    ("last_name", "lastname", "to-map", "fill"),
    ("job_title", "title", "both", "fresh"),
    ("company", "firm", "to-map", "hub"),
    ("phone", "phone", "both", "never"),
    ("lead_score", "score", "to-hub", "fresh"),
    ("lifecycle_stage", "stage", "both", "stage"),
    ("opt_in", "optout", "both", "unsubscribe"),
)
START = datetime.fromisoformat("2026-03-02T09:30:00+00:00")


@dataclass
class World:
    """The hub, its connection and the MAP, on a clock that goes on by a minute with every step."""

    connection: Connection
    map: MemoryMap
    now: datetime = START
    people: dict[str, Any] = field(default_factory=dict)

    def later(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def exchange(self, **given: Any) -> Counts:
        self.connection.refresh_from_db()
        return exchange(self.connection, self.map, self.later(), **given)

    def arrive(self, source: str = factories.FORM, **values: str) -> Any:
        return factories.arrive(values, source=source, at=self.later())[0]

    def user(self, role: str) -> Any:
        if role not in self.people:
            self.people[role] = factories.user(role)
        return self.people[role]

    def edit(self, contact: Contact | int, role: str = "sales", **changes: str) -> None:
        ident = contact if isinstance(contact, int) else contact.pk
        version = Contact.objects.values_list("version", flat=True).get(pk=ident)
        edit_contact(ident, changes, user=self.user(role), reason="said so", version=version, at=self.later())

    def release(self, contact: Contact, name: str, role: str = "sales") -> None:
        version = Contact.objects.values_list("version", flat=True).get(pk=contact.pk)
        release(contact.pk, name, user=self.user(role), version=version, at=self.later())

    def record(self, contact: Contact) -> dict[str, str]:
        """What the MAP holds of a contact."""
        ident = Link.objects.get(contact=contact, connection=self.connection).record_id
        return dict(self.map.read([ident])[ident].values)


def source(slug: str = "our-map", name: str = "Our MAP", **given: Any) -> Source:
    stage = Source.objects.get(slug=factories.FORM).entry_stage
    given = {"name": name, "kind": "map", "entry_stage": stage, "region": "US", **given}
    return Source.objects.get_or_create(slug=slug, defaults=given)[0]


def connect(
    slug: str = "our-map", name: str = "Our MAP", respell: Respell = as_sent, rows: Iterable[Any] = ROWS
) -> World:
    """A connection with a worksheet in force, to an empty MAP."""
    made = Connection.objects.create(
        slug=slug,
        name=name,
        kind="memory",
        source=source(slug, name),
        created_at=START - timedelta(days=1),
        state="live",
    )
    world = World(made, MemoryMap(PROPERTIES, respell=respell))
    refresh(made, world.map, START)
    force(made, rows, START)
    return world


def live() -> World:
    """The same, live since the start."""
    world = connect()
    Connection.objects.filter(pk=world.connection.pk).update(state="live", state_at=START)
    return world


def force(
    connection: Connection, rows: Iterable[Any], at: datetime, *, draft: bool = False, **more: Any
) -> WorksheetVersion:
    """A version with these rows, in force from ``at`` on; or the draft."""
    number = connection.versions.count() + 1
    if not draft:
        connection.versions.filter(state="in-force").update(state="past", retired_at=at)
    version = WorksheetVersion.objects.create(
        connection=connection, number=number, state="draft" if draft else "in-force", made_by="Priya", made_at=at,
        saved_by="Priya", saved_at=at, reason="needed", forced_by="Priya", forced_at=None if draft else at,
    )  # fmt: skip
    for place, (hub, there, direction, rule, *extra) in enumerate(rows, 1):
        given = {"value_map": STAGE_MAP} if hub == "lifecycle_stage" else {}
        given |= extra[0] if extra else {}
        WorksheetRow.objects.create(
            version=version, key=place, number=place, field_name=hub, hub_field=hub, map_field=there,
            direction=direction, rule=rule, changed_at=at, **given,
        )  # fmt: skip
    return version


def with_row(hub: str, direction: str, rule: str, **more: Any) -> list[Any]:
    """The usual rows with one of them changed."""
    return [(h, m, direction, rule, more) if h == hub else (h, m, d, r) for h, m, d, r in ROWS]


def contact(email: str) -> Contact:
    return Contact.objects.get(addresses__key=email)


def refusals(contact: Contact) -> list[tuple[str, str, str]]:
    """Field, rule without its place, and value of what connections were refused, in order."""
    found = Refusal.objects.filter(contact=contact, kind="connection").order_by("pk")
    return [(r.field, r.rule.partition("@")[0], r.offered) for r in found]


def dump(leave_out: Callable[[str], bool] = lambda table: False) -> dict[str, list[Any]]:
    """Every row of every table."""
    found = {}
    with database.cursor() as cursor:
        for table in sorted(database.introspection.table_names(cursor)):
            if not leave_out(table):
                cursor.execute(f"SELECT * FROM {database.ops.quote_name(table)}")
                found[table] = sorted(map(repr, cursor.fetchall()))
    return found
