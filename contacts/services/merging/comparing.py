"""The contacts of a merge side by side: each field's values, what it becomes, from whom and by which rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contacts.domain import rules
from contacts.domain.changes import Verdict
from contacts.domain.marking import Parts, marked
from contacts.domain.merging import LOST, SOURCE, STAGE, fields_of, in_conflict, same
from contacts.domain.origins import origin_of, was_blanked
from contacts.domain.protection import protections
from contacts.queries import stage_table
from contacts.services import story
from contacts.services.merging.known import Known
from contacts.services.merging.planning import Actor, Step


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


def short_day(at: str) -> str:
    """ "3 Mar 2026" out of ISO."""
    return f"{datetime.fromisoformat(at):%-d %b %Y}" if at else ""


class Comparison:
    """The contacts of a merge field by field, from its steps."""

    def __init__(
        self, known: Sequence[Known], todo: Sequence[Step], picks: Mapping[str, int], actor: Actor, names: story.Names
    ) -> None:
        self.known, self.todo, self.picks, self.actor, self.names = known, todo, picks, actor, names
        self.result = todo[-1].plan.person
        self.stages = stage_table()

    def lines(self) -> list[Line]:
        """Every field in which one of the contacts has something, and what no judge decides behind."""
        sides = [k.side for k in self.known]
        there = [name for name in fields_of(sides) if any(side.has(name) for side in sides)]
        return [*map(self._line, there), *self._last_activity()]

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
            elif told is None or told.rule == rules.SAME or (verdict and verdict.rule == rules.PICKED):
                told = verdict or told  # that two say the same says less than what became of a third
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
