"""Carrying a problem's one-click fix out on rows. Pure; whoever edits the draft stores what comes back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from contacts.domain.names import fold
from syncrules.domain.worksheet import Problem, Row


class Fixed(NamedTuple):
    """The worksheet's rows and the fields that are left out, once the problem is fixed."""

    rows: tuple[Row, ...]
    left_out_hub: frozenset[str]
    left_out_map: frozenset[str]


def apply_fix(rows: Iterable[Row], left_out_hub: Iterable[str], left_out_map: Iterable[str], problem: Problem) -> Fixed:
    """What the worksheet says after the fix. A fix for the whole worksheet, or without one, changes what it can."""
    rows, hub, other = tuple(rows), frozenset(left_out_hub), frozenset(left_out_map)
    args = dict(problem.fix_args)
    if problem.fix == "leave-out":
        name = frozenset({args["field"]})
        return Fixed(rows, hub | name, other) if args["side"] == "hub" else Fixed(rows, hub, other | name)
    if problem.fix == "add-row":
        key, number = max((r.key for r in rows), default=0) + 1, max((r.number for r in rows), default=0) + 1
        return Fixed((*rows, _set(Row(key, number, "", "", "", "", ""), args)), hub, other)
    if problem.fix == "remove-row":
        kept = [r for r in rows if r.key != problem.key]
        return Fixed(tuple(r._replace(number=n) for n, r in enumerate(kept, 1)), hub, other)
    return Fixed(tuple(_fix_row(r, problem.fix, args) if r.key == problem.key else r for r in rows), hub, other)


def _fix_row(row: Row, fix: str, args: dict[str, str]) -> Row:
    if fix == "set":
        return _set(row, args)
    if fix == "map-value":
        pairs = [pair for pair in row.value_map if fold(pair[0]) != fold(args["map"]) or pair[1] != args["hub"]]
        return row._replace(value_map=(*pairs, (args["map"], args["hub"])))
    if fix == "unmap-value":
        pair = (args["map"], args["hub"])
        places = [place for place, said in enumerate(row.value_map) if said == pair]
        return row._replace(value_map=tuple(p for n, p in enumerate(row.value_map) if n not in places[-1:]))
    return row


def _set(row: Row, cells: dict[str, str]) -> Row:
    """The row with these cells, by the names that the grid has for them."""
    blank = cells.get("blank_counts")
    return row._replace(
        name=cells.get("field_name", row.name),
        hub=cells.get("hub_field", row.hub),
        map=cells.get("map_field", row.map),
        direction=cells.get("direction", row.direction),
        rule=cells.get("rule", row.rule),
        blank_counts=row.blank_counts if blank is None else bool(blank),
    )
