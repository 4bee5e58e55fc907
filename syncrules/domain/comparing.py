"""Two versions of a worksheet side by side: which rows came, went, changed or moved. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from syncrules.domain.worksheet import Row, Worksheet

#: What a row says, in the order of the grid, by the names that the grid has for it.
CELLS: tuple[tuple[str, str], ...] = (
    ("field_name", "name"),
    ("hub_field", "hub"),
    ("direction", "direction"),
    ("map_field", "map"),
    ("rule", "rule"),
    ("value_map", "value_map"),
    ("blank_counts", "blank_counts"),
    ("note", "note"),
)


class Pair(NamedTuple):
    """One row in both versions, or in one of them. ``what`` is "added", "removed", "changed", "moved" or "same".

    ``cells`` are the columns that say something else. A changed row may have moved too.
    """

    what: str
    before: Row | None
    after: Row | None
    cells: tuple[str, ...] = ()
    moved: bool = False


class Compared(NamedTuple):
    """All rows in the order of the later version, removed ones where they stood; and the fields left out."""

    pairs: tuple[Pair, ...]
    left_out: frozenset[tuple[str, str]]  # side and field, left out only in the later version
    taken_in: frozenset[tuple[str, str]]

    @property
    def differ(self) -> bool:
        return bool(self.left_out or self.taken_in or any(p.what != "same" for p in self.pairs))


def compare(before: Worksheet, after: Worksheet) -> Compared:
    """The later version against the earlier one, row by lasting key."""
    old = {row.key: row for row in before.rows}
    new = sorted(after.rows, key=lambda r: r.number)
    moved = _moved(sorted(before.rows, key=lambda r: r.number), new)
    pairs = [_pair(old.get(row.key), row, row.key in moved) for row in new]
    for row in sorted((r for r in before.rows if r.key not in {n.key for n in new}), key=lambda r: r.number):
        pairs.insert(min(row.number - 1, len(pairs)), Pair("removed", row, None))
    gone, then = _left_out(before), _left_out(after)
    return Compared(tuple(pairs), then - gone, gone - then)


def _pair(before: Row | None, after: Row, moved: bool) -> Pair:
    if before is None:
        return Pair("added", None, after)
    cells = tuple(column for column, name in CELLS if _cell(before, name) != _cell(after, name))
    what = "changed" if cells else "moved" if moved else "same"
    return Pair(what, before, after, cells, moved)


def _cell(row: Row, name: str) -> Any:
    return getattr(row, name)


def _moved(before: Iterable[Row], after: Iterable[Row]) -> set[int]:
    """The fewest rows that somebody must have moved: all but the longest run that kept its order."""
    place = {row.key: n for n, row in enumerate(before)}
    keys = [row.key for row in after if row.key in place]
    best: list[tuple[int, int]] = []  # length of the longest run that ends here, and where it came from
    for at, key in enumerate(keys):
        runs = [(best[i][0], i) for i in range(at) if place[keys[i]] < place[key]]
        length, since = max(runs, default=(0, -1), key=lambda run: (run[0], -run[1]))
        best.append((length + 1, since))
    at = max(range(len(best)), key=lambda i: (best[i][0], -i), default=-1)
    stayed = set()
    while at >= 0:
        stayed.add(keys[at])
        at = best[at][1]
    return set(keys) - stayed


def _left_out(worksheet: Worksheet) -> frozenset[tuple[str, str]]:
    sides = (("hub", worksheet.left_out_hub), ("map", worksheet.left_out_map))
    return frozenset((side, name) for side, names in sides for name in names)
