"""Versions of a worksheet: a draft, what is in force, what was; who, when and why (playbook, Step 3: in writing)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.utils.dateparse import parse_datetime

from syncrules.models import Connection, WorksheetEdit, WorksheetRow, WorksheetVersion
from syncrules.services.rows import COLUMNS, Unusable, left_out, snapshot
from syncrules.services.sync import outbox

EDIT, FORCE = "syncrules.edit_worksheet", "syncrules.force_worksheet"
#: Who acts when there is no user: the shell of the machine that the hub runs on.
SHELL = "command line"
State = WorksheetVersion.State


def actor(user: User | None) -> str:
    """The name that a version and an edit keep."""
    return (user.get_full_name() or user.get_username()) if user else SHELL


def ask(user: User | None, right: str) -> None:
    """Refuse who has not the right; whoever has the shell has all of them."""
    if user is not None and not user.has_perm(right):
        raise PermissionDenied


def locked(connection: Connection) -> Connection:
    """The connection, locked: one act on its worksheet at a time. Inside a transaction."""
    return Connection.objects.select_for_update().get(pk=connection.pk)


def draft_or_none(connection: Connection) -> WorksheetVersion | None:
    return connection.versions.filter(state=State.DRAFT).first()


def in_force(connection: Connection) -> WorksheetVersion | None:
    return connection.versions.filter(state=State.IN_FORCE).first()


def newest(connection: Connection) -> WorksheetVersion | None:
    """The draft, else what is in force."""
    return draft_or_none(connection) or in_force(connection)


def numbered(connection: Connection, number: int) -> WorksheetVersion:
    """The version of that number; raises ``Unusable``."""
    version = connection.versions.filter(number=number).first()
    if version is None:
        raise Unusable(f"{connection.name} has no worksheet v{number}.")
    return version


@transaction.atomic
def draft_of(connection: Connection, user: User | None, at: datetime) -> WorksheetVersion:
    """The draft; where there is none it is drawn from what is in force."""
    ask(user, EDIT)
    locked(connection)
    return draft_or_none(connection) or _draw(connection, in_force(connection), user, at)


def _draw(connection: Connection, base: WorksheetVersion | None, user: User | None, at: datetime) -> WorksheetVersion:
    number = (connection.versions.aggregate(n=Max("number"))["n"] or 0) + 1
    who = actor(user)
    draft = WorksheetVersion.objects.create(
        connection=connection, number=number, left_out=left_out(base), based_on=base.number if base else None,
        made_by=who, made_at=at, saved_by=who, saved_at=at,
    )  # fmt: skip
    if base:
        fill(draft, snapshot(base))
    return draft


def fill(version: WorksheetVersion, said: dict[str, Any]) -> None:
    """Make a version say what a snapshot says, and nothing else."""
    version.rows.all().delete()
    rows = [
        WorksheetRow(
            version=version, key=row["key"], number=place, owner=row["owner"],
            changed_at=parse_datetime(row["changed_at"]), **{column: row[column] for column in COLUMNS},
        )
        for place, row in enumerate(said["rows"], start=1)
    ]  # fmt: skip
    WorksheetRow.objects.bulk_create(rows)
    version.left_out = said["left_out"]


def next_key(connection: Connection) -> int:
    """A key that no row of any version of this worksheet had, edits that were taken back included."""
    of_rows = WorksheetRow.objects.filter(version__connection=connection).aggregate(n=Max("key"))["n"] or 0
    of_edits = WorksheetEdit.objects.filter(version__connection=connection).aggregate(n=Max("row"))["n"] or 0
    return max(of_rows, of_edits) + 1


def saved(version: WorksheetVersion, user: User | None, at: datetime) -> None:
    """Note an edit on the draft itself."""
    version.revision += 1
    version.saved_by, version.saved_at = actor(user), at
    version.save()


def put_in_force(
    connection: Connection,
    user: User | None,
    reason: str,
    at: datetime,
    revision: int,
    stopping: Callable[[WorksheetVersion], Sequence[Any]],
) -> WorksheetVersion:
    """The draft becomes what every write obeys; what was in force becomes a version of the past.

    ``revision`` is the draft's as it was seen, ``stopping`` checks it and returns the problems that stop it.
    Raises ``Unusable`` in words. All connections are locked: two that each are fine alone may contradict each other.
    """
    ask(user, FORCE)
    reason = reason.strip()
    if not reason:
        raise Unusable("Say why, in a sentence: whoever asks later reads it.")
    with transaction.atomic():
        list(Connection.objects.select_for_update().order_by("pk"))
        draft = draft_or_none(connection)
        if draft is None:
            raise Unusable("There is no draft: what is in force is all there is.")
        if draft.revision != revision:
            words = f"{draft.saved_by} changed the draft since you looked at it."
            raise Unusable(f"{words} Look at it again, then put it in force.")
        if found := stopping(draft):
            raise Unusable(f"{len(found)} problem{'s' * (len(found) != 1)} stop it, the first: {found[0].text}")
        connection.versions.filter(state=State.IN_FORCE).update(state=State.PAST, retired_at=at)
        draft.state, draft.reason = State.IN_FORCE, reason[:2_000]
        draft.forced_by, draft.forced_at = actor(user), at
        draft.save()
        outbox.unpark(connection.pk, at)
    return draft


@transaction.atomic
def discard_draft(connection: Connection, user: User | None, at: datetime, revision: int) -> WorksheetVersion:
    """Put the draft away. It stays as a version that never was in force, and can be brought back."""
    ask(user, EDIT)
    locked(connection)
    draft = draft_or_none(connection)
    if draft is None:
        raise Unusable("There is no draft any more.")
    if draft.revision != revision:
        raise Unusable(f"{draft.saved_by} changed the draft since you looked at it, so it was kept.")
    draft.state, draft.retired_at = State.PAST, at
    draft.save()
    return draft


@transaction.atomic
def bring_back(connection: Connection, number: int, user: User | None, at: datetime) -> WorksheetVersion:
    """The draft says what that version says. What it said before can be had again by taking this edit back."""
    draft = draft_of(connection, user, at)
    wanted = numbered(connection, number)
    if wanted.pk == draft.pk:
        raise Unusable(f"v{number} is the draft already.")
    before, after = snapshot(draft), snapshot(wanted)
    fill(draft, after)
    draft.based_on = number
    note(draft, None, "bring-back", before, after, user, at)
    return draft


def note(
    draft: WorksheetVersion, row: int | None, what: str, before: Any, after: Any, user: User | None, at: datetime
) -> WorksheetEdit:
    """Log an edit and count it."""
    saved(draft, user, at)
    return WorksheetEdit.objects.create(
        version=draft, row=row, what=what, before=before, after=after, by=actor(user),
        user_id=user.pk if user else None, at=at,
    )  # fmt: skip
