"""Which connector speaks with which connection: its kind, its settings and its secrets put together.

A process makes the connector of a connection once for each of its settings, and keeps it with its open lines and with
what it learned of the MAP's limits. So callers don't close it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from django.conf import settings

from crmhub import environment
from syncrules.connectors.base import Connector
from syncrules.connectors.hubspot.connector import HubSpot
from syncrules.connectors.hubspot.settings import HOSTS, Settings
from syncrules.connectors.trouble import NotAllowed
from syncrules.domain.catalogue import from_json
from syncrules.models import Connection, WorksheetRow
from syncrules.services import map_secrets
from syncrules.services.map_secrets import NotConfigured
from syncrules.services.sync import budget

Maker = Callable[[Connection], Connector]
LOOPBACK = "127.0.0.1"
#: So many connectors are kept; one more lets go of the one that was unused for longest.
KEPT = 32


def connector_for(connection: Connection) -> Connector:
    """What speaks with this MAP. Raises ``NotConfigured``, and ``NotAllowed`` for an address it must not call."""
    return _maker(connection)(connection)


def verifier_for(connection: Connection) -> Connector:
    """What verifies this MAP's webhooks; it needs no token. Raises ``NotConfigured``."""
    return _VERIFIERS.get(connection.kind, _maker(connection))(connection)


def register(kind: str, maker: Maker) -> None:
    """Connections of this kind are called by what ``maker`` makes of them."""
    _MAKERS[kind] = maker


def missing(connection: Connection) -> str:
    """Why this connection can't be called, in words; "" when nothing is missing."""
    try:
        _maker(connection)(connection)
    except (NotConfigured, NotAllowed) as problem:
        return str(problem)
    return ""


def hubspot_settings(connection: Connection, token: str, webhook_secret: str) -> Settings:
    """What a connection to HubSpot is set to; empty columns leave what HubSpot has."""
    usual = Settings(token)
    return Settings(
        token,
        base_url=connection.base_url or usual.base_url,
        webhook_secret=webhook_secret,
        hosts=HOSTS | frozenset(settings.MAP_HOSTS),
        version=connection.api_version or usual.version,
        properties=_properties(connection),
        connect_timeout=connection.connect_timeout,
        read_timeout=connection.read_timeout,
        ten_seconds=connection.calls,
        searches=connection.searches,
        share=connection.share / 100,
    )


def _properties(connection: Connection) -> tuple[str, ...]:
    """The properties that records are read with: all that people fill in, and what the worksheet has a row for."""
    own = [field.name for field in from_json(connection.catalogue).values() if field.own]
    if not own:
        return ()
    current = ("in-force", "draft")
    rows = WorksheetRow.objects.filter(version__connection=connection, version__state__in=current)
    mapped = rows.exclude(map_field="").order_by().values_list("map_field", flat=True).distinct()
    return tuple(own + sorted(set(mapped) - set(own)))


def _hubspot(connection: Connection) -> Connector:
    token = map_secrets.needed(
        map_secrets.name_for(map_secrets.TOKEN, connection.slug), f"The token of {connection.name}"
    )
    return _made(connection, hubspot_settings(connection, token, _webhook_secret(connection)))


def _hubspot_verifier(connection: Connection) -> Connector:
    name = map_secrets.name_for(map_secrets.WEBHOOK_SECRET, connection.slug)
    found = map_secrets.needed(name, f"The secret of {connection.name}'s webhooks")
    return _made(connection, hubspot_settings(connection, "", found))


def _webhook_secret(connection: Connection) -> str:
    return map_secrets.secret(map_secrets.name_for(map_secrets.WEBHOOK_SECRET, connection.slug))


def _sandbox(connection: Connection) -> Connector:
    """The sandbox of this hub, and nothing else, whatever the connection's address says."""
    found = hubspot_settings(
        connection, map_secrets.sandbox_token(), map_secrets.kept(map_secrets.SANDBOX_WEBHOOK_SECRET)
    )
    url = f"http://{LOOPBACK}:{environment.current().sandbox_port}"
    return _made(connection, replace(found, base_url=url, hosts=frozenset({LOOPBACK})))


def _made(connection: Connection, found: Settings) -> Connector:
    return _kept(os.getpid(), connection, found)


@lru_cache(KEPT)
def _kept(process: int, connection: Connection, found: Settings) -> Connector:
    """One for each process, as a forked one must not share its parent's lines; all keep to one budget of calls."""
    return HubSpot(found, gate=budget.gate_of(connection))


_MAKERS: dict[str, Maker] = {"hubspot": _hubspot, "sandbox": _sandbox}
_VERIFIERS: dict[str, Maker] = {"hubspot": _hubspot_verifier}


def _maker(connection: Connection) -> Maker:
    try:
        return _MAKERS[connection.kind]
    except KeyError:
        raise NotConfigured(f"Nothing here speaks with a MAP of the kind “{connection.kind}”.") from None
