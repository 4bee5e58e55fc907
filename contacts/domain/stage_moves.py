"""Who may move whom where: the whole table of moves, and the rules behind it as a policy in words.

There is no second opinion here: each cell is what ``lifecycle.refuse`` says, for every kind of actor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from contacts.domain import rules
from contacts.domain.lifecycle import UNSUBSCRIBED, refuse
from contacts.domain.stage_table import Contents, Stage

#: Who can try a move of a contact that has a stage. An arrival of a lead source never moves one.
ACTORS = ("map", "sales", "person")
#: Whose rule tells most where nobody may: first what the MAP is told.
ASKED = ("map", "sales", "person")


class Rule(NamedTuple):
    """One rule of the policy, numbered from 1. ``code`` is the one that verdicts and refusals carry."""

    number: int
    code: str
    words: str


@dataclass(frozen=True)
class Cell:
    """One move. ``kind`` is same, map, sales, staff, anyone, person or nobody; ``refused`` is actor to rule code."""

    start: str
    end: str
    kind: str
    refused: dict[str, str]
    closed: bool = False

    @property
    def word(self) -> str:
        return KINDS[self.kind]


KINDS = {
    "same": "",
    "map": "MAP",
    "sales": "sales",
    "staff": "staff",
    "anyone": "anyone",
    "person": "the person",
    "nobody": "nobody",
    "some": "MAP and sales",
}


class Group(NamedTuple):
    """Stages that are alike in every move: New Lead and its peers share a row."""

    lead: Stage
    peers: tuple[Stage, ...] = ()

    @property
    def slugs(self) -> tuple[str, ...]:
        return (self.lead.slug, *(p.slug for p in self.peers))


def policy(contents: Contents) -> list[Rule]:
    """The rules 1 to n, as they are for this table."""
    stages = [s for s in contents.in_order() if s.slug != UNSUBSCRIBED]
    by_map = _listed([s.label for s in stages if s.owner == "map"])
    by_sales = _listed([s.label for s in stages if s.owner == "sales"])
    out = contents.label(UNSUBSCRIBED)
    closed = _closed(contents)
    texts = [
        (rules.STAGE_MAP, f"Only a MAP sets {by_map or 'a stage of its own'}: it keeps the engagement score."),
        (
            rules.STAGE_SALES,
            f"Only sales set {by_sales or 'a stage of their own'}: they accept or reject the hand-off.",
        ),
        (
            rules.STAGE_MAP_BACK,
            "A MAP only moves a stage forward: not back when engagement drops, not sideways to an equal, "
            f"and never one that sales set ({by_sales or 'none'}).",
        ),
        (rules.STAGE_BACK, "Only sales move a contact back to an earlier stage."),
        (
            rules.STAGE_UNSUBSCRIBED,
            f"{out} counts at once, from either side and from every stage. "
            "Only the person leaves it, by agreeing anew.",
        ),
        (
            rules.PRESENT,
            "An arrival of a lead source gives a stage to a contact that has none. It never moves one that is there.",
        ),
        (rules.STAGE_UNKNOWN, "A value that no stage is called by sets nothing. It is kept with what brought it."),
    ]
    if closed:
        texts.append((rules.STAGE_CLOSED, f"Closed to everybody by ops: {'; '.join(closed)}."))
    return [Rule(number, *text) for number, text in enumerate(texts, 1)]


def _closed(contents: Contents) -> list[str]:
    """The closed moves in words, those of stages that share a row as one."""
    found = groups(contents)
    pairs = [(a, b) for a in found for b in found if (a.lead.slug, b.lead.slug) in contents.closed]
    return [" to ".join(g.lead.label + (" and its peers" if g.peers else "") for g in pair) for pair in pairs]


def numbers(found: Sequence[Rule]) -> dict[str, int]:
    """Rule code to its number in the policy."""
    return {rule.code: rule.number for rule in found}


def groups(contents: Contents) -> list[Group]:
    """The rows and columns of the table, in order."""
    stages, alike = contents.in_order(), dict[tuple[object, ...], list[Stage]]()
    for stage in stages:
        closed = frozenset(
            (a == stage.slug, b if a == stage.slug else a) for a, b in contents.closed if stage.slug in (a, b)
        )
        free = stage.owner == "anyone" and stage.slug != UNSUBSCRIBED
        alike.setdefault((stage.rank, closed) if free else (stage.slug,), []).append(stage)
    return [Group(found[0], tuple(found[1:])) for found in alike.values()]


def cell(contents: Contents, start: str, end: str) -> Cell:
    """One move, judged for everybody who may try it."""
    if start == end:
        return Cell(start, end, "same", {})
    table = contents.table()
    refused = {actor: refuse(table, actor, start, end) for actor in ACTORS}
    may = {actor for actor, rule in refused.items() if not rule}
    kinds = {
        frozenset(ACTORS): "anyone",
        frozenset({"map"}): "map",
        frozenset({"sales"}): "sales",
        frozenset({"sales", "person"}): "staff",
        frozenset({"map", "sales"}): "some",
    }
    leaves = start == UNSUBSCRIBED and end == table.first.slug
    kind = "person" if leaves else kinds.get(frozenset(may), "nobody")
    return Cell(start, end, kind, refused, (start, end) in contents.closed)


def matrix(contents: Contents) -> list[tuple[Group, list[Cell]]]:
    """Every move between every two rows of the table."""
    found = groups(contents)
    return [(g, [cell(contents, g.lead.slug, other.lead.slug) for other in found]) for g in found]


def explain(contents: Contents, move: Cell, found: Sequence[Rule] | None = None) -> str:
    """Why a move is whose it is, in sentences that name the rules by number."""
    known = {rule.code: rule for rule in (found if found is not None else policy(contents))}
    if move.kind == "same":
        return "The contact stays where it is."
    if move.kind == "person":
        return _with(known, rules.STAGE_UNSUBSCRIBED)
    if move.end == UNSUBSCRIBED:
        return _with(known, rules.STAGE_UNSUBSCRIBED)
    codes = dict.fromkeys(move.refused[actor] for actor in ASKED if move.refused[actor])
    if move.closed and rules.STAGE_CLOSED in codes:
        codes = {rules.STAGE_CLOSED: None} | codes
    if not codes:
        return "Ranks and owners let everybody make this move."
    return " ".join(_with(known, code) for code in codes)


def _with(known: dict[str, Rule], code: str) -> str:
    rule = known.get(code)
    return f"Rule {rule.number}: {rule.words}" if rule else f"{rules.words(code).capitalize()}."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
