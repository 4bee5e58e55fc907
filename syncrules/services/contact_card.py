"""What a contact's page shows of connections: its record in each MAP, and which rows decide about its values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Case, Count, Q, Value, When
from django.urls import reverse
from django.utils import timezone

from contacts.models import Address, Contact, Refusal
from contacts.services import story
from contacts.services.beside import Beside, Card, Placer
from syncrules.domain.threshold import compile as compile_threshold
from syncrules.domain.worksheet import Direction, Rule
from syncrules.models import Connection, Link, Push, SyncError, WorksheetRow, WorksheetVersion
from syncrules.services.hub_fields import hub_fields
from syncrules.services.threshold import source_ids
from syncrules.services.threshold_sql import condition

SEE, RUN = "syncrules.view_connection", "syncrules.run_sync"
#: How far back refused values are counted.
DAYS = 60
#: Rules under which a connection may change a value that is there.
OVERWRITE = (Rule.FRESH, Rule.STAGE)


@dataclass(frozen=True)
class Line:
    """The contact in one connection: how it stands in words, and the meaning of their colour."""

    connection: Connection
    address: str
    record: str
    words: str
    tone: str
    error: SyncError | None = None
    agreed: str = ""
    refused: int | None = None  # None where there is nothing to refuse
    again: str = ""  # where a record that was deleted there is made again


def card(contact: Contact, user: Any) -> Card | None:
    """The contact in each connection; at most six queries."""
    if not user.has_perm(SEE):
        return None
    connections = list(Connection.objects.defer("catalogue"))
    if not connections:
        return None
    links = Link.objects.filter(contact=contact).order_by("pk").defer("agreed", "seen")
    by_connection: dict[int, list[Link]] = {}
    for link in links:
        by_connection.setdefault(link.connection_id, []).append(link)
    facts = _Facts(contact, [c for c in connections if c.pk not in by_connection])
    lines = [line for c in connections for line in _lines(c, by_connection.get(c.pk, []), facts)]
    return Card("hub/contact_connections.html", {"lines": lines, "days": DAYS, "may_run": user.has_perm(RUN)})


class _Facts:
    """What waits, what failed and what was refused of one contact, and in which connections it would take part."""

    def __init__(self, contact: Contact, absent: Sequence[Connection]) -> None:
        self.contact = contact
        since = timezone.now() - timedelta(days=DAYS)
        refused = Refusal.objects.filter(contact=contact, kind=Refusal.Kind.CONNECTION, at__gte=since).order_by()
        self.refused = dict(refused.values_list("connection").annotate(n=Count("pk")))
        unsubscribes = Q(kind=Push.Kind.OPT_OUT, subject__in=Address.objects.filter(contact=contact).values("key"))
        record = Q(kind=Push.Kind.RECORD, subject=str(contact.pk))
        rows = Push.objects.filter(record | unsubscribes).order_by("-priority", "-pk")
        self.waits = {push.connection_id: push for push in rows}
        errors = SyncError.objects.filter(contact_id=contact.pk, solved_at__isnull=True)
        self.errors = {e.connection_id: e for e in errors.defer("sent", "answered").order_by("-pk")}
        self.takes_part = takes_part(contact, [c for c in absent if c.takes_part])


def takes_part(contact: Contact, connections: Sequence[Connection]) -> dict[int, bool]:
    """Whether the contact passes the threshold of each of these; a fixed number of queries for all."""
    if not connections:
        return {}
    fields, ids = hub_fields(), source_ids()
    asked = {
        f"in_{c.pk}": Case(
            When(condition(compile_threshold(c.takes_part, fields).root, ids), then=Value(True)), default=Value(False)
        )
        for c in connections
    }
    row = Contact.objects.filter(pk=contact.pk).annotate(**asked).values(*asked).first() or {}
    return {c.pk: bool(row.get(f"in_{c.pk}")) for c in connections}


def _lines(connection: Connection, links: Sequence[Link], facts: _Facts) -> list[Line]:
    address = reverse("rules:connection", args=[connection.slug])
    if not links:
        words, tone = _absent(connection, facts)
        return [Line(connection, address, "", words, tone, facts.errors.get(connection.pk))]
    return [_linked(connection, address, link, facts) for link in links]


def _linked(connection: Connection, address: str, link: Link, facts: _Facts) -> Line:
    agreed = story.moment(link.agreed_at) if link.agreed_at else "not yet"
    refused = facts.refused.get(connection.slug, 0)
    if link.state != Link.State.LINKED:
        left = f" {story.moment(link.left_at)}" if link.left_at else ""
        words = f"became part of record {link.into}{left}"
        again = ""
        if link.state == Link.State.GONE:
            words = f"deleted there{left}; the hub does not make it again by itself"
            again = reverse("rules:make_again", args=[connection.slug, facts.contact.pk])
        return Line(connection, address, link.record_id, words, "wait", again=again)
    error, (words, tone) = facts.errors.get(connection.pk), _waiting(connection, facts)
    if error is not None and tone == "bad":
        words = ""  # the error says more
    elif error is None and not words:
        behind = link.version != facts.contact.version and link.version
        words, tone = ("is compared with the next sync", "") if behind else ("in step", "good")
    return Line(connection, address, link.record_id, words, tone, error, agreed, refused)


def _waiting(connection: Connection, facts: _Facts) -> tuple[str, str]:
    """What waits in the outbox; "" for nothing."""
    push = facts.waits.get(connection.pk)
    if push is None:
        return "", ""
    what = "an unsubscribe" if push.priority == Push.Priority.CONSENT else "a change"
    since = story.moment(push.changed_at)
    if push.parked:
        return f"{what} was refused and waits for a person", "bad"
    if connection.state == Connection.State.PAUSED:
        return f"{what} waits since {since}: {connection.name} is paused", "wait"
    if connection.trouble:
        return f"{what} waits since {since}: {connection.name} can’t be reached now", "wait"
    return f"{what} is on its way since {since}", "wait"


def _absent(connection: Connection, facts: _Facts) -> tuple[str, str]:
    """Why the contact has no record there."""
    words, tone = _waiting(connection, facts)
    if words:
        return f"not there yet: {words}", tone
    if connection.state == Connection.State.DRAFT:
        return "not there: it is not turned on", ""
    if connection.state == Connection.State.TESTING:
        return "not there: it is being tested, with test contacts alone", ""
    if not facts.contact.email:
        return "not there: it has no address", ""
    if facts.takes_part.get(connection.pk) is False:
        return "not there: below its threshold", ""
    return "not there yet", ""


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
