"""What a reviewer sees of a case: the arrivals beside each candidate, field by field, as of now."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from contacts.domain import rules
from contacts.domain.changes import Person, Verdict
from contacts.domain.fields import FIELDS
from contacts.domain.identity import fold
from contacts.domain.origins import origin_of
from contacts.models import Contact, Review
from contacts.services.review import Offer, candidate_ids, judge_same, offers_of, person_of

#: Longer values are compared by their beginning.
COMPARED = 400
QUIET = {"source"}
Parts = list[tuple[str, bool]]


@dataclass(frozen=True)
class Cell:
    """A value in parts, each with whether it differs, and a note under it."""

    parts: Parts
    note: str = ""


@dataclass(frozen=True)
class Effect:
    """What one field would become: ``sign`` is fill, alias, keep, refuse or same."""

    sign: str
    words: str
    why: str = ""


@dataclass(frozen=True)
class Line:
    """One field of the comparison."""

    label: str
    arrival: Cell
    candidates: list[Cell]
    effect: Effect | None


@dataclass(frozen=True)
class Candidate:
    """A contact that the case may be about."""

    contact: Contact
    person: Person
    addresses: list[Any]
    chosen: bool


@dataclass(frozen=True)
class Comparison:
    """The whole table."""

    offers: list[Offer]
    candidates: list[Candidate]
    lines: list[Line]

    @property
    def chosen(self) -> Candidate | None:
        return next((c for c in self.candidates if c.chosen), None)


def compare(case: Review, chosen_id: int | None, at: datetime) -> Comparison:
    """The comparison with one candidate chosen: the one asked for, else the first."""
    offers = offers_of(case, at)
    ids = candidate_ids(case, offers)
    chosen_id = chosen_id if chosen_id in ids else next(iter(ids), None)
    found = Contact.objects.select_related("source", "owner").prefetch_related("addresses").in_bulk(ids)
    candidates = [Candidate(found[i], person_of(found[i]), list(found[i].addresses.all()), i == chosen_id) for i in ids]
    table = Comparison(offers, candidates, [])
    effects = _effects(table.chosen, offers) if case.status == Review.Status.OPEN else {}
    for name, label in _fields(offers):
        line = _line(name, label, table, effects, at.year)
        if line is not None:
            table.lines.append(line)
    return table


def _fields(offers: Sequence[Offer]) -> list[tuple[str, str]]:
    custom = offers[0].policy.custom if offers else {}
    return [(f.name, f.label) for f in FIELDS if f.kept] + [(slug, kind.label) for slug, kind in custom.items()]


def _line(name: str, label: str, table: Comparison, effects: dict[str, Effect], year: int) -> Line | None:
    texts = _offered(name, table.offers)
    mine = texts[0] if texts else ""
    theirs = [_shown(name, c.person.values.get(name), table.offers) for c in table.candidates]
    if not mine and not any(theirs):
        return None
    against = next((t for t, c in zip(theirs, table.candidates, strict=True) if c.chosen), "")
    more = f"also “{'”, “'.join(texts[1:])}”" if len(texts) > 1 else ""
    cells = [
        Cell(marked(text, mine), _note(name, c, text, year)) for text, c in zip(theirs, table.candidates, strict=True)
    ]
    same = Effect("same", "same") if mine and fold(mine) == fold(against) and effects else None
    return Line(label, Cell(marked(mine, against), more), cells, effects.get(name) or same)


def _offered(name: str, offers: Sequence[Offer]) -> list[str]:
    """The different values that the arrivals bring for a field, in order."""
    texts = []
    for offer in offers:
        value: Any = offer.incoming.values.get(name)
        if name == "company_domain":
            value = offer.incoming.domain
        if name == "lifecycle_stage":
            value = offer.incoming.stage or offer.policy.source.entry_stage
        texts.append(_shown(name, value, offers))
    return [t for t in dict.fromkeys(texts) if t]


def _shown(name: str, value: Any, offers: Sequence[Offer]) -> str:
    if value is None or value == "":
        return ""
    if name == "lifecycle_stage" and offers:
        stage = offers[0].policy.stages.named(str(value))
        return stage.label if stage else str(value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _note(name: str, candidate: Candidate, text: str, year: int) -> str:
    if name == "email":
        others = [a.shown for a in candidate.addresses if not a.primary]
        return f"also {', '.join(others)}" if others else ""
    origin = origin_of(candidate.person.origins, name) if text else None
    if origin is None:
        return ""
    at = datetime.fromisoformat(origin.writer.at)
    return f"{origin.writer.name}, {at:%-d %b}" + ("" if at.year == year else f" {at:%Y}")


def marked(text: str, other: str) -> Parts:
    """The text in parts; those that the other side says differently are marked. Words are compared whole."""
    if not text or not other or fold(text) == fold(other):
        return [(text, False)] if text else []
    mine, theirs = _pieces(text), _pieces(other)
    match = SequenceMatcher(None, [p.casefold() for p in mine], [p.casefold() for p in theirs], autojunk=False)
    parts: Parts = []
    for kind, start, end, _, _ in match.get_opcodes():
        if piece := "".join(mine[start:end]):
            parts.append((piece, kind != "equal" and bool(piece.strip())))
    return parts + ([(text[COMPARED:], False)] if text[COMPARED:] else [])


def _pieces(text: str) -> list[str]:
    return re.findall(r"\w+|\W", text[:COMPARED])


def _effects(chosen: Candidate | None, offers: Sequence[Offer]) -> dict[str, Effect]:
    """What "same person" would do to the chosen contact, field by field, all arrivals in order."""
    if chosen is None:
        return {}
    person = deepcopy(chosen.person)
    keys = {a.key for a in chosen.addresses}
    effects: dict[str, Effect] = {}
    for offer in offers:
        judged = judge_same(offer.incoming, person, offer.policy, has_address=bool(keys))
        address = offer.incoming.address
        if address is not None:
            effects.setdefault("email", _address_effect(address.key in keys, bool(keys), address.shown))
            keys.add(address.key)
        person.values.update(judged.writes)
        for verdict in judged.verdicts:
            if verdict.field not in QUIET and _stronger(verdict, effects.get(verdict.field)):
                effects[verdict.field] = _effect(verdict)
    return effects


def _stronger(verdict: Verdict, known: Effect | None) -> bool:
    """A filled field stays told as filled, whatever later arrivals bring."""
    return known is None or (verdict.decision == "written" and known.sign not in ("fill", "alias"))


def _address_effect(known: bool, has_address: bool, shown: str) -> Effect:
    if known:
        return Effect("same", "has this address already")
    if has_address:
        return Effect("alias", "add as an alias", "the primary address stays")
    return Effect("fill", f"fill {shown}", "it becomes the primary address")


def _effect(verdict: Verdict) -> Effect:
    why = rules.words(verdict.rule)
    if verdict.decision == "written":
        return Effect("fill", f"fill {verdict.offered}", why)
    if verdict.rule == rules.SAME:
        return Effect("same", "same")
    if verdict.decision == "refused":
        return Effect("refuse", f"refuse {verdict.offered}", why)
    if verdict.rule == rules.BLANKED:
        return Effect("keep", "keep it empty", why)
    return Effect("keep", f"keep “{verdict.current}”" if verdict.current else "stays with the arrival", why)
