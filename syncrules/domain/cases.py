"""What a judge of the worksheet looks at, and what it says."""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple

from contacts.domain import rules
from contacts.domain.changes import Verdict
from contacts.domain.origins import Origin
from syncrules.domain.worksheet import Direction, Row

INWARD = frozenset({Direction.TO_HUB.value, Direction.BOTH.value})
OUTWARD = frozenset({Direction.TO_MAP.value, Direction.BOTH.value})
STAGE, OPT_IN = "lifecycle_stage", "opt_in"


class Special(Enum):
    """What stands where a value would be."""

    NEVER = "never agreed"  # the two sides have not agreed on this field yet
    BLANK = "a blank that counts"  # the MAP holds nothing, and the row says that this is a value


NEVER_AGREED, BLANK = Special.NEVER, Special.BLANK


class Unread(NamedTuple):
    """A value that can't be said in the other side's terms: the text, and why in words."""

    text: str
    why: str


class FieldCase(NamedTuple):
    """One row of a linked record, ready to be judged.

    ``hub``: the hub's value, None for none. ``map``: the MAP's in hub terms, None for none, BLANK for a blank that
    counts, or Unread. ``agreed``: the hub's value when both last agreed, or NEVER_AGREED. ``news``: the MAP shows
    something else than it last did; only news is logged. ``protected``: a person wrote the hub's value, or emptied
    it, and has not released it. ``own``: the hub's value came from this MAP or from a source that feeds it.
    """

    row: Row
    hub: Any
    map: Any
    agreed: Any = NEVER_AGREED
    news: bool = True
    origin: Origin | None = None
    protected: bool = False
    own: bool = False
    version: int = 0

    @property
    def to_hub(self) -> bool:
        return self.row.direction in INWARD

    @property
    def to_map(self) -> bool:
        return self.row.direction in OUTWARD

    @property
    def map_empty(self) -> bool:
        return self.map is None or self.map is BLANK

    @property
    def hub_changed(self) -> bool:
        return self.agreed is not NEVER_AGREED and not same_exactly(self.hub, self.agreed)

    @property
    def map_changed(self) -> bool:
        if self.agreed is NEVER_AGREED:
            return False
        offered = None if self.map is BLANK else self.map
        return isinstance(offered, Unread) or not same(offered, self.agreed)

    @property
    def released(self) -> bool:
        return self.origin is not None and self.origin.rule == rules.RELEASED


class Judgement(NamedTuple):
    """What was decided. ``hub`` and ``map`` are verdicts about the side that would be written, None where
    there is nothing to say; when one is "written", its value is beside it (None empties). ``agreed`` is the value
    that both sides hold once that is done, NEVER_AGREED where they stay apart."""

    hub: Verdict | None = None
    map: Verdict | None = None
    hub_value: Any = None
    map_value: Any = None
    conflict: bool = False
    agreed: Any = NEVER_AGREED


def same_exactly(one: Any, other: Any) -> bool:
    """Equal, and of one kind: False is not 0, while 1 and 1.0 are one number."""
    return one is other or (isinstance(one, bool) == isinstance(other, bool) and bool(one == other))


def same(one: Any, other: Any) -> bool:
    """Equal but for case and spaces, which MAPs change as they store a text."""
    if one is None or other is None:
        return one is other
    if isinstance(one, str) and isinstance(other, str):
        return one == other or one.casefold().split() == other.casefold().split()
    return same_exactly(one, other)
