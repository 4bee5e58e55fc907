"""Two contacts become one: what each field becomes, and by which rule.

What the kept contact has stays; its gaps are filled by the other one, each value with its own origin. A value
that came in an earlier merge gives way to one of a more complete contact, so that the order of merges makes no
difference. Lead source, creation, stage and consent have rules of their own, and a person may pick.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from contacts.domain import rules
from contacts.domain.changes import Person, Verdict
from contacts.domain.fields import FIELDS
from contacts.domain.identity import fold
from contacts.domain.lifecycle import StageTable, refuse
from contacts.domain.origins import Writer, forget, origin_of, stamp, was_blanked
from contacts.domain.overwrite import is_empty
from contacts.domain.protection import UNSUBSCRIBED

KEPT, LOST = "kept", "lost"
STAGE, SOURCE = "lifecycle_stage", "source"
STANDARD = (*(f.name for f in FIELDS if f.kept), "owner", SOURCE)
#: Every contact has these from the start, so they say nothing of how complete it is.
ALWAYS_THERE = frozenset({STAGE, SOURCE})
#: Both contacts' values may stand side by side, or a rule settles them without losing one.
NEVER_IN_CONFLICT = frozenset({"email", STAGE, SOURCE})


class Rank(NamedTuple):
    """How complete a contact is by itself: more values first, then the older one, then the lower number."""

    values: int
    since: float  # seconds since 1970
    id: int

    def beats(self, other: Rank) -> bool:
        return (self.values, -self.since, -self.id) > (other.values, -other.since, -other.id)


@dataclass(frozen=True)
class Side:
    """A contact as a merge sees it.

    ``created_at`` may be that of somebody merged into it, ``own_since`` never is. ``homes`` has the values that
    it got in earlier merges and still has, each with the rank of the contact whose own it was.
    """

    person: Person
    created_at: datetime
    own_since: datetime
    homes: Mapping[str, Rank] = field(default_factory=dict)

    @property
    def rank(self) -> Rank:
        """By its own values alone, so that it stays the same whatever is merged into it."""
        own = (f for f, v in self.person.values.items() if not is_empty(v) and f not in self.homes)
        return Rank(sum(f not in ALWAYS_THERE for f in own), self.own_since.timestamp(), self.person.id)

    def home_of(self, name: str) -> Rank:
        return self.homes.get(name) or self.rank

    def has(self, name: str) -> bool:
        """Whether there is a value; one that a person blanked counts as there."""
        return not is_empty(self.person.values.get(name)) or was_blanked(self.person.origins, name)


@dataclass(frozen=True)
class Pick:
    """What a person chose against the rules, or instead of them: field to side."""

    sides: Mapping[str, str]
    writer: Writer
    sales: bool = False  # whether they act for sales, who alone choose a stage that is less far


@dataclass
class MergePlan:
    """One contact out of two. ``took`` has the side that each field is from, ``refused`` the picks against a rule."""

    person: Person
    created_at: datetime
    own_since: datetime
    homes: dict[str, Rank]
    took: dict[str, str] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def side(self) -> Side:
        """The outcome, ready for the next merge."""
        return Side(self.person, self.created_at, self.own_since, self.homes)


def fields_of(sides: Iterable[Side]) -> list[str]:
    """Every field that the contacts may have, in the order in which pages show them."""
    custom = dict.fromkeys(f for side in sides for f in side.person.values if f not in STANDARD)
    return [*STANDARD, *sorted(custom)]


def most_complete(sides: Sequence[Side]) -> Side:
    """The contact to keep, unless a person says otherwise."""
    best = sides[0]
    for side in sides[1:]:
        best = side if side.rank.beats(best.rank) else best
    return best


def same(mine: Any, theirs: Any) -> bool:
    """Whether two values say the same: case, accents and punctuation apart."""
    if isinstance(mine, str) and isinstance(theirs, str):
        return mine == theirs or (fold(mine) == fold(theirs) != "")
    return bool(mine == theirs) and isinstance(mine, bool) == isinstance(theirs, bool)


def in_conflict(name: str, sides: Sequence[Side]) -> bool:
    """Whether a merge would give up a value of this field that says something else than the one that stays."""
    if name in NEVER_IN_CONFLICT:
        return False
    values = [side.person.values.get(name) for side in sides if side.has(name)]
    return any(not same(values[0], v) for v in values[1:])


def plan_merge(kept: Side, lost: Side, stages: StageTable, pick: Pick | None = None) -> MergePlan:
    """The whole merge of ``lost`` into ``kept``, before anything is written."""
    mine, theirs = kept.person, lost.person
    person = replace(
        mine,
        values=dict(mine.values),
        shared_mailbox=mine.shared_mailbox or theirs.shared_mailbox,
        last_activity=max(filter(None, (mine.last_activity, theirs.last_activity)), default=None),
    )
    created_at = min(kept.created_at, lost.created_at)
    plan = MergePlan(person, created_at, kept.own_since, dict(kept.homes))
    for name in fields_of((kept, lost)):
        side, rule = _judge(name, kept, lost, stages)
        if pick is not None and pick.sides.get(name, side) != side:
            against = _against(name, side, rule, kept, lost, stages, pick)
            if not against:
                side, rule = pick.sides[name], rules.PICKED
                _write_pick(plan, name, side, lost, pick.writer)
            else:
                plan.refused[name] = against
        if side == LOST and rule != rules.PICKED:
            _take_over(plan, name, lost)
        _note(plan, name, side, rule, kept, lost)
    return plan


# --- the rules, field by field: whose value stays, and why ---


def _judge(name: str, kept: Side, lost: Side, stages: StageTable) -> tuple[str, str]:
    if name == SOURCE:
        return _judge_source(kept, lost)
    if name == STAGE:
        by_stage = _judge_stage(kept, lost, stages)
        if by_stage is not None:
            return by_stage
    if not lost.has(name):
        return KEPT, rules.MERGE_KEPT
    if not kept.has(name):
        return LOST, rules.MERGE_FILLED
    if name in kept.homes and lost.home_of(name).beats(kept.homes[name]):
        return LOST, rules.MERGE_FULLER
    if same(kept.person.values.get(name), lost.person.values.get(name)):
        return KEPT, rules.SAME
    return KEPT, rules.BLANKED if is_empty(kept.person.values.get(name)) else rules.MERGE_KEPT


def _judge_source(kept: Side, lost: Side) -> tuple[str, str]:
    mine, theirs = kept.person.values.get(SOURCE), lost.person.values.get(SOURCE)
    if mine == theirs or theirs is None:
        return KEPT, rules.SAME if mine == theirs else rules.MERGE_KEPT
    if mine is None:
        return LOST, rules.MERGE_FILLED
    # Made in the same moment, the lower number decides: any rule will do, but the order must not.
    return (LOST if (lost.created_at, theirs) < (kept.created_at, mine) else KEPT), rules.MERGE_FIRST


def _judge_stage(kept: Side, lost: Side, stages: StageTable) -> tuple[str, str] | None:
    """None where both are equally far: then stages are as any other field."""
    mine, theirs = (_stage_of(side) for side in (kept, lost))
    if mine != theirs and UNSUBSCRIBED in (mine, theirs):
        return (KEPT if mine == UNSUBSCRIBED else LOST), rules.MERGE_UNSUBSCRIBED
    far, further = _rank_of(mine, stages), _rank_of(theirs, stages)
    if far == further:
        return None
    return (KEPT if far > further else LOST), rules.MERGE_FURTHEST


def _stage_of(side: Side) -> str:
    return side.person.values.get(STAGE) or ""


def _rank_of(slug: str, stages: StageTable) -> int:
    row = stages.get(slug)
    return row.rank if row else -1


def _against(name: str, side: str, rule: str, kept: Side, lost: Side, stages: StageTable, pick: Pick) -> str:
    """The rule that the pick of the other side can't go against, or ""."""
    if rule == rules.MERGE_UNSUBSCRIBED:
        return rule
    if name == SOURCE:
        return rules.MERGE_FIRST
    if name == STAGE:
        by_rule, picked = (kept, lost) if side == KEPT else (lost, kept)
        against = refuse(stages, "sales" if pick.sales else "person", _stage_of(by_rule), _stage_of(picked))
        return rules.MERGE_STAGE_BACK if against == rules.STAGE_BACK else against
    return ""


