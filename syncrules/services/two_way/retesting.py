"""What is live is tested again after each change of what it was tested with, by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from syncrules.models import Connection, Override, TwoWayTest
from syncrules.services.going_live.basis import basis_of
from syncrules.services.two_way.starting import Refused, start

BY = "CRM Hub"
GATE = "two-way-test"
#: So long after a test that was stopped, or that the MAP did not let come to its end, none begins by itself.
AGAIN = timedelta(minutes=10)
State = Connection.State


def retest(at: datetime) -> list[TwoWayTest]:
    """Start a test of each connection at work whose worksheet, stage table or settings nobody has tested."""
    started = []
    for connection in Connection.objects.filter(state__in=(State.LIVE, State.PILOT)):
        lately = TwoWayTest.objects.filter(connection=connection, finished_at__gt=at - AGAIN)
        if not is_settled(connection) and not lately.filter(status=TwoWayTest.Status.STOPPED).exists():
            try:
                started.append(start(connection, BY, at))
            except Refused:
                continue  # one is under way, or the worksheet is being changed: the next look finds it
    return started


def is_settled(connection: Connection) -> bool:
    """Whether a test of what is in force now was begun, or two people did without one."""
    return _known(connection, [s for s in TwoWayTest.Status if s != TwoWayTest.Status.STOPPED])


def is_green(connection: Connection) -> bool:
    """Whether what is in force now passed its test, or two people did without one."""
    return _known(connection, [TwoWayTest.Status.PASSED])


def _known(connection: Connection, statuses: Sequence[str]) -> bool:
    now: dict[str, Any] = {"connection": connection, "basis": basis_of(connection)}
    lifted = Override.objects.filter(**now, gate=GATE, agreed_at__isnull=False, withdrawn_at=None)
    return TwoWayTest.objects.filter(**now, status__in=statuses).exists() or lifted.exists()
