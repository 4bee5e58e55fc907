"""Starting a pilot, and ending it by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from contacts.models import Contact, Source
from syncrules.domain.pilot import MOST
from syncrules.models import Connection, Pilot, PilotMember, Push
from syncrules.services import threshold
from syncrules.services.going_live import steps
from syncrules.services.going_live.basis import basis_of
from syncrules.services.sync import outbox, waking

Status = Pilot.Status
State = Connection.State


class Refused(Exception):
    """Why this can't be done with a pilot, in words."""


def choices(connection: Connection) -> list[tuple[Source, int]]:
    """The sources whose contacts could take part, with how many there are; most first."""
    able = Contact.objects.filter(threshold.matching(connection.takes_part), source__isnull=False).exclude(email="")
    counted = dict(able.order_by().values_list("source").annotate(n=Count("pk")))
    sources = Source.objects.in_bulk(counted)
    return sorted(((sources[pk], n) for pk, n in counted.items()), key=lambda pair: (-pair[1], pair[0].name))


def start(connection: Connection, source: Source, size: int, limits: Mapping[str, int], by: str, at: datetime) -> Pilot:
    """Put the newest contacts of a source in step, and nobody else. Raises ``Refused`` and ``NotMoved``."""
    if not 1 <= size <= MOST:
        raise Refused(f"A pilot has between 1 and {MOST} contacts.")
    able = Contact.objects.filter(threshold.matching(connection.takes_part), source=source).exclude(email="")
    members = list(able.order_by("-pk").values_list("pk", flat=True)[:size])
    if not members:
        raise Refused(f"No contact of {source.name} has an address and passes the threshold.")
    with transaction.atomic():
        steps.forward(connection, State.PILOT, by, at)
        pilot = Pilot.objects.create(
            connection=connection, source=source, basis=basis_of(connection), size=len(members), limits=dict(limits),
            started_by_name=by[:200], created_at=at,
        )  # fmt: skip
        PilotMember.objects.bulk_create(PilotMember(pilot=pilot, contact_id=pk) for pk in members)
        Connection.objects.filter(pk=connection.pk).update(pulled_at=None, cursor="")
        outbox.enqueue([connection.pk], members, at, Push.Priority.BATCH)
        waking.sync_now(connection.pk)
    return pilot


def newest(connection: Connection) -> Pilot | None:
    """The latest pilot, whatever came of it."""
    return (
        Pilot.objects.filter(connection=connection)
        .select_related("source", "connection__source")
        .order_by("-pk")
        .first()
    )


def end(pilot: Pilot, by: str, at: datetime) -> None:
    """End a pilot by hand; it does not count as clean. Raises ``Refused``."""
    if not close(pilot, Status.STOPPED, f"Ended by {by}.", by, at):
        raise Refused("This pilot is over already.")


def close(pilot: Pilot, status: str, reason: str, by: str, at: datetime, frm: str = Status.RUNNING) -> bool:
    """End a pilot that is ``frm``; one that is not clean takes its connection back to testing."""
    with transaction.atomic():
        if not Pilot.objects.filter(pk=pilot.pk, status=frm).update(
            status=status, reason=reason, ended_by_name=by[:200], ended_at=at
        ):
            return False
        if status != Status.CLEAN:
            connection = Connection.objects.get(pk=pilot.connection_id)
            steps.fall_back(connection, f"The pilot with {pilot.source.name} stopped: {reason}", at)
    return True
