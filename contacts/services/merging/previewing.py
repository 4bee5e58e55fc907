"""A merge as people see it before it is done: the contacts side by side, what each field becomes, and what moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from contacts.domain import rules
from contacts.domain.changes import Verdict
from contacts.domain.marking import Parts, marked
from contacts.domain.merging import LOST, SOURCE, STAGE, fields_of, in_conflict, most_complete, same
from contacts.domain.origins import origin_of, was_blanked
from contacts.domain.overwrite import is_empty
from contacts.domain.protection import protections
from contacts.models import NotSame
from contacts.queries import stage_table
from contacts.services import story
from contacts.services.merged import lived_as_each
from contacts.services.merging import relations
from contacts.services.merging.known import Known, load
from contacts.services.merging.planning import (
    MAY_MERGE,
    Actor,
    Step,
    actor_of,
    check_choice,
    check_known,
    check_picks,
    steps,
)


@dataclass(frozen=True)
class Cell:
    """One contact's value of a field. ``on``: it is what the field becomes; ``pickable``: it could be."""

    contact: int
    value: str
    parts: Parts
    note: str
    blanked: bool
    on: bool
    pickable: bool


@dataclass(frozen=True)
class Line:
    """One field: each contact's value, what it becomes, from whom and by which rule.

    ``sign`` is keep, fill, pick or same; ``conflict``: a value is given up that says something else.
    """

    field: str
    label: str
    cells: list[Cell]
    result: str
    home: int
    sign: str
    why: str
    conflict: bool
    refused: str = ""

    @property
    def choice(self) -> bool:
        """Whether there is something to pick: two values that don't read the same."""
        return len({cell.value for cell in self.cells if cell.pickable}) > 1


@dataclass(frozen=True)
class Column:
    """One contact: who it is, and what hangs on it in words."""

    id: int
    name: str
    since: datetime
    owner: str
    filled: int
    kept: bool
    proposed: bool
    hangs: list[str]
    protected: list[str]


@dataclass(frozen=True)
class Preview:
    """The whole merge, before anything is written. ``versions`` is what was seen, for ``merge`` to check."""

    kept_id: int
    lost_ids: list[int]
    proposed: int
    columns: list[Column]
    lines: list[Line]
    since: datetime
    moves: list[str]
    warnings: list[str]
    versions: dict[int, int] = field(default_factory=dict)

    @property
    def conflicts(self) -> list[str]:
        """The fields in which something is given up that nobody has picked."""
        return [line.label for line in self.lines if line.conflict and line.sign != "pick"]

    @property
    def kept(self) -> Column:
        return next(c for c in self.columns if c.kept)


def propose(ids: Sequence[int]) -> int:
    """Which of the contacts to keep: the most complete, of equals the older one."""
    known = load(ids)
    check_known(known, ids, {})
    return most_complete([known[i].side for i in ids]).person.id


def preview(
    kept_id: int, lost_ids: Sequence[int], picks: Mapping[str, int] | None = None, *, user: Any = None
) -> Preview:
    """What ``merge`` would do now, for this person. Writes nothing; raises MergeRefused where it would."""
    relations.refuse_unknown()
    check_choice(kept_id, lost_ids)
    ids, picks, actor = [kept_id, *lost_ids], picks or {}, actor_of(user, MAY_MERGE)
    known = load(ids)
    check_known(known, ids, {})
    check_picks(picks, kept_id, known)
    todo = list(steps(known[kept_id], [known[i] for i in lost_ids], picks, actor, timezone.now()))
    names, counts = story.load_names(), relations.counts(ids)
    proposed = most_complete([known[i].side for i in ids]).person.id
    return Preview(
        kept_id,
        [step.lost.id for step in todo],
        proposed,
        [_column(known[i], kept_id, proposed, names, counts) for i in ids],
        _Lines([known[i] for i in ids], todo, picks, actor, names).all(),
        todo[-1].plan.created_at,
        _moves([step.lost.id for step in todo], counts),
        _warnings(ids, known),
        {i: known[i].contact.version for i in ids},
    )


def _column(
    known: Known, kept_id: int, proposed: int, names: story.Names, counts: Mapping[str, Mapping[int, int]]
) -> Column:
    contact, values = known.contact, known.person.values
    return Column(
        contact.pk,
        str(contact),
        contact.created_at,
        names.shown("owner", contact.owner_id),
        sum(not is_empty(v) for v in values.values()),
        contact.pk == kept_id,
        contact.pk == proposed,
        [r.words(counts[r.key][contact.pk]) for r in relations.TABLE.values() if counts[r.key].get(contact.pk)],
        sorted(protections(values)),
    )


def _moves(lost: Sequence[int], counts: Mapping[str, Mapping[int, int]]) -> list[str]:
    found = [(r, sum(counts[r.key].get(i, 0) for i in lost)) for r in relations.TABLE.values()]
    return [relation.words(number) for relation, number in found if number]


def _warnings(ids: Sequence[int], known: Mapping[int, Known]) -> list[str]:
    """What somebody said before about two of these contacts, whatever they were called then."""
    home = {old: ident for ident, olds in lived_as_each(ids).items() for old in olds}
    said = NotSame.objects.filter(Q(low_id__in=home, high_id__in=home)).order_by("said_at")
    return [
        f"{row.said_by_name} said on {row.said_at:%-d %B %Y} that {known[home[row.low_id]].contact} (#{row.low_id}) "
        f"and {known[home[row.high_id]].contact} (#{row.high_id}) are different people."
        for row in said
        if home[row.low_id] != home[row.high_id]
    ]


