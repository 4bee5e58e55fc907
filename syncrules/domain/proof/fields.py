"""Fields that don't exist, that two rows speak of, or that none does."""

from __future__ import annotations

from collections.abc import Iterator

from syncrules.domain.proof.parts import (
    DIRECTION,
    HUB_FIELD,
    MAP_FIELD,
    REMOVE,
    Fix,
    Sheets,
    add_row,
    leave_out,
    problem,
    same_named,
    set_to,
    writes_map,
)
from syncrules.domain.reading import RULE_LABELS
from syncrules.domain.worksheet import Direction, FieldType, Problem, Row, Rule

#: Rules that still make sense where values only come from the MAP.
_ALSO_INWARD = (Rule.NEVER, Rule.FILL, Rule.ONCE, Rule.FRESH)
#: What has a problem of its own when no row speaks of it.
_NEEDED = ("email", "optout")


def unknown(sheets: Sheets) -> Iterator[Problem]:
    """Rows whose hub or MAP field does not exist."""
    for row in sheets.rows:
        if sheets.hub(row) is None:
            said = f"The hub has no field “{row.hub}”." if row.hub else "The row names no hub field."
            yield problem("hub-field-unknown", said, row, fix=REMOVE, column=HUB_FIELD)
        if sheets.map(row) is None:
            said = f"{sheets.map_name} has no field “{row.map}”." if row.map else "The row names no MAP field."
            yield problem("map-field-unknown", said, row, fix=REMOVE, column=MAP_FIELD)


def twice(sheets: Sheets) -> Iterator[Problem]:
    """The second and every further row on one field."""
    first: dict[tuple[str, str], Row] = {}
    for row in sheets.rows:
        for side, name, known in ((HUB_FIELD, row.hub, sheets.hub(row)), (MAP_FIELD, row.map, sheets.map(row))):
            if known is None:
                continue
            other = first.setdefault((side, name), row)
            if other is row:
                continue
            where = "the hub’s" if side == HUB_FIELD else f"{sheets.map_name}’s"
            rules = [f"row {r.number}: {RULE_LABELS.get(r.rule, r.rule or 'no rule')}" for r in (other, row)]
            text = f"Rows {other.number} and {row.number} both speak of {where} “{known.label}”. One of them has to go."
            example = sheets.example(rules[0], rules[1])
            yield problem("field-twice", text, row, example=example, fix=REMOVE, column=side)
            break


def read_only(sheets: Sheets) -> Iterator[Problem]:
    """Rows that would write where the MAP takes nothing. Its opt-out is written by its own way of unsubscribing."""
    for row in sheets.rows:
        known = sheets.map(row)
        if known is None or not known.read_only or known.role == "optout" or not writes_map(row):
            continue
        fix = set_to(**{DIRECTION: Direction.TO_HUB}) if row.rule in _ALSO_INWARD else REMOVE
        text = f"{sheets.map_name} lets nobody write “{known.label}”, and this row would."
        example = sheets.example("keeps its own", "has another, which never gets there")
        yield problem("map-field-read-only", text, row, example=example, fix=fix, column=MAP_FIELD)


def unmentioned(sheets: Sheets) -> Iterator[Problem]:
    """Fields of either side that no row speaks of and that were not left out."""
    sheet = sheets.worksheet
    hub = {row.hub for row in sheet.rows} | sheet.left_out_hub
    other = {row.map for row in sheet.rows} | sheet.left_out_map
    free_hub = [f for f in sheet.hub_fields.values() if f.name not in hub and f.role not in _NEEDED]
    free_map = [
        f for f in sheet.map_fields.values() if f.name not in other and f.own and not f.read_only and not f.role
    ]
    for known in free_hub:
        fix = _add(known, same_named(known, free_map)) or leave_out("hub", known)
        text = f"No row speaks of the hub’s “{known.label}”. Add a row, or leave it out for good."
        yield problem("hub-field-unmentioned", text, fix=fix)
    for known in free_map:
        ours = same_named(known, free_hub)
        fix = (_add(ours, known) if ours else None) or leave_out("map", known)
        text = f"No row speaks of {sheets.map_name}’s “{known.label}”. Add a row, or leave it out for good."
        yield problem("map-field-unmentioned", text, fix=fix)


def _add(hub: FieldType, other: FieldType | None) -> Fix | None:
    """A row as the playbook has it for most fields: one way, and the MAP fills gaps."""
    if other is None or hub.type != other.type or hub.type in ("stage", "choice") or hub.read_only:
        return None
    return add_row(hub, other, Direction.TO_MAP, Rule.FILL)
