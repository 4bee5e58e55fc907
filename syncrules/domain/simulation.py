"""What a draft would have made of contacts that is not what they are under the worksheet in force. Pure.

Nothing is written: each contact is judged twice against what its MAP shows, and the two ends are compared. One
contact at a time goes through, so any number of them needs no more memory than one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from contacts.domain import rules
from contacts.domain.changes import Person
from syncrules.domain import reading
from syncrules.domain.judges import FieldCase, same_exactly, shown
from syncrules.domain.records import Judged, Terms, Told, hub_value, hub_writes, judge_record
from syncrules.domain.worksheet import Row

_PROTECTED = (rules.ROW_PROTECTED, rules.BLANKED)


class Subject(NamedTuple):
    """A contact as it is now, and what its MAP's record showed last."""

    person: Person
    told: Told
    name: str = ""


class Difference(NamedTuple):
    """A value that would end up differently: under what is in force (``now``), and under the draft (``then``).

    ``row`` is the number of the row that makes the difference, and ``because`` says why. Where ``kept`` is true
    nothing differs: a person's value stays although the draft's row would let the MAP write.
    """

    contact: int
    name: str
    field: str
    now: str
    then: str
    row: int
    because: str
    kept: bool = False


class End(NamedTuple):
    """What comes of one contact under one worksheet: the writes by field, and the judged row of each field."""

    writes: Mapping[str, tuple[Any, str]]
    rows: Mapping[str, Judged]


def simulate(subjects: Iterable[Subject], now: Terms, then: Terms) -> Iterator[Difference]:
    """Every difference, contact by contact in the order given, fields in the order of the draft's rows."""
    before = {row.key: row for row in now.worksheet.rows}
    for subject in subjects:
        yield from compare(subject, now, then, before)


def compare(subject: Subject, now: Terms, then: Terms, before: Mapping[int, Row]) -> Iterator[Difference]:
    """The differences of one contact. ``before`` are the rows in force by key."""
    old, new = _end(now, subject), _end(then, subject)
    for name in dict.fromkeys([*new.rows, *old.rows]):
        ends = _value(now, subject.person, old, name), _value(then, subject.person, new, name)
        judged, gone = new.rows.get(name), old.rows.get(name)
        if not same_exactly(*ends):
            row = judged or gone
            assert row is not None
            because = _because(row, before.get(row.row.key), here=judged is not None)
            yield _line(subject, then, row, name, *ends, because)
        elif judged and _kept(judged) and not (gone and _kept(gone)):
            yield _line(subject, then, judged, name, *ends, _kept_words(judged), kept=True)


def _end(terms: Terms, subject: Subject) -> End:
    judged = judge_record(terms, subject.person, subject.told)
    rows = {one.row.hub: one for one in judged}
    writes = hub_writes(terms, judged)
    for one in judged:  # an unsubscribe writes the stage: the row that did it answers for the stage
        verdict = one.judgement.hub
        if verdict and verdict.field != one.row.hub and writes.get(verdict.field, ("", ""))[1] == verdict.rule:
            rows[verdict.field] = one
    return End(writes, rows)


def _value(terms: Terms, person: Person, end: End, name: str) -> Any:
    """The contact's value in the end, in the terms of the worksheet."""
    if name not in end.writes:
        return hub_value(terms, person, name)
    value = end.writes[name][0]
    return terms.sources.get(value) if name == "source" else value


def _line(
    subject: Subject, terms: Terms, one: Judged, name: str, now: Any, then: Any, because: str, *, kept: bool = False
) -> Difference:
    case = FieldCase(one.row._replace(hub=name), None, None)
    texts = shown(case, now, terms.stages), shown(case, then, terms.stages)
    return Difference(subject.person.id, subject.name, name, *texts, one.row.number, because, kept)


def _because(one: Judged, before: Row | None, *, here: bool) -> str:
    """What the draft changed of the row, and what its rule then says."""
    if not here:
        return f"row {one.row.number} is not in the draft"
    verdict = one.judgement.hub
    said = rules.words(rules.split_row(verdict.rule)[0]) if verdict else "the row writes nothing into the hub"
    return f"row {one.row.number}: {'; '.join([*_changes(one.row, before), said])}"


def _changes(row: Row, before: Row | None) -> Iterator[str]:
    if before is None:
        yield "new in the draft"
        return
    if row.direction != before.direction:
        yield f"now {reading.DIRECTION_LABELS.get(row.direction, row.direction)}"
    if row.rule != before.rule:
        yield f"now “{reading.RULE_LABELS.get(row.rule, row.rule)}”"
    if row.map != before.map:
        yield f"now from {row.map}"
    if row.value_map != before.value_map:
        yield "other counterparts of values"
    if row.blank_counts != before.blank_counts:
        yield "a blank is now a value" if row.blank_counts else "a blank is no value any more"


def _kept(one: Judged) -> bool:
    verdict = one.judgement.hub
    return verdict is not None and rules.split_row(verdict.rule)[0] in _PROTECTED


def _kept_words(one: Judged) -> str:
    verdict = one.judgement.hub
    assert verdict is not None
    who = verdict.by.rpartition(", ")[0] or "a person"
    return f"same: {who} wrote it, “{verdict.offered}” refused" if verdict.current else f"same: {who} left it blank"
