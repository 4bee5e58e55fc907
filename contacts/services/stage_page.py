"""What the stage table's pages show: the moves with their refusals, the stages with their contacts, the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group as Role
from django.db.models import Q

from contacts.domain.lifecycle import UNSUBSCRIBED
from contacts.domain.stage_moves import Cell, Group, Rule, explain, groups, matrix, numbers, policy
from contacts.domain.stage_table import OWNERS, Contents, Difference, Stage, names_by_stage, shown
from contacts.models import Refusal, Source
from contacts.services import refusals, story
from contacts.services.refusals import Twice

WHO = {"map": "the MAP", "sales": "sales", "anyone": "anyone"}
SALES_RIGHT = "set_sales_stage"


@dataclass
class Move:
    """A cell as it is shown: its words, its rule, and how often it was refused."""

    cell: Cell
    title: str
    says: str
    refused: Twice
    last: str
    changed: bool = False

    @property
    def counts(self) -> str:
        if not (self.refused.now or self.refused.before):
            return "No refusals in 60 days."
        now = f"{self.refused.now:,} refusal{'' if self.refused.now == 1 else 's'} in 30 days"
        return f"{now}, {self.refused.before:,} in the 30 before."

    @property
    def key(self) -> str:
        return f"{self.cell.start}.{self.cell.end}"


@dataclass
class Line:
    """A row of the table of moves."""

    label: str
    and_peers: str
    moves: list[Move]


@dataclass
class StageLine:
    """A stage of the stages card. ``changed`` has the columns that a draft changes."""

    stage: Stage
    who: str
    called: str
    contacts: int
    peers: Sequence[str] = ()
    changed: frozenset[str] = frozenset()
    cells: Mapping[str, str] | None = None


def lines(
    contents: Contents, at: datetime, *, people: bool, before: Contents | None = None
) -> tuple[list[Line], list[str]]:
    """The rows of the table of moves, and the heads of its columns. ``before`` marks what a draft changes."""
    counted, last = refusals.by_move(at), refusals.latest_by_move(at) if people else {}
    rules, sales = policy(contents), sales_roles()
    old = {(a.start, a.end): a for _, row in matrix(before) for a in row} if before else None
    found = []
    for group, cells in matrix(contents):
        moves = []
        for other, cell in zip(groups(contents), cells, strict=True):
            pairs = [(a, b) for a in group.slugs for b in other.slugs]
            refused = Twice(*(sum(counted.get(p, Twice())[n] for p in pairs) for n in (0, 1)))
            moves.append(_move(contents, cell, rules, sales, refused, _last(pairs, last, at)))
            was = old.get((cell.start, cell.end)) if old is not None else None
            moves[-1].changed = old is not None and (was is None or (was.kind, was.closed) != (cell.kind, cell.closed))
        found.append(Line(group.lead.label, _peers(group), moves))
    return found, [g.lead.label for g in groups(contents)]


def _peers(group: Group) -> str:
    return "and its peers" if group.peers else ""


def _move(contents: Contents, cell: Cell, rules: Sequence[Rule], sales: str, refused: Twice, last: str) -> Move:
    word = cell.word or "the same"
    if cell.kind in ("sales", "staff", "some") and sales:
        word += f" ({sales})"
    start, end = contents.label(cell.start), contents.label(cell.end)
    title = f"{start} to {end}: {word}." if cell.kind != "same" else f"{start}:"
    return Move(cell, title, explain(contents, cell, rules), refused, last)


def _last(pairs: Sequence[tuple[str, str]], last: Mapping[tuple[str, str], Refusal], at: datetime) -> str:
    found = [last[p] for p in pairs if p in last]
    if not found:
        return ""
    newest = max(found, key=lambda r: r.at)
    whom = f" {newest.contact}" if newest.contact else ""
    return f"The last one: {newest.who} tried{whom}, {story.moment(newest.at)}."


def sales_roles() -> str:
    """The groups that act for sales, in words."""
    return ", ".join(
        Role.objects.filter(permissions__codename=SALES_RIGHT).order_by("name").values_list("name", flat=True)
    )


def stage_lines(
    contents: Contents, connection: str, counts: Mapping[str, int], before: Contents | None = None
) -> list[StageLine]:
    """The stages in order, with what the connection calls them and how many contacts each has."""
    names = names_by_stage(contents, connection)
    was = names_by_stage(before, connection) if before else {}
    found = []
    for stage in contents.in_order():
        old = before.get(stage.slug) if before else None
        changed = {
            c
            for c in ("label", "rank", "owner", "description", "also_called")
            if not old or shown(stage, c) != shown(old, c)
        }
        changed |= {"names"} if names.get(stage.slug, "") != was.get(stage.slug, "") else set()
        cells = {
            c: stage.owner if c == "owner" else shown(stage, c)
            for c in ("label", "rank", "owner", "description", "also_called")
        }
        found.append(
            StageLine(
                stage, WHO.get(stage.owner, stage.owner), names.get(stage.slug, ""), counts.get(stage.slug, 0),
                changed=frozenset(changed) if before else frozenset(), cells=cells,
            )
        )  # fmt: skip
    return found


def unnamed(contents: Contents, connection: str) -> str:
    """The MAP's values that mean no stage."""
    return names_by_stage(contents, connection).get("", "")


