"""Directions and rules that are missing, that contradict each other, or that are not for the field."""

from __future__ import annotations

from collections.abc import Iterator

from syncrules.domain.proof.codes import LOOK
from syncrules.domain.proof.parts import (
    DIRECTION,
    DIRECTIONS,
    RULE,
    RULES,
    Fix,
    Sheets,
    inward,
    outward,
    problem,
    set_to,
    writes_hub,
)
from syncrules.domain.reading import DIRECTION_LABELS, RULE_LABELS
from syncrules.domain.worksheet import Direction, FieldType, Problem, Row, Rule

#: The way that a rule is meant for, where the row does not say one.
_MEANT_FOR: dict[str, Direction] = {
    Rule.NEVER: Direction.BOTH,
    Rule.ONCE: Direction.TO_HUB,
    Rule.FRESH: Direction.TO_HUB,
    Rule.STAGE: Direction.BOTH,
    Rule.UNSUBSCRIBE: Direction.BOTH,
}
_OWN_RULE = {"stage": Rule.STAGE, "optout": Rule.UNSUBSCRIBE, "email": Rule.NEVER}


def directions(sheets: Sheets) -> Iterator[Problem]:
    """Rows without a direction that is understood."""
    for row in sheets.rows:
        if row.direction in DIRECTIONS:
            continue
        fix = set_to(**{DIRECTION: _MEANT_FOR.get(row.rule, Direction.TO_MAP)})
        if row.direction:
            text = f"“{row.direction}” is no direction: choose hub → MAP, MAP → hub or both ways."
            yield problem("direction-unknown", text, row, fix=fix, column=DIRECTION)
        else:
            yield problem("direction-missing", "The row does not say which way.", row, fix=fix, column=DIRECTION)


def rules(sheets: Sheets) -> Iterator[Problem]:
    """Rows without a rule that is understood."""
    for row in sheets.rows:
        if row.rule in RULES:
            continue
        safe = set_to(**{RULE: _safe_rule(row, sheets.hub(row))})
        said = f"“{row.rule}” is no rule that the hub knows" if row.rule else "There is no rule"
        if row.direction == Direction.BOTH:
            text = f"{said}, so nothing settles which value stays when both sides changed it."
            example = sheets.example("“Acme Ltd”, changed today", "“Acme Limited”, changed today: which one stays?")
            yield problem("two-way-unsettled", text, row, example=example, fix=safe, column=RULE)
        elif row.rule:
            yield problem("rule-unknown", f"{said}. Choose one.", row, fix=safe, column=RULE)
        else:
            yield problem("rule-missing", "The row has no overwrite rule.", row, fix=safe, column=RULE)


def _safe_rule(row: Row, hub: FieldType | None) -> str:
    """The rule that changes least."""
    own = _OWN_RULE.get(hub.role) if hub else None
    if own:
        return own
    return Rule.HUB if row.direction == Direction.TO_MAP else Rule.NEVER


def against(sheets: Sheets) -> Iterator[Problem]:
    """Directions in which what the rule says never happens."""
    for row in sheets.rows:
        found = _contradiction(row, sheets)
        if found:
            level, text, there, here, fix = found
            example = sheets.example(there, here)
            yield problem("direction-against-rule", text, row, example=example, fix=fix, column=DIRECTION, level=level)


def _contradiction(row: Row, sheets: Sheets) -> tuple[str, str, str, str, Fix] | None:
    rule, way = RULE_LABELS.get(row.rule, ""), DIRECTION_LABELS.get(row.direction, "")
    name = sheets.map_name
    if row.direction not in DIRECTIONS:
        return None
    if row.rule == Rule.HUB and inward(row):
        fix = set_to(**{DIRECTION: Direction.TO_MAP})
        if row.direction == Direction.BOTH:
            text = f"“{rule}” never takes {name}’s value, so the way from the MAP to the hub never runs."
            return LOOK, text, "“new”, refused", "“old”, stays", fix
        text = f"“{rule}” writes into the MAP, but the direction is {way}: it would never run."
        return "", text, "“old”, stays old", "“new”", fix
    if row.rule in (Rule.ONCE, Rule.FRESH) and row.direction == Direction.TO_MAP:
        text = f"“{rule}” writes into the hub, but the direction is {way}: it would never run."
        return "", text, "has a value", "empty, and stays empty", set_to(**{DIRECTION: Direction.TO_HUB})
    both = set_to(**{DIRECTION: Direction.BOTH})
    if row.rule == Rule.UNSUBSCRIBE and row.direction != Direction.BOTH:
        text = f"An unsubscribe has to reach the other side from either one, but the direction is {way}."
        out = ("unsubscribed", "still mailed") if outward(row) else ("still mailed", "unsubscribed")
        return "", text, *out, both
    if row.rule == Rule.STAGE and row.direction == Direction.TO_HUB:
        text = f"Stages that sales set would never reach {name}: the direction is {way}."
        return LOOK, text, "MQL, and stays there", "SQL", both
    return None


def not_for_field(sheets: Sheets) -> Iterator[Problem]:
    """Rules on fields that they can't decide about."""
    for row in sheets.rows:
        hub = sheets.hub(row)
        if hub is None or row.rule not in RULES or row.direction not in DIRECTIONS:
            continue
        rule, only = RULE_LABELS[row.rule], _only_rule(row, hub)
        if only:
            text = f"“{rule}” can’t decide about “{hub.label}”: {_WHY[only]}"
            yield problem("rule-not-for-field", text, row, fix=set_to(**{RULE: only}), column=RULE)
        elif hub.read_only and writes_hub(row):
            text = f"The hub keeps “{hub.label}” by itself: nothing from {sheets.map_name} is written there."
            fix = set_to(**{DIRECTION: Direction.TO_MAP, RULE: Rule.HUB})
            yield problem("rule-not-for-field", text, row, fix=fix, column=RULE)


_WHY = {
    Rule.STAGE: "who may move a stage is for the stage table alone to say.",
    Rule.UNSUBSCRIBE: "an unsubscribe counts at once, and nothing lifts it but the person.",
    Rule.NEVER: "the rule is only for stages or for unsubscribes.",
}


def _only_rule(row: Row, hub: FieldType) -> Rule | None:
    """The rule that the field needs, where the row has another one that would do harm."""
    if hub.type == "stage":
        harmless = row.rule == Rule.STAGE or (row.rule == Rule.HUB and row.direction == Direction.TO_MAP)
        return None if harmless else Rule.STAGE
    if hub.role == "optout":
        return None if row.rule == Rule.UNSUBSCRIBE else Rule.UNSUBSCRIBE
    return Rule.NEVER if row.rule in (Rule.STAGE, Rule.UNSUBSCRIBE) else None
