"""Tests that are asked for, stopped, and left by a process that is gone."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from contacts.services import leases
from syncrules.models import Connection, TwoWayTest, WorksheetVersion
from syncrules.services.going_live.basis import basis_of

Status = TwoWayTest.Status
State = Connection.State
OPEN = (Status.QUEUED, Status.RUNNING, Status.CLEANING)
#: States in which a connection may write about test contacts.
TESTABLE = (State.TESTING, State.PILOT, State.LIVE)


class Refused(Exception):
    """Why no test can be run now, in words."""


def start(connection: Connection, by: str, at: datetime, holder: str = "") -> TwoWayTest:
    """Ask for a test; a worker finds it, unless ``holder`` works on it at once. Raises ``Refused``."""
    with transaction.atomic():
        connection = Connection.objects.select_for_update(of=("self",)).get(pk=connection.pk)
        if connection.state not in TESTABLE:
            state = connection.get_state_display()
            raise Refused(f"{connection.name} is {state}, and nothing is written to it. Move it to testing first.")
        if TwoWayTest.objects.filter(connection=connection, cleaned_at=None).exists():
            raise Refused(f"A test of {connection.name} is under way already.")
        in_force = connection.versions.filter(state=WorksheetVersion.State.IN_FORCE)
        number = in_force.values_list("number", flat=True).first()
        if number is None:
            raise Refused(f"{connection.name} has no worksheet in force.")
        return TwoWayTest.objects.create(
            connection=connection, mark=f"t{uuid.uuid4().hex[:10]}", basis=basis_of(connection), worksheet=number,
            started_by_name=by[:200], created_at=at, lease_holder=holder,
            lease_until=at + leases.LEASE if holder else None,
        )  # fmt: skip


def stop(test: TwoWayTest) -> bool:
    """Have it stop after the step at hand, and clean up; False where it is over already."""
    return bool(TwoWayTest.objects.filter(pk=test.pk, status__in=OPEN).update(stop=True))


def newest(connection: Connection) -> TwoWayTest | None:
    """The latest test, whatever came of it."""
    return TwoWayTest.objects.filter(connection=connection).order_by("-pk").first()


def unfinished(at: datetime) -> list[int]:
    """Tests that wait for a worker, and those that were left with something to clean up."""
    return leases.abandoned(TwoWayTest.objects.filter(cleaned_at=None), at)