def short_day(at: str) -> str:
    """ "3 Mar 2026" out of ISO."""
    return f"{datetime.fromisoformat(at):%-d %b %Y}" if at else ""


class _Lines:
    """The fields of a preview, from the steps of the merge."""

    def __init__(
        self, known: Sequence[Known], todo: Sequence[Step], picks: Mapping[str, int], actor: Actor, names: story.Names
    ) -> None:
        self.known, self.todo, self.picks, self.actor, self.names = known, todo, picks, actor, names
        self.result = todo[-1].plan.person
        self.stages = stage_table()

    def all(self) -> list[Line]:
        """Every field in which one of the contacts has something, and what no judge decides behind."""
        sides = [k.side for k in self.known]
        lines = [self._line(name) for name in fields_of(sides) if any(side.has(name) for side in sides)]
        return [*lines, *self._last_activity()]

    def _line(self, name: str) -> Line:
        home, verdict, refused = self._outcome(name)
        value = self.result.values.get(name)
        shown = self.names.shown(name, value)
        conflict = in_conflict(name, [k.side for k in self.known])
        sign, why = self._said(name, home, verdict, shown)
        cells = [self._cell(name, known, shown, home, verdict) for known in self.known]
        return Line(name, self.names.label(name), cells, shown, home, sign, why, conflict, refused)

    def _outcome(self, name: str) -> tuple[int, Verdict | None, str]:
        """Whose value it becomes, the verdict that said so, and the rule against what was picked."""
        home, told, refused = self.todo[0].kept.id, None, ""
        for step in self.todo:
            verdict = next((v for v in step.plan.verdicts if v.field == name), None)
            if step.plan.took.get(name) == LOST:
                home, told = step.lost.id, verdict
            elif told is None or (verdict and verdict.rule == rules.PICKED):
                told = verdict or told
            refused = refused or step.plan.refused.get(name, "")
        return home, told, rules.words(refused) if refused else ""

    def _said(self, name: str, home: int, verdict: Verdict | None, shown: str) -> tuple[str, str]:
        if verdict is not None and verdict.rule == rules.PICKED:
            return "pick", rules.words(rules.PICKED)
        aliases = sum(len(k.addresses) for k in self.known) - 1
        if name == "email" and aliases > 0:
            said = "the other address becomes an alias" if aliases == 1 else "the other addresses become aliases"
            return ("keep" if home == self.todo[0].kept.id else "fill"), said
        texts = [t for t in (self._text(name, k) for k in self.known) if t]
        if all(same(t, shown) for t in texts) and len(texts) == len(self.known):
            return "same", ""
        sign = "keep" if home == self.todo[0].kept.id else "fill"
        alone = sign == "keep" and not any(k.side.has(name) for k in self.known if k.id != home)
        return sign, rules.words(verdict.rule) if verdict and not alone else ""

    def _text(self, name: str, known: Known) -> str:
        return self.names.shown(name, known.person.values.get(name))

    def _cell(self, name: str, known: Known, result: str, home: int, verdict: Verdict | None) -> Cell:
        person, text = known.person, self._text(name, known)
        picked = self.picks.get(name, home) if verdict and verdict.rule == rules.PICKED else home
        return Cell(
            known.id,
            text,
            marked(text, result),
            self._note(name, known),
            not text and was_blanked(person.origins, name),
            known.id == picked,
            self._pickable(name, known),
        )

    def _note(self, name: str, known: Known) -> str:
        """Who wrote it and when; for addresses, which others there are."""
        if name == "email":
            others = [a.shown for a in known.addresses if not a.primary]
            return f"also {', '.join(others)}" if others else ""
        origin = origin_of(known.person.origins, name)
        return f"{origin.writer.name}, {short_day(origin.writer.at)}" if origin else ""

    def _pickable(self, name: str, known: Known) -> bool:
        """What ``merge`` would take as a pick."""
        if name == SOURCE:
            return False
        if name == STAGE:
            slugs = {k.person.values.get(STAGE) for k in self.known}
            if any(protections({STAGE: slug}) for slug in slugs):
                return False
            furthest = max((r.rank for s in slugs if (r := self.stages.get(s or ""))), default=0)
            row = self.stages.get(known.person.values.get(STAGE) or "")
            return row is not None and (self.actor.sales or row.rank == furthest)
        return known.side.has(name) or (known.id == self.todo[0].kept.id and name != "email")

    def _last_activity(self) -> list[Line]:
        times = [k.person.last_activity for k in self.known]
        latest = self.result.last_activity
        if latest is None:
            return []
        cells = [
            Cell(k.id, text, [(text, False)] if text else [], "", False, at == latest, False)
            for k, at in zip(self.known, times, strict=True)
            for text in [story.in_full(at) if at else ""]
        ]
        home = next(k.id for k, at in zip(self.known, times, strict=True) if at == latest)
        why = rules.words(rules.MERGE_LATEST)
        shown = story.in_full(latest)
        sign = "same" if len(set(times)) == 1 else "keep" if home == self.todo[0].kept.id else "fill"
        label = self.names.label("last_activity")
        return [Line("last_activity", label, cells, shown, home, sign, "" if sign == "same" else why, False)]
