"""Values that would not survive the way, because the two fields are of different types."""

from __future__ import annotations

from collections.abc import Iterator

from syncrules.domain.judges import Unread
from syncrules.domain.proof.parts import (
    DIRECTION,
    HUB,
    MAP_FIELD,
    NO_FIX,
    Fix,
    Sheets,
    problem,
    set_to,
    writes_hub,
    writes_map,
)
from syncrules.domain.translating import Translator
from syncrules.domain.worksheet import Direction, FieldType, Problem, Row, Rule

#: Types that hold free text, or text that is checked as it is read.
_TEXT = frozenset({"text", "phone", "email"})
_CHOSEN = frozenset({"choice", "stage"})
_SAMPLES = {
    "text": "about 40",
    "number": "40",
    "date": "2026-03-02",
    "datetime": "2026-03-02 09:30",
    "boolean": "yes",
    "phone": "+1 415 555 0134",
    "email": "dana@firm.example",
}
_WORDS = {"boolean": "yes or no", "datetime": "date and time", "choice": "choice", "text": "free text"}


def lossy(sheets: Sheets) -> Iterator[Problem]:
    """Rows between whose types something gets lost, on a way that the row has."""
    for row in sheets.rows:
        hub, other, reader = sheets.hub(row), sheets.map(row), sheets.by_row.get(row.key)
        if hub is None or other is None or reader is None:
            continue
        inwards = writes_hub(row) and _loses(other, hub, reader, inwards=True)
        outwards = writes_map(row) and _loses(hub, other, reader, inwards=False)
        if not (inwards or outwards):
            continue
        source, target = (other, hub) if inwards else (hub, other)
        there, here = (sheets.map_name, HUB) if inwards else (HUB, sheets.map_name)
        lost = "the time is lost" if (source.type, target.type) == ("datetime", "date") else "it can’t be stored"
        text = (
            f"“{source.label}” is {_kind(source)} and “{target.label}” is {_kind(target)}: what does not fit is lost."
        )
        example = ((there, _SAMPLES.get(source.type, source.label)), (here, lost))
        fix = _fix(row, bool(inwards), bool(outwards))
        yield problem("type-loses-data", text, row, example=example, fix=fix, column=MAP_FIELD)


def _kind(known: FieldType) -> str:
    return f"a {_WORDS.get(known.type, known.type)}" if known.type not in ("boolean", "text") else _WORDS[known.type]


def _loses(source: FieldType, target: FieldType, reader: Translator, *, inwards: bool) -> bool:
    """Whether a value of the source may not be a value of the target. Options without a counterpart are apart."""
    if target.type in _TEXT or source.type == target.type:
        return source.type not in _TEXT and target.type in ("phone", "email")
    if source.type in _CHOSEN and target.type in _CHOSEN:
        return False
    if source.options:
        turn = reader.read if inwards else reader.write
        return any(isinstance(turn(option.value), Unread) for option in source.options)
    if source.type == "boolean" and target.options:
        return not inwards and any(isinstance(reader.write(value), Unread) for value in (True, False))
    return (source.type, target.type) != ("date", "datetime")


def _fix(row: Row, inwards: bool, outwards: bool) -> Fix:
    """Only the way on which nothing is lost, where the rule allows it."""
    if row.direction != Direction.BOTH or (inwards and outwards):
        return NO_FIX
    if inwards and row.rule in (Rule.NEVER, Rule.HUB):
        return set_to(**{DIRECTION: Direction.TO_MAP})
    if outwards and row.rule in (Rule.NEVER, Rule.FILL, Rule.ONCE, Rule.FRESH):
        return set_to(**{DIRECTION: Direction.TO_HUB})
    return NO_FIX
