"""What a new hub's rule-book starts with: the connection to the sandbox MAP; in a demo it is live, and has a draft.

Everything here may run again: what exists stays as ops left it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from contacts.models import Source
from contacts.queries import stage_table
from contacts.services.story import person_name
from syncrules import seeds
from syncrules.domain.catalogue import as_json
from syncrules.domain.worksheet import Direction, Rule
from syncrules.models import Connection, Override, WorksheetVersion
from syncrules.services import editing
from syncrules.services.going_live import gates
from syncrules.services.going_live.basis import basis_of
from syncrules.services.hub_fields import hub_fields
from syncrules.services.rows import FIELDS
from syncrules.services.sync import runs
from syncrules.services.versions import fill

SLUG = KIND = "sandbox"
FED_BY = "website-contact-form"
BY = "CRM Hub"
#: So long before its first start a demo's worksheet came into force, as if it had been at work for a while.
BEFORE = timedelta(days=60)
REASON = "The worksheet that the hub started with."
DEMO = "The demo starts live, so that there is something to see."


@transaction.atomic
def seed_connections(at: datetime) -> Connection:
    """The sandbox with the playbook's worksheet in force, from the first start of a hub on."""
    connection = Connection.objects.filter(slug=SLUG).first()
    if connection is None:
        connection = Connection.objects.create(
            slug=SLUG, name=seeds.NAME, kind=KIND, source=_source(), catalogue=as_json(seeds.catalogue()),
            catalogue_at=at, created_at=at, takes_part=seeds.TAKES_PART, qualifies=seeds.QUALIFIES,
        )  # fmt: skip
        connection.fed_by.set(Source.objects.filter(slug=FED_BY))
    elif connection.kind != KIND:
        _make_real(connection)
    if not connection.versions.exists():
        _first_version(connection, at)
    return connection


def _make_real(connection: Connection) -> None:
    """A hub of before there was a sync had pulled invented records, under ids that are not the sandbox's."""
    connection.pulls.all().delete()
    connection.links.all().delete()
    connection.kind, connection.cursor, connection.pulled_at = KIND, "", None
    connection.save(update_fields=["kind", "cursor", "pulled_at"])


def _source() -> Source:
    defaults = {
        "name": "Sandbox MAP",
        "kind": Source.Kind.MAP,
        "record_creator": "Sandbox MAP",
        "data_captured": "Email, name, company",
        "sync_method": "Connection",
        "cadence": Source.Cadence.REAL_TIME,
        "entry_stage_id": stage_table().first.slug,
        "region": "US",
    }
    return Source.objects.get_or_create(slug="sandbox-map", defaults=defaults)[0]


def _first_version(connection: Connection, at: datetime) -> None:
    version = WorksheetVersion.objects.create(
        connection=connection, number=1, state=WorksheetVersion.State.IN_FORCE, made_by=BY, made_at=at, saved_by=BY,
        saved_at=at, reason=REASON, forced_by=BY, forced_at=at,
    )  # fmt: skip
    rows = [
        {
            "key": row.key,
            **{column: getattr(row, name) for column, name in FIELDS.items()},
            "value_map": [list(pair) for pair in row.value_map],
            "owner": BY,
            "changed_at": at.isoformat(),
        }
        for row in seeds.rows(hub_fields(), seeds.catalogue())
    ]
    fill(version, {"rows": rows, "left_out": {"hub": [], "map": []}})
    version.save()


#: What the demo's draft adds: hub field, MAP field, direction, rule, and the field's name.
DRAFTED = (
    ("Last Name", "last_name", "lastname", Direction.TO_MAP, Rule.FILL),
    ("Company", "company", "company", Direction.TO_MAP, Rule.FILL),
    ("Job Title", "job_title", "jobtitle", Direction.TO_HUB, Rule.FRESH),
    ("Phone", "phone", "phone", Direction.BOTH, Rule.FILL),
    ("Country", "country", "country", Direction.TO_HUB, Rule.FILL),
)
#: A slip that the check finds, with a fix in one click: a value that is set once can't go to the MAP.
SLIP = ("source", "direction", Direction.TO_MAP)


@transaction.atomic
def seed_demo(at: datetime) -> None:
    """The sandbox is live from the first start on, and ops have a draft that could be put in force once it is mended.

    Who turned it off since, or drafted anything, finds it so.
    """
    connection = Connection.objects.filter(slug=SLUG).first()
    if connection is None:
        return
    if connection.state == Connection.State.DRAFT and connection.state_at is None:
        _turn_on(connection, at)
    if connection.versions.count() == 1:
        _draft(connection, User.objects.filter(username="ops").first(), at - timedelta(hours=1))


def _turn_on(connection: Connection, at: datetime) -> None:
    """Live, with a first full sync that the worker finds as it starts."""
    connection.state, connection.state_by, connection.state_at = Connection.State.LIVE, BY, at
    connection.state_reason = "The demo starts with it."
    connection.save(update_fields=["state", "state_by", "state_at", "state_reason"])
    _override(connection, at)
    runs.start(connection, BY, at)


def _override(connection: Connection, at: datetime) -> None:
    """The demo starts live without the way there: as two people who passed every gate that is red would have it."""
    asks, agrees = (User.objects.filter(username=name).first() for name in ("ops", "admin"))
    if asks is None or agrees is None:
        return
    basis = basis_of(connection)
    Override.objects.bulk_create(
        Override(
            connection=connection, gate=gate.slug, said=f"{gate.title}: {gate.said}", reason=DEMO, basis=basis,
            asked_by=asks, asked_by_name=person_name(asks), asked_at=at, agreed_by=agrees,
            agreed_by_name=person_name(agrees), agreed_at=at,
        )
        for gate in gates.red(connection, Connection.State.LIVE, at)
    )  # fmt: skip


def _draft(connection: Connection, user: User | None, at: datetime) -> None:
    for minute, (name, ours, theirs, direction, rule) in enumerate(DRAFTED):
        row = {"field_name": name, "hub_field": ours, "map_field": theirs, "direction": direction, "rule": rule}
        editing.add_row(connection, row, user, at + timedelta(minutes=minute))
    field, column, value = SLIP
    draft = connection.versions.get(state=WorksheetVersion.State.DRAFT)
    slipped = draft.rows.get(hub_field=field)
    was = getattr(slipped, column)
    editing.edit_cell(connection, slipped.key, column, was, value, user, at + timedelta(minutes=len(DRAFTED)))
