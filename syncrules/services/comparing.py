"""Two versions of a worksheet side by side: which rows came, went, changed or moved, by their lasting keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from syncrules.models import WorksheetRow, WorksheetVersion
from syncrules.services.rows import COLUMNS, as_values, left_out, same


@dataclass(frozen=True)
class RowChange:
    """One row of two versions side by side; ``columns`` differ."""

    key: int
    before: WorksheetRow | None
    after: WorksheetRow | None
    columns: tuple[str, ...]
    moved: bool = False

    @property
    def kind(self) -> str:
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        return "changed" if self.columns else "moved" if self.moved else "same"


@dataclass(frozen=True)
class Comparison:
    """Two versions side by side: every row of either, in the order of the later one."""

    rows: list[RowChange]
    left_out: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)

    def of(self, kind: str) -> list[RowChange]:
        return [row for row in self.rows if row.kind == kind]

    @property
    def differs(self) -> bool:
        return any(row.kind != "same" for row in self.rows) or bool(self.left_out)

    @property
    def words(self) -> str:
        """How much differs, in a few words."""
        counts = [(kind, len(self.of(kind))) for kind in ("changed", "added", "removed", "moved")]
        parts = [f"{n} {'row' + 's' * (n != 1) + ' ' if i == 0 else ''}{kind}" for i, (kind, n) in
                 enumerate((kind, n) for kind, n in counts if n)]  # fmt: skip
        fields = sum(len(gone) + len(came) for gone, came in self.left_out.values())
        return ", ".join(parts + [f"{fields} left out or taken in"] * bool(fields)) or "nothing changed"


def compare(before: WorksheetVersion | None, after: WorksheetVersion | None) -> Comparison:
    """Two versions of one worksheet, row by row as their keys say; two queries."""
    old, new = ((v.rows.order_by("number") if v else ()) for v in (before, after))
    return compare_rows(old, new, left_out(before), left_out(after))


def compare_rows(
    before: Iterable[WorksheetRow],
    after: Iterable[WorksheetRow],
    out_before: dict[str, list[str]],
    out_after: dict[str, list[str]],
) -> Comparison:
    """The same of rows from anywhere, such as those that a file would make."""
    old, new = ({row.key: row for row in rows} for rows in (before, after))
    moved = _moved([k for k in old if k in new], [k for k in new if k in old])
    rows = [_row_change(old.get(key), row, key in moved) for key, row in new.items()]
    rows += [_row_change(row, None, False) for key, row in old.items() if key not in new]
    return Comparison(rows, _left_out(out_before, out_after))


def _row_change(before: WorksheetRow | None, after: WorksheetRow | None, moved: bool) -> RowChange:
    key = (after or before).key  # type: ignore[union-attr]
    if before is None or after is None:
        return RowChange(key, before, after, ())
    then, now = as_values(before), as_values(after)
    return RowChange(key, before, after, tuple(c for c in COLUMNS if not same(then[c], now[c])), moved)


def _moved(old: list[int], new: list[int]) -> set[int]:
    """The keys that changed their place among those that both have: all but a longest run that kept its order."""
    place = {key: n for n, key in enumerate(old)}
    best: list[tuple[int, int | None]] = []  # for each row of the new order: length of its run, and the one before it
    for n, key in enumerate(new):
        earlier = [(best[m][0], m) for m in range(n) if place[new[m]] < place[key]]
        length, previous = max(earlier, default=(0, None))
        best.append((length + 1, previous))
    kept: set[int] = set()
    at = max(range(len(new)), key=lambda n: best[n][0], default=None)
    while at is not None:
        kept.add(new[at])
        at = best[at][1]
    return set(new) - kept


def _left_out(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, tuple[list[str], list[str]]]:
    """By side: what is taken in again, and what is left out now."""
    sides = {
        side: (sorted(set(before[side]) - set(after[side])), sorted(set(after[side]) - set(before[side])))
        for side in before
    }
    return {side: change for side, change in sides.items() if any(change)}
