"""Turning a connection on: what has to stand before, asking the MAP, and the first full sync."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from syncrules.connectors.base import Connector
from syncrules.connectors.trouble import Trouble
from syncrules.domain.worksheet import FieldType
from syncrules.models import Connection, ConnectionChange, WorksheetVersion
from syncrules.services import calling, catalogue, changes, checking, threshold_edits
from syncrules.services.sync import runs

State = Connection.State


class NotTurnedOn(Exception):
    """Why it stays off, in words. Nothing was changed but for what the MAP told of its properties."""


@dataclass(frozen=True)
class Check:
    """One thing that has to stand. ``text`` says what stands, or what is missing; ``page`` is where to mend it."""

    label: str
    good: bool
    text: str
    page: str = ""


def checks(connection: Connection, fields: Mapping[str, FieldType]) -> list[Check]:
    """What has to stand before the MAP is asked."""
    return [_worksheet(connection), _thresholds(connection, fields), _secrets(connection)]


def turn_on(connection: Connection, connector: Connector, by: str, at: datetime) -> None:
    """Ask the MAP for its properties, hold the worksheet against them, go live and begin the first full sync.

    Raises ``NotTurnedOn``. The checks were made by the caller (``checks``); here is what only the MAP can tell.
    """
    if connection.state != State.DRAFT:
        raise NotTurnedOn(f"{connection.name} is {connection.get_state_display()} already.")
    try:
        catalogue.refresh(connection, connector, at)
    except Trouble as trouble:
        raise NotTurnedOn(f"{connection.name} did not answer as it should: {trouble}") from trouble
    if stops := _stops(connection):
        raise NotTurnedOn(
            f"{connection.name} answers, but the worksheet in force has {stops} problem{'s' * (stops != 1)} with the "
            "fields that it has now. Mend them in a draft and put that in force."
        )
    with transaction.atomic():
        live = {"state": State.LIVE, "state_by": by[:200], "state_at": at, "state_reason": ""}
        if not Connection.objects.filter(pk=connection.pk, state=State.DRAFT).update(**live):
            raise NotTurnedOn(f"Somebody else turned {connection.name} on a moment ago.")
        words = [{"state": Connection.State(state).label} for state in (State.DRAFT, State.LIVE)]
        changes.note(connection, ConnectionChange.What.STATE, *words, by, "", at)
        connection.refresh_from_db()
        with suppress(runs.AlreadyRunning):  # one from the command line does as well
            runs.start(connection, by, at)


def _worksheet(connection: Connection) -> Check:
    version = connection.versions.filter(state=WorksheetVersion.State.IN_FORCE).first()
    if version is None:
        return Check("Worksheet", False, "None is in force: without rules nothing is written.", "worksheet")
    if stops := _stops(connection, version):
        return Check("Worksheet", False, f"v{version.number} has {stops} problem{'s' * (stops != 1)} that "
                     f"stop{'s' * (stops == 1)} it.", "worksheet")  # fmt: skip
    return Check("Worksheet", True, f"v{version.number} is in force, by {version.forced_by}.", "worksheet")


def _thresholds(connection: Connection, fields: Mapping[str, FieldType]) -> Check:
    label, wrong = "Who takes part", threshold_edits.problems_of(connection, fields)
    if wrong:
        return Check(label, False, next(iter(wrong.values()))[0].text, "threshold")
    both = [changes.threshold_words(tree, fields) for tree in (connection.takes_part, connection.qualifies)]
    return Check(label, True, f"Made in {connection.name}: {both[0]}. Leads: {both[1]}.", "threshold")


def _secrets(connection: Connection) -> Check:
    missing = calling.missing(connection)
    return Check("Address and token", not missing, missing or "Both are there. The token is not shown.", "")


def _stops(connection: Connection, version: WorksheetVersion | None = None) -> int:
    """How many problems of the worksheet in force stop it, with the MAP's fields as they are known now."""
    version = version or connection.versions.get(state=WorksheetVersion.State.IN_FORCE)
    where = checking.around(connection)
    return len(checking.stopping(checking.check(where, checking.worksheet_of(where, version))))
