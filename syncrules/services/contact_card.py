"""What a contact's page shows of connections: its record in each MAP, and which rows decide about its values."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from contacts.models import Contact, Refusal
from contacts.services import story
from contacts.services.beside import Beside, Card, Placer
from syncrules.domain.worksheet import Direction, Rule
from syncrules.models import Connection, Link, WorksheetRow, WorksheetVersion

SEE, SEE_WORKSHEET = "syncrules.view_connection", "syncrules.view_worksheetversion"
#: How far back refused values are counted.
DAYS = 60
#: Rules under which a connection may change a value that is there.
OVERWRITE = (Rule.FRESH, Rule.STAGE)


def card(contact: Contact, user: Any) -> Card | None:
    """The links of a contact, and the connections in which it is not; three queries."""
    if not user.has_perm(SEE):
        return None
    connections = list(Connection.objects.only("slug", "name"))
    if not connections:
        return None
    links = Link.objects.filter(contact=contact).order_by("connection__name", "pk").select_related("connection")
    found = list(links.only("connection__slug", "connection__name", "record_id", "agreed_at"))
    since = timezone.now() - timedelta(days=DAYS)
    refused = Refusal.objects.filter(contact=contact, kind=Refusal.Kind.CONNECTION, at__gte=since).order_by()
    counts = dict(refused.values_list("connection").annotate(n=Count("pk")))
    here = [
        {
            "connection": link.connection,
            "address": reverse("rules:worksheet", args=[link.connection.slug]) if user.has_perm(SEE_WORKSHEET) else "",
            "record": link.record_id,
            "agreed": story.moment(link.agreed_at) if link.agreed_at else "not yet",
            "refused": counts.get(link.connection.slug, 0),
        }
        for link in found
    ]
    linked = {link.connection_id for link in found}
    absent = [c for c in connections if c.pk not in linked]
    return Card("hub/contact_connections.html", {"links": here, "absent": absent, "days": DAYS})


def placer() -> Placer:
    """Finds the address of a row of a version; one query for all of them."""
    slugs = dict(Connection.objects.values_list("name", "slug"))

    def place(connection: str, version: int, row: int) -> str:
        slug = slugs.get(connection)
        return f"{reverse('rules:version', args=[slug, version])}#row-{row}" if slug else ""

    return place


def deciders() -> dict[str, str]:
    """By field, the rows in force that may overwrite it once it is released; one query."""
    inward = WorksheetRow.objects.filter(
        version__state=WorksheetVersion.State.IN_FORCE,
        direction__in=[Direction.TO_HUB, Direction.BOTH],
        rule__in=OVERWRITE,
    )
    told: dict[str, list[str]] = {}
    for field, number, name in inward.order_by("version__connection__name", "number").values_list(
        "hub_field", "number", "version__connection__name"
    ):
        told.setdefault(field, []).append(f"row {number} of {name}")
    return {field: " or ".join(rows) for field, rows in told.items()}


BESIDE = Beside(card, placer, deciders)
