"""Edits of a draft: one cell at a time, held against what its editor saw, logged, and each can be taken back.

Two people who edit at once lose nothing: an edit names the value it replaces, and where something else stands
it is refused with what stands, who wrote it and when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.dateparse import parse_datetime

from syncrules.models import Connection, WorksheetEdit, WorksheetRow, WorksheetVersion
from syncrules.services import versions
from syncrules.services.rows import (
    COLUMNS,
    SIDES,
    Unusable,
    as_values,
    clean,
    left_out,
    numbered,
    same,
    snapshot,
)
from syncrules.services.versions import actor, draft_of, next_key, note, saved

MOST_ROWS = 2_000


class Changed(Exception):
    """Somebody else was faster: ``value`` stands now, written by ``by`` at ``at``; None for a row that is gone."""

    def __init__(self, value: Any, by: str, at: datetime | None) -> None:
        super().__init__(f"{by} changed it meanwhile")
        self.value, self.by, self.at = value, by, at


@transaction.atomic
def edit_cell(
    connection: Connection, key: int, column: str, was: Any, now: Any, user: User | None, at: datetime
) -> WorksheetVersion:
    """Set one cell if it still says ``was``; else raises ``Changed``. ``Unusable`` where it can't be stored."""
    draft = draft_of(connection, user, at)
    value = clean(column, now)
    row = row_of(draft, key)
    before = getattr(row, column)
    if same(before, value):
        return draft
    if not same(before, clean(column, was)):
        raise Changed(before, *_last(draft, key, column))
    _set(row, column, value, actor(user), at)
    note(draft, key, column, before, value, user, at)
    return draft


def _set(row: WorksheetRow, column: str, value: Any, who: str, at: datetime) -> None:
    setattr(row, column, value)
    row.owner, row.changed_at = who, at
    row.save()


def row_of(draft: WorksheetVersion, key: int) -> WorksheetRow:
    """The row of that key; ``Changed`` where somebody removed it."""
    row = draft.rows.filter(key=key).first()
    if row is None:
        raise Changed(None, *_last(draft, key, "remove"))
    return row


def _last(draft: WorksheetVersion, key: int, what: str) -> tuple[str, datetime | None]:
    """Who wrote what stands in a cell, as far as the log of the draft knows."""
    edits = draft.edits.filter(taken_back=False).order_by("-id")
    edit = edits.filter(row=key, what=what).first() or edits.filter(row=None).first()
    return (edit.by, edit.at) if edit else (draft.saved_by, draft.saved_at)


@transaction.atomic
def add_row(
    connection: Connection, values: Mapping[str, Any], user: User | None, at: datetime, after: int | None = None
) -> WorksheetRow:
    """A new row, at the end or behind the row of key ``after``."""
    draft = draft_of(connection, user, at)
    said = {column: clean(column, values[column]) for column in COLUMNS if column in values}
    row = _add(draft, next_key(connection), said, actor(user), at, after)
    note(draft, row.key, "add", None, as_values(row), user, at)
    return row


def _add(
    draft: WorksheetVersion, key: int, said: Mapping[str, Any], who: str, at: datetime, after: int | None
) -> WorksheetRow:
    rows = list(draft.rows.order_by("number"))
    if len(rows) >= MOST_ROWS:
        raise Unusable(f"A worksheet has at most {MOST_ROWS:,} rows.")
    keys = [row.key for row in rows]
    place = keys.index(after) + 1 if after in keys else len(rows)
    row = WorksheetRow.objects.create(version=draft, key=key, number=place + 1, owner=who, changed_at=at, **said)
    _place([*rows[:place], row, *rows[place:]])
    return row


def _place(rows: list[WorksheetRow]) -> None:
    WorksheetRow.objects.bulk_update(numbered(rows), ["number"])


@transaction.atomic
def remove_row(
    connection: Connection, key: int, was: Mapping[str, Any] | None, user: User | None, at: datetime
) -> WorksheetVersion:
    """Take a row out if it still says ``was`` (None: whatever it says); else raises ``Changed``."""
    draft = draft_of(connection, user, at)
    row = row_of(draft, key)
    said = as_values(row)
    if was is not None and not all(same(said[column], was[column]) for column in COLUMNS if column in was):
        raise Changed(said, row.owner, row.changed_at)
    before = said | {"number": row.number, "owner": row.owner, "changed_at": row.changed_at.isoformat()}
    row.delete()
    _place(list(draft.rows.order_by("number")))
    note(draft, key, "remove", before, None, user, at)
    return draft


@transaction.atomic
def move_row(connection: Connection, key: int, to: int, user: User | None, at: datetime) -> WorksheetVersion:
    """Put a row at place ``to``, counted from 1."""
    draft = draft_of(connection, user, at)
    row = row_of(draft, key)
    before = row.number
    if _moved(draft, key, to) != before:
        note(draft, key, "move", before, draft.rows.get(key=key).number, user, at)
    return draft


def _moved(draft: WorksheetVersion, key: int, to: int) -> int:
    rows = list(draft.rows.order_by("number"))
    row = next(row for row in rows if row.key == key)
    others = [r for r in rows if r.key != key]
    place = min(max(to, 1), len(rows)) - 1
    _place([*others[:place], row, *others[place:]])
    return row.number


