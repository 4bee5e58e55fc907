"""What a MAP has, as it last told, and a worksheet with everything that it is judged with."""

from __future__ import annotations

from datetime import datetime

from contacts.models import HubSettings, Source
from contacts.queries import stage_table
from contacts.services.stage_tables import names_for
from syncrules.connectors.base import Connector
from syncrules.domain.catalogue import as_json, from_json
from syncrules.domain.records import Terms
from syncrules.domain.worksheet import StageName, Worksheet
from syncrules.models import Connection, WorksheetVersion
from syncrules.services.hub_fields import hub_fields
from syncrules.services.rows import as_row, left_out


def refresh(connection: Connection, connector: Connector, at: datetime) -> bool:
    """Ask the MAP for its properties and keep them with the connection; whether anything is different now."""
    told = as_json(connector.properties())
    different = told != connection.catalogue
    connection.catalogue, connection.catalogue_at = told, at
    connection.save(update_fields=["catalogue", "catalogue_at"])
    return different


def worksheet_of(connection: Connection, version: WorksheetVersion) -> Worksheet:
    """A version with the fields of both sides and the names of the stages, ready to judge with."""
    out = left_out(version)
    return Worksheet(
        connection.slug,
        connection.name,
        tuple(as_row(row) for row in version.rows.order_by("number")),
        hub_fields(),
        from_json(connection.catalogue),
        tuple(StageName(*name) for name in names_for(connection.slug)),
        frozenset(out["hub"]),
        frozenset(out["map"]),
        version.number,
    )


def terms_of(connection: Connection, worksheet: Worksheet) -> Terms:
    """What every record of the connection is judged by under a worksheet; a fixed number of queries."""
    return Terms(
        worksheet,
        stage_table(),
        frozenset({connection.name, *own_sources(connection).values()}),
        dict(Source.objects.values_list("pk", "slug")),
        connection.source.region or HubSettings.load().default_region,
    )


def own_sources(connection: Connection) -> dict[int, str]:
    """The lead sources whose records live in the MAP, by id: its own, and those that feed it."""
    fed = connection.fed_by.values_list("pk", "name")
    return {connection.source_id: connection.source.name, **dict(fed)}
