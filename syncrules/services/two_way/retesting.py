"""What is live is tested again after each change of what it was tested with, by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from syncrules.models import Connection, Override, TwoWayTest
from syncrules.services.going_live.basis import basis_of
from syncrules.services.two_way.starting import Refused, start

BY = "CRM Hub"
GATE = "two-way-test"
State = Connection.State


def retest(at: datetime) -> list[TwoWayTest]:
    """Start a test of each connection at work whose worksheet, stage table or settings nobody has tested."""
    started = []
    for connection in Connection.objects.filter(state__in=(State.LIVE, State.PILOT)):
        if not is_settled(connection):
            try:
                started.append(start(connection, BY, at))
            except Refused:
                continue  # one is under way, or the worksheet is being changed: the next look finds it
    return started


def is_settled(connection: Connection) -> bool:
    """Whether what is in force now was tested, or two people did without a test of it."""
    now: dict[str, Any] = {"connection": connection, "basis": basis_of(connection)}
    lifted = Override.objects.filter(**now, gate=GATE, agreed_at__isnull=False, withdrawn_at=None)
    return TwoWayTest.objects.filter(**now).exclude(status=TwoWayTest.Status.STOPPED).exists() or lifted.exists()
