"""What the grid of a worksheet shows, as plain values: the page starts with it, and each edit answers with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from syncrules.domain.proof import CODES
from syncrules.domain.reading import DIRECTION_LABELS, RULE_LABELS
from syncrules.domain.worksheet import FieldType, Problem
from syncrules.models import WorksheetEdit, WorksheetRow, WorksheetVersion
from syncrules.services import checking, comparing, editing, versions
from syncrules.services.rows import COLUMNS, left_out

#: So long after an edit its editor counts as one who edits now.
EDITS_NOW = timedelta(minutes=10)
_UNMAPPED = frozenset({"option-unmapped", "stage-unmapped"})
_ACTS = {"add": "a new row", "remove": "a removed row", "move": "a moved row", "leave-out": "a field left out",
         "import": "an import", "bring-back": "a version brought back"}  # fmt: skip


def choices(where: checking.Around) -> dict[str, Any]:
    """Everything that a cell can be set to."""
    return {
        "hub_field": [_field(f) for f in where.hub_fields.values()],
        "map_field": [_field(f) for f in where.map_fields.values()],
        "direction": [{"value": value, "label": label} for value, label in DIRECTION_LABELS.items()],
        "rule": [{"value": value, "label": label} for value, label in RULE_LABELS.items()],
    }


def _field(f: FieldType) -> dict[str, Any]:
    return {
        "value": f.name,
        "label": f.label,
        "type": f.type,
        "read_only": f.read_only,
        "role": f.role,
        "options": [list(option) for option in f.options],
    }


def state(where: checking.Around, user: User, now: datetime) -> dict[str, Any]:
    """The draft, or what is in force where there is none, with its problems and what differs."""
    connection = where.connection
    draft, in_force = versions.draft_or_none(connection), versions.in_force(connection)
    shown = draft or in_force
    compared = comparing.compare(in_force, shown) if shown else comparing.Comparison([])
    rows = [c.after for c in compared.rows if c.after is not None]
    problems = checking.check(where, checking.of_rows(where, rows, left_out(shown), shown.number if shown else 0))
    last = editing.last_edit(draft, user)
    return {
        "revision": draft.revision if draft else 0,
        "draft": _draft(draft, compared) if draft else None,
        "in_force": _in_force(in_force) if in_force else None,
        "rows": _rows(where, compared, problems, fresh=in_force is None),
        "removed": [_named(c.before) for c in compared.of("removed") if c.before],
        "left_out": left_out(shown),
        "problems": [_problem(p) for p in problems],
        "checked": moment(now),
        "stops": len(checking.stopping(problems)),
        "why_not": why_not(draft, compared, problems, user, first=in_force is None),
        "editors": _editors(draft, user, now),
        "undo": {"id": last.pk, "words": _words(last, rows)} if last else None,
    }


def moment(at: datetime | None) -> str:
    """The time today, the day and time before that."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    today = local.date() == timezone.localdate()
    return f"{local:%H:%M}" if today else f"{local.day} {local:%B, %H:%M}"


def _draft(draft: WorksheetVersion, compared: comparing.Comparison) -> dict[str, Any]:
    return {
        "number": draft.number,
        "saved": moment(draft.saved_at),
        "by": draft.saved_by,
        "words": compared.words,
        "differs": compared.differs,
    }


def _in_force(version: WorksheetVersion) -> dict[str, Any]:
    return {"number": version.number, "since": moment(version.forced_at), "by": version.forced_by}


def _rows(
    where: checking.Around, compared: comparing.Comparison, problems: Sequence[Problem], *, fresh: bool
) -> list[dict[str, Any]]:
    by_key: dict[int, list[Problem]] = {}
    for problem in problems:
        by_key.setdefault(problem.key or 0, []).append(problem)
    return [
        {
            "key": change.key,
            "number": change.after.number,
            **{column: getattr(change.after, column) for column in COLUMNS},
            "owner": change.after.owner,
            "new": change.kind == "added" and not fresh,
            "changed": list(change.columns),
            "before": {c: getattr(change.before, c) for c in change.columns},
            "moved": change.moved,
            "bad": sorted({p.column for p in by_key.get(change.key, ()) if p.level == checking.STOPS}),
            "values": _values(where, change.after, by_key.get(change.key, ())),
        }
        for change in compared.rows
        if change.after is not None
    ]


def _values(where: checking.Around, row: WorksheetRow, problems: Sequence[Problem]) -> str:
    """The last column: what kind of values these are, or how many options have a counterpart."""
    missing = sum(p.code in _UNMAPPED for p in problems)
    if missing:
        return f"{missing} missing"
    ours, theirs = where.hub_fields.get(row.hub_field), where.map_fields.get(row.map_field)
    if ours and theirs and ours.role == theirs.role == "optout":
        return "inverted"
    if row.value_map:
        return f"{len(row.value_map)} mapped"
    return (ours or theirs).type if ours or theirs else ""  # type: ignore[union-attr]


def _named(row: WorksheetRow) -> dict[str, Any]:
    return {"key": row.key, "name": row.field_name or row.hub_field or row.map_field}


def _problem(p: Problem) -> dict[str, Any]:
    return {
        "code": p.code,
        "title": CODES[p.code].title,
        "why": CODES[p.code].why,
        "level": p.level,
        "row": p.row,
        "key": p.key,
        "text": p.text,
        "example": [list(pair) for pair in p.example],
        "fix": p.fix,
        "fix_label": p.fix_label,
        "fix_args": [list(pair) for pair in p.fix_args],
        "column": p.column,
    }


def why_not(
    draft: WorksheetVersion | None,
    compared: comparing.Comparison,
    problems: Sequence[Problem],
    user: User,
    *,
    first: bool,
) -> str:
    """Why the draft can't be put in force now, in words; "" when it can."""
    if draft is None:
        return "Nothing is drafted"
    if not compared.differs and not first:
        return "The draft says what is in force"
    if stopped := len(checking.stopping(problems)):
        return f"{stopped} problem{'s' * (stopped != 1)} stop{'s' * (stopped == 1)} it"
    if not user.has_perm(versions.FORCE):
        return "Only ops and admins put a worksheet in force"
    return ""


def _editors(draft: WorksheetVersion | None, user: User, now: datetime) -> list[dict[str, str]]:
    """The others who edited this draft in the last minutes, the latest first."""
    if draft is None:
        return []
    recent = draft.edits.filter(at__gte=now - EDITS_NOW).exclude(user_id=user.pk).order_by("-id")[:200]
    latest: dict[str, WorksheetEdit] = {}
    for edit in recent:
        latest.setdefault(edit.by, edit)
    return [{"name": name, "at": moment(edit.at), "key": edit.row or 0} for name, edit in latest.items()]


def _words(edit: WorksheetEdit, rows: Sequence[WorksheetRow]) -> str:
    """What an edit was, in a few words."""
    row = next((f"row {r.number}" for r in rows if r.key == edit.row), "")
    if edit.what in _ACTS:
        return " ".join(part for part in (_ACTS[edit.what], f"({row})" if row else "") if part)
    return f"{COLUMNS.get(edit.what, edit.what)} of {row or 'a row'}"


def words_of(column: str, value: Any, named: Mapping[str, Mapping[str, FieldType]]) -> str:
    """A cell as people read it."""
    if column == "direction":
        return DIRECTION_LABELS.get(value, value)
    if column == "rule":
        return RULE_LABELS.get(value, value)
    if column in named:
        known = named[column].get(value)
        return known.label if known else value
    if column == "value_map":
        return "; ".join(f"{theirs} = {ours or 'no value'}" for theirs, ours in value)
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