@transaction.atomic
def leave_out(
    connection: Connection, side: str, name: str, user: User | None, at: datetime, *, out: bool = True
) -> WorksheetVersion:
    """Leave a field out for good, or with ``out=False`` take it in again. ``side`` is "hub" or "map"."""
    draft = draft_of(connection, user, at)
    if side not in SIDES or not name or len(name) > 200:
        raise Unusable("Say which field of the hub or of the MAP is left out.")
    fields = left_out(draft)
    if (name in fields[side]) == out:
        return draft
    _leave(draft, side, name, out=out)
    words = [side, name]
    note(draft, None, "leave-out", None if out else words, words if out else None, user, at)
    return draft


def _leave(draft: WorksheetVersion, side: str, name: str, *, out: bool) -> None:
    fields = left_out(draft)
    fields[side] = sorted({*fields[side], name} if out else set(fields[side]) - {name})
    draft.left_out = fields


@transaction.atomic
def import_rows(
    connection: Connection, said: dict[str, Any], user: User | None, at: datetime, revision: int | None = None
) -> WorksheetVersion:
    """The draft says what a file said (a snapshot, rows without a key are new).

    ``revision`` is the draft's as it was when the changes were shown, 0 where there was none; ``Unusable`` if it
    is another by now.
    """
    seen = versions.draft_or_none(connection)
    if revision is not None and revision != (seen.revision if seen else 0):
        raise Unusable("Somebody changed the draft since this was shown, so nothing was imported. Look again.")
    draft = draft_of(connection, user, at)
    before, key, who = snapshot(draft), next_key(connection), actor(user)
    if len(said["rows"]) > MOST_ROWS:
        raise Unusable(f"A worksheet has at most {MOST_ROWS:,} rows.")
    standing = {row["key"]: row for row in before["rows"]}
    rows = []
    for given in said["rows"]:
        values = {column: clean(column, given[column]) for column in COLUMNS}
        old = standing.get(given.get("key"))
        if old and all(same(old[column], values[column]) for column in COLUMNS):
            rows.append(old)
            continue
        if old is None:
            key += 1
        rows.append({"key": old["key"] if old else key - 1, **values, "owner": who, "changed_at": at.isoformat()})
    after = {"rows": rows, "left_out": {side: sorted(said["left_out"][side]) for side in SIDES}}
    if after != before:
        versions.fill(draft, after)
        note(draft, None, "import", before, after, user, at)
    return draft


@transaction.atomic
def take_back(connection: Connection, edit: int, user: User | None, at: datetime) -> WorksheetEdit:
    """Undo one edit of the draft; raises ``Changed`` where what it wrote does not stand any more."""
    draft = draft_of(connection, user, at)
    found = draft.edits.filter(pk=edit).first()
    if found is None:
        raise Unusable("This edit belongs to another draft.")
    if found.taken_back:
        raise Unusable("This edit was taken back already.")
    undo = _UNDO.get(found.what, _undo_cell)
    undo(draft, found, at)
    found.taken_back = True
    found.save(update_fields=["taken_back"])
    saved(draft, user, at)
    return found


def last_edit(draft: WorksheetVersion | None, user: User | None) -> WorksheetEdit | None:
    """The newest edit of this person that stands: what Ctrl+Z takes back."""
    if draft is None:
        return None
    return draft.edits.filter(taken_back=False, user_id=user.pk if user else None).order_by("-id").first()


def _undo_cell(draft: WorksheetVersion, edit: WorksheetEdit, at: datetime) -> None:
    row = row_of(draft, edit.row or 0)
    if not same(getattr(row, edit.what), edit.after):
        raise Changed(getattr(row, edit.what), *_last(draft, row.key, edit.what))
    _set(row, edit.what, edit.before, edit.by, at)


def _undo_add(draft: WorksheetVersion, edit: WorksheetEdit, at: datetime) -> None:
    row = row_of(draft, edit.row or 0)
    if as_values(row) != edit.after:
        raise Changed(as_values(row), row.owner, row.changed_at)
    row.delete()
    _place(list(draft.rows.order_by("number")))


def _undo_remove(draft: WorksheetVersion, edit: WorksheetEdit, at: datetime) -> None:
    said = {column: edit.before[column] for column in COLUMNS}
    written = parse_datetime(edit.before["changed_at"]) or at
    _add(draft, edit.row or 0, said, edit.before["owner"], written, None)
    _moved(draft, edit.row or 0, edit.before["number"])


def _undo_move(draft: WorksheetVersion, edit: WorksheetEdit, at: datetime) -> None:
    row_of(draft, edit.row or 0)
    _moved(draft, edit.row or 0, edit.before)


def _undo_leave(draft: WorksheetVersion, edit: WorksheetEdit, at: datetime) -> None:
    side, name = edit.after or edit.before
    _leave(draft, side, name, out=edit.after is None)


def _undo_all(draft: WorksheetVersion, edit: WorksheetEdit, at: datetime) -> None:
    """An import or a version brought back: only while nothing was edited on top of it."""
    later = draft.edits.filter(pk__gt=edit.pk, taken_back=False).order_by("-id").first()
    if later:
        raise Unusable(f"{later.by} edited on top of it. Take that back first.")
    versions.fill(draft, edit.before)


_UNDO: dict[str, Callable[[WorksheetVersion, WorksheetEdit, datetime], None]] = {
    "add": _undo_add,
    "remove": _undo_remove,
    "move": _undo_move,
    "leave-out": _undo_leave,
    "import": _undo_all,
    "bring-back": _undo_all,
}
