"""What the families of problems have in common: the rows by field, and how a problem is put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from contacts.domain.names import fold
from syncrules.domain.proof.codes import CODES
from syncrules.domain.reading import DIRECTION_LABELS, RULE_LABELS
from syncrules.domain.translating import Translator, translators
from syncrules.domain.worksheet import Direction, FieldType, Problem, Row, Rule, Worksheet

HUB = "the hub"
#: Columns of a row, by the names that the grid has for them.
HUB_FIELD, MAP_FIELD, DIRECTION, RULE, VALUES, BLANK = (
    "hub_field", "map_field", "direction", "rule", "value_map", "blank_counts",
)  # fmt: skip
DIRECTIONS, RULES = frozenset(Direction), frozenset(Rule)
Args = tuple[tuple[str, str], ...]


class Fix(NamedTuple):
    """A one-click fix: its name, the words on its button, and what it needs (``fixes.apply_fix``)."""

    name: str = ""
    label: str = ""
    args: Args = ()


NO_FIX = Fix()


@dataclass(frozen=True)
class Sheets:
    """The worksheet that is checked, and those in force in the other connections."""

    worksheet: Worksheet
    others: Sequence[Worksheet]
    by_row: dict[int, Translator] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_row", translators(self.worksheet))

    @property
    def rows(self) -> Sequence[Row]:
        return self.worksheet.rows

    @property
    def map_name(self) -> str:
        return self.worksheet.name or "the MAP"

    def hub(self, row: Row) -> FieldType | None:
        return self.worksheet.hub_fields.get(row.hub)

    def map(self, row: Row) -> FieldType | None:
        return self.worksheet.map_fields.get(row.map)

    def example(self, there: str, here: str) -> Args:
        """The smallest pair of records: what the MAP's holds, and what comes of it in the hub."""
        return ((self.map_name, there), (HUB, here))


def inward(row: Row) -> bool:
    """Whether the direction lets the MAP's value into the hub."""
    return row.direction in (Direction.TO_HUB, Direction.BOTH)


def outward(row: Row) -> bool:
    """Whether the direction lets the hub's value into the MAP."""
    return row.direction in (Direction.TO_MAP, Direction.BOTH)


def writes_hub(row: Row) -> bool:
    """Whether the row ever writes a value into the hub."""
    return (row.rule == Rule.FILL and row.direction in DIRECTIONS) or (inward(row) and row.rule in RULES - {Rule.HUB})


def writes_map(row: Row) -> bool:
    """Whether the row ever writes a value into the MAP."""
    for_the_hub = row.rule in (Rule.ONCE, Rule.FRESH) and row.direction == Direction.TO_MAP
    return outward(row) and row.rule in RULES and not for_the_hub


def overwrites_hub(row: Row) -> bool:
    """Whether the row may change a value that the hub has."""
    return inward(row) and row.rule in (Rule.FRESH, Rule.STAGE)


def problem(
    code: str,
    text: str,
    row: Row | None = None,
    *,
    example: Args = (),
    fix: Fix = NO_FIX,
    column: str = "",
    level: str = "",
) -> Problem:
    """A problem of a row, or of the whole worksheet."""
    number, key = (row.number, row.key) if row else (None, None)
    level = level or CODES[code].level
    return Problem(code, level, number, key, text, example, fix.name, fix.label, fix.args, column)


def set_to(**cells: str) -> Fix:
    """The fix that sets cells of the row, worded by what the last of them will say."""
    words = [
        DIRECTION_LABELS.get(value) or (f"“{RULE_LABELS[value]}”" if value in RULE_LABELS else value)
        for value in cells.values()
    ]
    return Fix("set", f"Turn to {', '.join(words)}", tuple(cells.items()))


REMOVE = Fix("remove-row", "Remove the row")


def add_row(hub: FieldType, other: FieldType, direction: str, rule: str) -> Fix:
    """The fix that adds a row of these two fields."""
    cells = {"field_name": hub.label, HUB_FIELD: hub.name, MAP_FIELD: other.name, DIRECTION: direction, RULE: rule}
    return Fix("add-row", f"Add {hub.label} ↔ {other.label}", tuple(cells.items()))


def leave_out(side: str, known: FieldType) -> Fix:
    """The fix that leaves a field out for good."""
    return Fix("leave-out", "Leave it out for good", (("side", side), ("field", known.name)))


def same_named(known: FieldType, among: Iterable[FieldType]) -> FieldType | None:
    """The one field of the other side that bears the same name, or None."""
    names = {fold(known.name), fold(known.label)}
    found = [f for f in among if names & {fold(f.name), fold(f.label)}]
    return found[0] if len(found) == 1 else None
