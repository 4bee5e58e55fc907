"""What a connection is to go live with, as one text: its worksheet, the stage table, its settings and its connector."""

from __future__ import annotations

from contacts.models import StageTableVersion
from syncrules.connectors import hubspot
from syncrules.domain.basis import basis
from syncrules.models import Connection, WorksheetVersion


def basis_of(connection: Connection) -> str:
    """What stands now; three queries."""
    worksheet = connection.versions.filter(state=WorksheetVersion.State.IN_FORCE)
    stages = StageTableVersion.objects.filter(state=StageTableVersion.State.IN_FORCE)
    columns = ("kind", "base_url", "api_version", "takes_part", "qualifies")
    settings = Connection.objects.values(*columns).get(pk=connection.pk)
    return basis(
        worksheet=list(worksheet.values_list("pk", flat=True)),
        stages=list(stages.values_list("pk", flat=True)),
        connector=hubspot.VERSION,
        **settings,
    )
