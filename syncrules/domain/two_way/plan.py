"""Everybody in a two-way test: ten pairs, somebody new on either side, and one for each move of a stage. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contacts.domain.lifecycle import UNSUBSCRIBED, StageRow, StageTable
from syncrules.domain import marks
from syncrules.domain.cases import OPT_IN, STAGE, Unread
from syncrules.domain.records import ACTIVITY, Terms
from syncrules.domain.translating import Translator
from syncrules.domain.two_way import samples
from syncrules.domain.worksheet import Row

#: Pairs of the test (playbook, Step 5: ten here, ten there).
PAIRS = 10
#: Fields that are tested by checks of their own, or that only arrivals move.
APART = frozenset({"email", STAGE, OPT_IN, ACTIVITY})
NAMES = ("first_name", "last_name")


@dataclass
class Pair:
    """A contact and a record with one address. ``here`` is by hub field, in the hub's terms; ``there`` and ``later``
    (what the MAP changes its values to, "" for emptied) are texts by MAP field. ``typed``: by a person."""

    who: int
    address: str
    typed: bool
    here: dict[str, Any] = field(default_factory=dict)
    there: dict[str, str] = field(default_factory=dict)
    later: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Move:
    """One contact that goes from a stage to another, on one side. ``text`` is the MAP's name for the other stage."""

    who: int
    address: str
    start: str
    end: str
    text: str
    allowed: bool


@dataclass
class Plan:
    """Everybody of one test."""

    pairs: list[Pair]
    new_here: Pair
    new_there: Pair
    in_hub: list[Move]
    in_map: list[Move]

    @property
    def addresses(self) -> list[str]:
        """Every address of the test."""
        moves = [move.address for move in (*self.in_hub, *self.in_map)]
        return [*(p.address for p in (*self.pairs, self.new_here, self.new_there)), *moves]


def make(terms: Terms, mark: str) -> Plan:
    """The test of this worksheet and this stage table."""
    slug = terms.worksheet.connection
    pairs = [_pair(terms, who, marks.address(mark, f"{who:02d}", slug)) for who in range(1, PAIRS + 1)]
    new_here = _whole(terms, PAIRS + 1, marks.address(mark, "new-here", slug))
    new_there = _whole(terms, PAIRS + 2, marks.address(mark, "new-there", slug))
    first = PAIRS + 3
    in_hub = list(_moves(terms, mark, "h", first, map_side=False))
    return Plan(pairs, new_here, new_there, in_hub, list(_moves(terms, mark, "m", first + len(in_hub), map_side=True)))


def tested_rows(terms: Terms) -> list[Row]:
    """The rows whose values are held side by side."""
    return [row for row in terms.rows if row.hub not in APART]


def _pair(terms: Terms, who: int, address: str) -> Pair:
    """Every row is in turn filled on both sides, empty here, and empty there; then edited or emptied in the MAP."""
    pair = Pair(who, address, typed=who <= PAIRS // 2)
    for place, row in enumerate(tested_rows(terms)):
        translator, turn = terms.by_row[row.key], (who + place) % 3
        value = samples.here(translator, who)
        if row.hub != "source" and value is not None and (turn != 1 or row.hub in NAMES):
            pair.here[row.hub] = value
        if turn != 2 and (text := samples.there(translator, who, samples.THERE)):
            pair.there[row.map] = text
        if not translator.map.read_only and (changed := _changed(translator, pair, who)) is not None:
            pair.later[row.map] = changed
    return pair


def _changed(translator: Translator, pair: Pair, who: int) -> str | None:
    if who % 2:
        return "" if pair.there.get(translator.map.name) else None
    return samples.there(translator, who, samples.LATER) or None


def _whole(terms: Terms, who: int, address: str) -> Pair:
    """Somebody with a value in every field, on whichever side."""
    pair = Pair(who, address, typed=False)
    for row in tested_rows(terms):
        translator = terms.by_row[row.key]
        value, text = samples.here(translator, who), samples.there(translator, who, samples.THERE)
        pair.here |= {row.hub: value} if value is not None and row.hub != "source" else {}
        pair.there |= {row.map: text} if text else {}
        if row.hub == "source" and (changed := samples.there(translator, who, samples.LATER)):
            pair.later[row.map] = changed  # the first touch counts, also of whom the MAP itself brought
    return pair


def _moves(terms: Terms, mark: str, side: str, first: int, *, map_side: bool) -> Iterable[Move]:
    row = next((row for row in terms.rows if row.hub == STAGE), None)
    if row is None:
        return
    translator, slug = terms.by_row[row.key], terms.worksheet.connection
    names = _names(translator, terms.stages)
    pairs = [(a, b) for a in names for b in names if a != b and names[a] != names[b]]
    actor = "map" if map_side else "sales"
    for who, (start, end) in enumerate(pairs, first):
        address = marks.address(mark, f"{side}{who}", slug)
        yield Move(who, address, start, end, names[end], may_move(terms.stages, actor, start, end))


def _names(translator: Translator, stages: StageTable) -> Mapping[str, str]:
    """The stages that the MAP has a name for, with it; of stages that are alike in every way the first."""
    found: dict[str, str] = {}
    alike: set[tuple[int, str, str]] = set()
    for stage in stages.rows:
        text = translator.write(stage.slug)
        kind = (stage.rank, stage.owner, str(text))
        if not isinstance(text, Unread) and text and kind not in alike and translator.read(text) == stage.slug:
            found[stage.slug] = text
            alike.add(kind)
    return found


def may_move(table: StageTable, actor: str, start: str, end: str) -> bool:
    """Whether the stage table lets "map" or "sales" make this move (playbook, Step 3), in its own words."""
    now, asked = _row(table, start), _row(table, end)
    if start == UNSUBSCRIBED:
        return False
    if end == UNSUBSCRIBED:
        return True
    if (start, end) in table.closed:
        return False
    if actor == "sales":
        return asked.owner != "map"
    return now.owner != "sales" and asked.owner != "sales" and asked.rank > now.rank


def _row(table: StageTable, slug: str) -> StageRow:
    return next(row for row in table.rows if row.slug == slug)
