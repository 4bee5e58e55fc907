"""Stages: their owners, and which move is allowed to whom (playbook, Step 3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from contacts.domain import rules
from contacts.domain.identity import fold

#: The stage of a record that exists and says nothing more (playbook, Step 3).
NEW_LEAD = "new-lead"
#: The stage of somebody who must not be contacted: anyone may set it, and only the person can leave it.
UNSUBSCRIBED = "unsubscribed"


class StageRow(NamedTuple):
    """One stage as the judge needs it. ``owner`` is "anyone", "map" or "sales"."""

    slug: str
    label: str
    rank: int
    owner: str
    also_called: tuple[str, ...] = ()


class StageAsk(NamedTuple):
    """What came of asking for a stage: the stage to set ("" for none) and the rule that says why."""

    slug: str
    rule: str


@dataclass(frozen=True)
class StageTable:
    """The whole table, looked up by slug or by any name a tool uses for a stage."""

    rows: tuple[StageRow, ...]
    closed: frozenset[tuple[str, str]] = frozenset()  # moves, from and to, that ops closed for everybody
    _by_name: dict[str, StageRow] = field(init=False, repr=False, compare=False)
    _by_slug: dict[str, StageRow] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name: dict[str, StageRow] = {}
        for row in self.rows:
            for name in row.also_called:
                by_name.setdefault(fold(name), row)
        for row in self.rows:
            by_name[fold(row.label)] = by_name[fold(row.slug)] = row
        object.__setattr__(self, "_by_name", by_name)
        object.__setattr__(self, "_by_slug", {row.slug: row for row in self.rows})

    def named(self, text: str) -> StageRow | None:
        """The stage of that slug, label or other name; None when the hub has none."""
        return self._by_name.get(fold(text))

    def get(self, slug: str) -> StageRow | None:
        return self._by_slug.get(slug)

    @property
    def first(self) -> StageRow:
        """The lowest stage that anyone may set: where a contact starts when nothing else is allowed.

        Of equals it is New Lead: the others of its rank say how somebody came in.
        """
        free = (r for r in self.rows if r.owner == "anyone")
        return min(free, key=lambda r: (r.rank, r.slug != NEW_LEAD))


def owner_refuses(stage: StageRow, actor_kind: str) -> str:
    """The rule that forbids this actor ("map", "sales" or any other kind) to set the stage, or ""."""
    if stage.owner == "map" and actor_kind != "map":
        return rules.STAGE_MAP
    if stage.owner == "sales" and actor_kind != "sales":
        return rules.STAGE_SALES
    return ""


def moves_back(asked: StageRow, current: StageRow | None) -> bool:
    """Whether the move goes to a lower rank."""
    return current is not None and asked.rank < current.rank


def entry_stage(table: StageTable, asked: str, entry: str, actor_kind: str) -> tuple[StageAsk, StageAsk | None]:
    """The stage of a new contact, and what was refused on the way (None when nothing was).

    The record's own wish comes first, then the source's entry stage, then the first stage; the first
    that the actor may set is taken.
    """
    refused: StageAsk | None = None
    for text, granted in ((asked, rules.CREATED), (entry, rules.ENTRY_STAGE)):
        if not text:
            continue
        stage = table.named(text)
        rule = refuse(table, actor_kind, "", stage.slug if stage else text)
        if stage and not rule:
            return StageAsk(stage.slug, granted), refused
        refused = refused or StageAsk(stage.label if stage else text, rule)
    return StageAsk(table.first.slug, rules.FIRST_STAGE), refused


def refuse(table: StageTable, actor_kind: str, current: str, asked: str) -> str:
    """The rule that forbids a move, "" when it may: the one place that every door asks (playbook, Step 3).

    ``actor_kind`` is "map" (a connection), "sales", "person" (other staff) or "arrival"; ``current`` and ``asked``
    are slugs, ``current`` is "" for a contact without a stage.
    """
    stage, now = table.get(asked), table.get(current)
    if stage is None:
        return rules.STAGE_UNKNOWN
    if now is not None and now.slug == stage.slug:
        return ""
    if now is not None and now.slug == UNSUBSCRIBED:
        return rules.STAGE_UNSUBSCRIBED
    if stage.slug == UNSUBSCRIBED:
        return ""
    if now is not None and now.owner == "sales" and actor_kind == "map":
        return rules.STAGE_MAP_BACK
    if rule := owner_refuses(stage, actor_kind):
        return rule
    if (current, asked) in table.closed:
        return rules.STAGE_CLOSED
    if actor_kind == "map" and now is not None and stage.rank <= now.rank:  # nor sideways, to an equal
        return rules.STAGE_MAP_BACK
    return rules.STAGE_BACK if actor_kind != "sales" and moves_back(stage, now) else ""
