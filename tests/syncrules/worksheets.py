"""Kit of the tests of worksheets: the seeded sandbox, people, and a draft with an edit in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from contacts.models import Contact
from syncrules import seeds
from syncrules.connectors.memory import MemoryMap
from syncrules.domain.worksheet import Direction, Rule
from syncrules.models import Connection, WorksheetRow, WorksheetVersion
from syncrules.services import checking, editing, versions
from syncrules.services.seed import seed_connections
from syncrules.services.sync.rounds import exchange
from tests.contacts.deciding import NOW, person
from tests.contacts.deciding import seed as seed_hub

LATER = NOW + timedelta(hours=1)
JOB_TITLE = {"field_name": "Job Title", "hub_field": "job_title", "map_field": "jobtitle",
             "direction": Direction.TO_HUB, "rule": Rule.FRESH}  # fmt: skip


def seed() -> Connection:
    """A seeded hub with the connection to the sandbox."""
    seed_hub()
    return seed_connections(NOW)


def pulled(connection: Connection) -> None:
    """People of the hub whom the MAP knows with a longer title, pulled in one round."""
    Connection.objects.filter(pk=connection.pk).update(state="live")
    there = MemoryMap(seeds.catalogue())
    for contact in Contact.objects.exclude(email="").order_by("pk"):
        values = {"email": contact.email, "firstname": contact.first_name, "jobtitle": f"Senior {contact.job_title}"}
        there.create(**values)
    exchange(connection, there, NOW - timedelta(days=2))


def ops() -> User:
    return person("ops")


def row(connection: Connection, hub_field: str) -> WorksheetRow:
    """The row of a hub field in the draft, else in force."""
    version = versions.newest(connection)
    assert version is not None
    return version.rows.get(hub_field=hub_field)


def set_cell(connection: Connection, hub_field: str, column: str, now: Any, user: User | None = None) -> None:
    stands = row(connection, hub_field)
    editing.edit_cell(connection, stands.key, column, getattr(stands, column), now, user or ops(), LATER)


def force(connection: Connection, reason: str = "because", at: datetime = LATER) -> WorksheetVersion:
    draft = versions.draft_or_none(connection)
    assert draft is not None
    return versions.put_in_force(connection, ops(), reason, at, draft.revision, checking.stops)


def said(connection: Connection) -> list[tuple[Any, ...]]:
    """What the newest version says, row by row."""
    version = versions.newest(connection)
    columns = "key", "number", "field_name", "hub_field", "map_field", "direction", "rule", "value_map", "note"
    return list(version.rows.order_by("number").values_list(*columns)) if version else []