# --- what a decision does to the plan ---


def _take_over(plan: MergePlan, name: str, lost: Side) -> None:
    """The other contact's value, with its own origin."""
    person = plan.person
    person.values[name] = lost.person.values.get(name)
    origin = origin_of(lost.person.origins, name)
    if origin is None:
        person.origins = forget(person.origins, {name})
    else:
        person.origins = stamp(person.origins, {name: origin.rule}, origin.writer)
    plan.homes[name] = lost.home_of(name)


def _write_pick(plan: MergePlan, name: str, chosen: str, lost: Side, writer: Writer) -> None:
    """A value that a person picked is theirs from now on, also where it is nothing."""
    person = plan.person
    if chosen == LOST:
        person.values[name] = lost.person.values.get(name)
    person.origins = stamp(person.origins, {name: rules.PICKED}, writer)
    plan.homes.pop(name, None)


def _note(plan: MergePlan, name: str, side: str, rule: str, kept: Side, lost: Side) -> None:
    plan.took[name] = side
    mine, theirs = kept.person.values.get(name), lost.person.values.get(name)
    if is_empty(mine) and is_empty(theirs):
        return
    decision = "written" if side == LOST else "kept"
    plan.verdicts.append(Verdict(name, decision, rule, _text(theirs), _text(mine)))


def _text(value: Any) -> str:
    return "" if value is None else str(value)
