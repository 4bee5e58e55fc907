"""A problem's one-click fix, carried out as the edits that a person would make."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from syncrules.domain import proof
from syncrules.domain.worksheet import Problem, Row
from syncrules.models import Connection
from syncrules.services import editing
from syncrules.services.rows import FIELDS, Unusable, as_row
from syncrules.services.versions import draft_of


def apply_fix(connection: Connection, problem: Problem, user: User | None, at: datetime) -> None:
    """Carry out a problem's one-click fix, as the edits that a person would make."""
    args = dict(problem.fix_args)
    if problem.fix == "leave-out":
        editing.leave_out(connection, args["side"], args["field"], user, at)
    elif problem.fix == "add-row":
        editing.add_row(connection, args, user, at)
    elif problem.fix == "remove-row":
        editing.remove_row(connection, problem.key or 0, None, user, at)
    elif problem.fix in ("set", "map-value", "unmap-value"):
        _fix_cells(connection, problem, user, at)
    else:
        raise Unusable("This problem has no fix in one click.")


@transaction.atomic
def _fix_cells(connection: Connection, problem: Problem, user: User | None, at: datetime) -> None:
    row = as_row(editing.row_of(draft_of(connection, user, at), problem.key or 0))
    (fixed,) = proof.apply_fix([row], (), (), problem).rows
    for column, name in FIELDS.items():
        was, now = _cell(row, name), _cell(fixed, name)
        if was != now:
            editing.edit_cell(connection, row.key, column, was, now, user, at)


def _cell(row: Row, name: str) -> Any:
    value = getattr(row, name)
    return [list(pair) for pair in value] if name == "value_map" else value
