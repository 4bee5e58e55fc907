"""Rows of a worksheet between the database, the judges, and the log of edits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contacts.readers.feed import clean as printable
from syncrules.domain.worksheet import Row
from syncrules.models import WorksheetRow, WorksheetVersion

#: What people may change of a row, in the order of the grid.
COLUMNS: dict[str, str] = {
    "field_name": "Field name",
    "hub_field": "Hub field",
    "direction": "Direction",
    "map_field": "MAP field",
    "rule": "Overwrite rule",
    "value_map": "Values",
    "blank_counts": "Blank is a value",
    "note": "Note",
}
#: The same columns by the names that the judges have for them.
FIELDS: dict[str, str] = {
    "field_name": "name", "hub_field": "hub", "direction": "direction", "map_field": "map", "rule": "rule",
    "value_map": "value_map", "blank_counts": "blank_counts", "note": "note",
}  # fmt: skip
SIDES = ("hub", "map")


class Unusable(ValueError):
    """What was asked for can't be done with this worksheet; the text says why."""


def as_row(row: WorksheetRow) -> Row:
    """A stored row as the judges and the check need it."""
    pairs = tuple((str(one), str(other)) for one, other in row.value_map)
    return Row(
        row.key, row.number, row.field_name, row.hub_field, row.map_field, row.direction, row.rule, pairs,
        row.blank_counts, row.note,
    )  # fmt: skip


def as_values(row: WorksheetRow) -> dict[str, Any]:
    """What a row says, without its place."""
    return {column: getattr(row, column) for column in COLUMNS}


def left_out(version: WorksheetVersion | None) -> dict[str, list[str]]:
    """The fields of each side that ops left out for good."""
    stored = version.left_out if version else {}
    return {side: list(stored.get(side, [])) for side in SIDES}


def snapshot(version: WorksheetVersion | None) -> dict[str, Any]:
    """Everything that a version says, as the log of edits keeps it."""
    rows = version.rows.order_by("number", "key") if version else []
    said = [{"key": r.key, **as_values(r), "owner": r.owner, "changed_at": r.changed_at.isoformat()} for r in rows]
    return {"rows": said, "left_out": left_out(version)}


def clean(column: str, value: Any) -> Any:
    """The value as a row stores it.

    Raises ``Unusable`` in words. Whether a field or a rule exists is the check's to say: nothing gets lost.
    """
    if column not in COLUMNS:
        raise Unusable(f"A row has no column “{column}”.")
    if column == "blank_counts":
        if not isinstance(value, bool):
            raise Unusable("Whether a blank is a value is yes or no.")
        return value
    if column == "value_map":
        return _pairs(value)
    text = printable(str(value if value is not None else "")).strip()
    limit = WorksheetRow._meta.get_field(column).max_length or 2_000
    if len(text) > limit:
        raise Unusable(f"{COLUMNS[column]} is longer than {limit} characters.")
    return text


def _pairs(value: Any) -> list[list[str]]:
    if not isinstance(value, list) or len(value) > 1_000:
        raise Unusable("A value map is a list of pairs, at most 1,000.")
    pairs: list[list[str]] = []
    for pair in value:
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(isinstance(v, str) for v in pair):
            raise Unusable("A value map is a list of pairs: a MAP value and the hub's value for it.")
        both = [printable(text).strip() for text in pair]
        if max(map(len, both)) > 300:
            raise Unusable("A value is longer than 300 characters.")
        if both[0] and both not in pairs:
            pairs.append(both)
    return pairs


def same(one: Any, other: Any) -> bool:
    """Whether two cells say the same; pairs may be lists or tuples."""
    return _plain(one) == _plain(other)


def _plain(value: Any) -> Any:
    return [list(pair) for pair in value] if isinstance(value, list | tuple) else value


def numbered(rows: Iterable[WorksheetRow]) -> list[WorksheetRow]:
    """The rows with their places from 1 on; which of them changed is for the caller to write."""
    placed = list(rows)
    for place, row in enumerate(placed, start=1):
        row.number = place
    return placed
