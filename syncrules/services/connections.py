"""A new connection, and what the list of connections shows of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from contacts.models import Source, StageTableVersion
from contacts.queries import stage_table
from syncrules import seeds
from syncrules.domain.catalogue import as_json
from syncrules.models import Connection, WorksheetVersion
from syncrules.services import checking, incidents, versions
from syncrules.services.shown.standing import Standing, standings

#: Kind of MAP to its name.
KINDS = {"hubspot": "HubSpot", "sandbox": "Sandbox MAP"}
WINDOW = timedelta(days=60)


@dataclass(frozen=True)
class Line:
    """One connection of the list."""

    connection: Connection
    in_force: WorksheetVersion | None
    draft: WorksheetVersion | None
    stops: int
    standing: Standing


def lines(now: datetime) -> list[Line]:
    """Every connection with the state of its worksheet and of its syncing; a fixed number of queries."""
    connections = list(Connection.objects.select_related("source"))
    states = {(v.connection_id, v.state): v for v in WorksheetVersion.objects.exclude(state="past")}
    stops = checking.stops_everywhere()
    return [
        Line(of.connection, states.get((of.connection.pk, "in-force")), states.get((of.connection.pk, "draft")),
             stops.get(of.connection.pk, 0), of)
        for of in standings(now, connections)
    ]  # fmt: skip


def incident_count(now: datetime) -> int:
    """Values that something automatic overwrote without a rule, in 60 days; the target is none."""
    return incidents.count_incidents(now - WINDOW)


@transaction.atomic
def add(values: dict[str, Any], fed_by: list[Source], user: User, at: datetime) -> Connection:
    """A connection with an empty draft, the usual properties of its kind, and its names for the stages."""
    source = values.pop("source", None) or _own_source(values["slug"], values["name"])
    connection = Connection.objects.create(
        **values, source=source, catalogue=as_json(seeds.catalogue()), catalogue_at=at, created_at=at
    )
    connection.fed_by.set(fed_by)
    name_stages(connection, at)
    versions.draft_of(connection, user, at)
    return connection


def _own_source(slug: str, name: str) -> Source:
    """The lead source of records that are made in the MAP."""
    defaults = {
        "name": f"{name} (MAP)"[:120], "kind": Source.Kind.MAP, "record_creator": name, "sync_method": "Connection",
        "cadence": Source.Cadence.REAL_TIME, "entry_stage_id": stage_table().first.slug,
    }  # fmt: skip
    return Source.objects.get_or_create(slug=f"{slug}-map"[:60], defaults=defaults)[0]


def name_stages(connection: Connection, at: datetime) -> None:
    """Give the stage table the usual names of this kind of MAP, unless it has names of this connection already.

    The table in force gets a version more, so that the past one stays as it was.
    """
    rows = [list(name) for name in seeds.STAGE_NAMES]
    known = StageTableVersion.objects.select_for_update().exclude(state=StageTableVersion.State.PAST)
    for version in known:
        if version.data.get("names", {}).get(connection.slug):
            continue
        data = {**version.data, "names": {**version.data.get("names", {}), connection.slug: rows}}
        if version.state == StageTableVersion.State.DRAFT:
            version.data, version.revision = data, version.revision + 1
            version.save(update_fields=["data", "revision"])
        else:
            _next_table(version, data, connection, at)


def _next_table(version: StageTableVersion, data: dict[str, Any], connection: Connection, at: datetime) -> None:
    number = (StageTableVersion.objects.aggregate(n=Max("number"))["n"] or 0) + 1
    version.state, version.retired_at = StageTableVersion.State.PAST, at
    version.save(update_fields=["state", "retired_at"])
    who, reason = "CRM Hub", f"{connection.name} was added, with its usual names for the stages."
    StageTableVersion.objects.create(
        number=number, state=StageTableVersion.State.IN_FORCE, data=data, made_by=who, made_at=at, saved_by=who,
        saved_at=at, forced_by=who, forced_at=at, reason=reason,
    )  # fmt: skip
