"""What a connection to HubSpot may set, and which addresses it may call."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from syncrules.connectors.trouble import NotAllowed

HOSTS = frozenset({"api.hubapi.com", "api-eu1.hubapi.com"})


@dataclass(frozen=True)
class Settings:
    """One account. ``token`` and ``webhook_secret`` come from the environment or a secrets file; never store them.

    Times are in seconds. ``ten_seconds`` and ``searches`` are HubSpot's limits for the account until its answers say
    more; ``share`` is the part of them that this connection takes, so that other programs have room.
    """

    token: str = field(repr=False)
    base_url: str = "https://api.hubapi.com"
    webhook_secret: str = field(default="", repr=False)
    hosts: frozenset[str] = HOSTS
    version: str = "v3"  # of /crm/VERSION/objects, or a date such as 2026-09 for /crm/objects/DATE
    preferences_version: str = "v4"
    properties: tuple[str, ...] = ()  # what records are read with; all that people fill in when empty
    key_property: str = ""  # a unique property that holds the hub's id, for records without an address
    signatures: tuple[str, ...] = ("v3", "v2", "v1")
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    tries: int = 5
    patience: float = 60.0  # the longest that one call waits, all its waits together
    ten_seconds: int = 100
    searches: int = 5
    share: float = 0.95
    overlap: float = 15.0  # how far the search index may lag behind
    max_body: int = 5 * 1024 * 1024

    def objects(self) -> str:
        """The path of contacts."""
        return (
            f"/crm/{self.version}/objects/contacts" if _named(self.version) else f"/crm/objects/{self.version}/contacts"
        )

    def definitions(self) -> str:
        """The path of the contacts' properties."""
        if _named(self.version):
            return f"/crm/{self.version}/properties/contacts"
        return f"/crm/properties/{self.version}/contacts"

    def preferences(self) -> str:
        """The path of subscriptions."""
        return f"/communication-preferences/{self.preferences_version}"


def _named(version: str) -> bool:
    return version.startswith("v")


def checked_url(settings: Settings) -> str:
    """The base URL, when this connection may call it (``NotAllowed``).

    Only https, whose certificate proves the name, so that no trick with names leads elsewhere; http only to an
    address of this machine. The host has to be in the list, and a machine's own addresses are no exception.
    """
    parts = urlsplit(settings.base_url)
    host = parts.hostname or ""
    if host not in settings.hosts or parts.username is not None or parts.query or parts.fragment:
        raise NotAllowed(f"{parts.scheme}://{host} is not among the addresses that this connection may call.")
    if parts.scheme != "https" and not (parts.scheme == "http" and _loopback(host)):
        raise NotAllowed(f"{host} may only be called by https.")
    return settings.base_url.rstrip("/")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
