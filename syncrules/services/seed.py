"""What a new hub's rule-book starts with: the connection to the sandbox MAP, and for a demo a draft and pulls.

Everything here may run again: what exists stays as ops left it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from contacts.models import Contact, Source
from contacts.queries import stage_table
from syncrules import seeds
from syncrules.connectors.memory import MemoryMap
from syncrules.domain.catalogue import as_json
from syncrules.domain.worksheet import Direction, Rule
from syncrules.models import Connection, WorksheetVersion
from syncrules.services import editing
from syncrules.services.exchange import exchange
from syncrules.services.hub_fields import hub_fields
from syncrules.services.rows import FIELDS
from syncrules.services.versions import fill

SLUG = "sandbox"
FED_BY = "website-contact-form"
BY = "CRM Hub"
#: So long before its first start a demo's worksheet came into force, so that its records were pulled under it.
BEFORE = timedelta(days=60)
REASON = "The worksheet that the hub started with."


@transaction.atomic
def seed_connections(at: datetime) -> Connection:
    """The sandbox with the playbook's worksheet in force, from the first start of a hub on."""
    connection = Connection.objects.filter(slug=SLUG).first()
    if connection is None:
        connection = Connection.objects.create(
            slug=SLUG, name=seeds.NAME, kind="hubspot", source=_source(), catalogue=as_json(seeds.catalogue()),
            catalogue_at=at, created_at=at,
        )  # fmt: skip
        connection.fed_by.set(Source.objects.filter(slug=FED_BY))
    if not connection.versions.exists():
        _first_version(connection, at)
    return connection


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
    """Records of the sandbox that were pulled, and a draft of ops that could be put in force once it is mended."""
    connection = Connection.objects.filter(slug=SLUG).first()
    if connection is None or connection.pulls.exists() or connection.versions.count() > 1:
        return
    _pull(connection, at - timedelta(days=2))
    _draft(connection, User.objects.filter(username="ops").first(), at - timedelta(hours=1))


def _pull(connection: Connection, at: datetime) -> None:
    """People of the hub whom the MAP knows too, some of them newer there than here."""
    there = MemoryMap(seeds.catalogue())
    known = Contact.objects.filter(source__slug=FED_BY).exclude(email="").select_related("lifecycle_stage")
    for n, contact in enumerate(known.order_by("pk")[:60]):
        there.create(**_record(contact, n))
    exchange(connection, there, at)


def _record(contact: Contact, n: int) -> dict[str, str]:
    title = contact.job_title
    values: dict[str, Any] = {
        "email": contact.email,
        "firstname": contact.first_name,
        "lastname": contact.last_name,
        "company": contact.company,
        "jobtitle": f"Senior {title}" if title and n % 3 == 0 else title,
        "phone": contact.phone or f"+1415555{2000 + n}",
        "country": contact.country or "Netherlands",
        "lifecyclestage": "marketingqualifiedlead" if n % 5 == 0 else "subscriber",
        "hs_analytics_source": "ORGANIC_SEARCH",
        "hs_email_optout": "false",
    }
    return {name: text for name, text in values.items() if text}


def _draft(connection: Connection, user: User | None, at: datetime) -> None:
    for minute, (name, ours, theirs, direction, rule) in enumerate(DRAFTED):
        row = {"field_name": name, "hub_field": ours, "map_field": theirs, "direction": direction, "rule": rule}
        editing.add_row(connection, row, user, at + timedelta(minutes=minute))
    field, column, value = SLIP
    draft = connection.versions.get(state=WorksheetVersion.State.DRAFT)
    slipped = draft.rows.get(hub_field=field)
    was = getattr(slipped, column)
    editing.edit_cell(connection, slipped.key, column, was, value, user, at + timedelta(minutes=len(DRAFTED)))
