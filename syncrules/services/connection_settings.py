"""The settings of a connection that ops change: bounded, held against what stands, and kept in the history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from contacts.models import Source
from syncrules.connectors.hubspot.settings import checked_url
from syncrules.models import Connection, ConnectionChange
from syncrules.services import changes
from syncrules.services.calling import hubspot_settings

#: Column to its name on the page.
LABELS: Mapping[str, str] = {
    "name": "Name",
    "fed_by": "Fed by",
    "base_url": "Address of its API",
    "api_version": "Version of its API",
    "connect_timeout": "Wait for a connection",
    "read_timeout": "Wait for an answer",
    "calls": "Calls in 10 seconds",
    "searches": "Searches in a second",
    "share": "Share of these",
    "poll_every": "Look for changes every",
    "state": "State",
}
COLUMNS = tuple(name for name in LABELS if name not in ("fed_by", "state"))
#: The least and the most of what is a number; beyond it a slip would stop a sync or wear the MAP out.
BOUNDS: Mapping[str, tuple[float, float]] = {
    "connect_timeout": (1, 30),
    "read_timeout": (1, 60),
    "calls": (1, 1000),
    "searches": (1, 50),
    "share": (1, 100),
    "poll_every": (10, 86_400),
}


def current(connection: Connection) -> dict[str, Any]:
    """The settings as they stand."""
    fed = sorted(connection.fed_by.values_list("name", flat=True))
    return {name: getattr(connection, name) for name in COLUMNS} | {"fed_by": fed}


def check_address(connection: Connection, base_url: str, api_version: str) -> None:
    """Whether a connection may call this address: raises ``NotAllowed``."""
    wanted = Connection(slug=connection.slug, kind=connection.kind, base_url=base_url, api_version=api_version)
    checked_url(hubspot_settings(wanted, "", ""))


def store(
    connection: Connection, values: Mapping[str, Any], fed_by: Iterable[Source], was: str, by: str, reason: str,
    at: datetime,
) -> bool:  # fmt: skip
    """Put checked values in the place of the settings whose ``changes.mark`` was ``was``; whether any differ.

    Only these columns are written: a sync that is at work writes others of the same row. Raises
    ``changes.NeedsReason`` and ``changes.Stale``.
    """
    with transaction.atomic():
        stands = Connection.objects.select_for_update(of=("self",)).get(pk=connection.pk)
        before = current(stands)
        if changes.mark(before) != was:
            raise changes.stale(stands, ConnectionChange.What.SETTINGS)
        sources = list(fed_by)
        after = dict(values) | {"fed_by": sorted(s.name for s in sources)}
        differing = [name for name in before if before[name] != after[name]]
        if not differing:
            return False
        kept = changes.reason_for(stands, reason)
        Connection.objects.filter(pk=stands.pk).update(**values)
        stands.fed_by.set(sources)
        sides = ({name: side[name] for name in differing} for side in (before, after))
        changes.note(stands, ConnectionChange.What.SETTINGS, *sides, by, kept, at)
        return True