@dataclass
class RuleLine:
    """A rule of the policy with how often it was used."""

    rule: Rule
    refused: Twice


def rule_lines(contents: Contents, at: datetime) -> list[RuleLine]:
    """The policy's rules with their counts of 30 days and the 30 before."""
    counted = refusals.by_rule(at)
    return [RuleLine(r, counted.get(r.code, Twice())) for r in policy(contents)]


@dataclass
class RefusalLine:
    """One refusal as it is listed."""

    row: Refusal
    name: str
    who: str
    tried: str
    rule: str
    when: str
    record: str = ""  # the MAP's own id of the record


def refusal_lines(rows: Sequence[Refusal], contents: Contents, *, people: bool = True) -> list[RefusalLine]:
    """Refusals in words: who tried what, by which rule it was refused, and, unless not ``people``, about whom."""
    known, maps = numbers(policy(contents)), _maps()
    found = []
    for row in rows:
        code = row.rule.partition("@")[0]
        rule = f"rule {known[code]}" if code in known else row.words
        name = (str(row.contact) if row.contact else "a record without a contact") if people else ""
        who = row.who if people or row.kind != Refusal.Kind.PERSON else "somebody of ours"
        # A source that is no MAP may call anything an id, an address too.
        record = row.ref if row.kind == Refusal.Kind.CONNECTION or row.who in maps else ""
        words = tried(row, contents, people=people)
        found.append(RefusalLine(row, name, who, words, rule, story.moment(row.at), record))
    return found


def _maps() -> set[str]:
    """The lead sources that are MAPs, by name."""
    return set(Source.objects.filter(kind=Source.Kind.MAP).values_list("name", flat=True))


def tried(row: Refusal, contents: Contents, *, people: bool = True) -> str:
    """ "In Discovery to MQL", "to “Gold”"; what is no stage may be anything, so it is shown to ``people`` alone."""
    unknown = f"“{row.offered}”" if people else "what is no stage"
    end = contents.label(row.stage_to) if row.stage_to else unknown
    if row.stage_from == UNSUBSCRIBED:
        return f"back from {contents.label(row.stage_from)} to {end}"
    return f"{contents.label(row.stage_from)} to {end}" if row.stage_from else f"to {end}"


def differences(found: Sequence[Difference]) -> list[dict[str, Any]]:
    """For the table of two versions side by side."""
    return [{"stage": d.stage, "what": d.what, "before": d.before or "–", "after": d.after or "–"} for d in found]


def owners() -> list[tuple[str, str]]:
    """What the owner of a stage can be."""
    return list(OWNERS.items())


def search(text: str) -> Q:
    """Refusals by who tried."""
    return Q(who__icontains=text) if text else Q()
