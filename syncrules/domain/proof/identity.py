"""What a contact is found by must not be overwritten; e-mail and unsubscribe must be there."""

from __future__ import annotations

from collections.abc import Iterator

from syncrules.domain.hub_fields import IDENTITY
from syncrules.domain.proof.parts import (
    BLANK,
    DIRECTIONS,
    NO_FIX,
    RULE,
    RULES,
    Fix,
    Sheets,
    add_row,
    inward,
    problem,
    set_to,
)
from syncrules.domain.reading import RULE_LABELS
from syncrules.domain.worksheet import Direction, Problem, Row, Rule


def overwritable(sheets: Sheets) -> Iterator[Problem]:
    """Rows by which a MAP could change who a contact is."""
    for row in sheets.rows:
        hub = sheets.hub(row)
        if hub is None or hub.name not in IDENTITY or row.rule not in RULES or row.direction not in DIRECTIONS:
            continue
        if hub.role == "email" and not _keeps_address(row):
            text = f"“{RULE_LABELS[row.rule]}” on the e-mail: a record could take over another person’s contact."
            example = sheets.example("lea@firm.example, one record", "dana@firm.example becomes lea@firm.example")
            fix = set_to(**{RULE: Rule.NEVER})
            yield problem("identity-overwritable", text, row, example=example, fix=fix, column=RULE)
        elif row.rule == Rule.FRESH and inward(row):
            text = f"{sheets.map_name} could overwrite “{hub.label}”, by which contacts are recognised."
            example = sheets.example("another value, typed into a form", "the old value is gone, and finds nobody")
            fix = set_to(**{RULE: Rule.FILL})
            yield problem("identity-overwritable", text, row, example=example, fix=fix, column=RULE)
        elif row.blank_counts:
            text = f"A blank from {sheets.map_name} could empty “{hub.label}”, by which contacts are recognised."
            example = sheets.example("blank", "the value is gone")
            fix = Fix("set", "A blank is no value", ((BLANK, ""),))
            yield problem("identity-overwritable", text, row, example=example, fix=fix, column=BLANK)


def _keeps_address(row: Row) -> bool:
    return row.rule == Rule.NEVER or (row.rule == Rule.HUB and row.direction == Direction.TO_MAP)


def email(sheets: Sheets) -> Iterator[Problem]:
    """A worksheet without a row that ties the addresses of both sides together."""
    yield from _missing(sheets, "email", "email-unmapped", Rule.NEVER, "Neither side finds the other’s record")


def consent(sheets: Sheets) -> Iterator[Problem]:
    """A worksheet without a row for unsubscribes. It can't be left out for good."""
    words = "Whoever unsubscribes on one side is still mailed from the other"
    yield from _missing(sheets, "optout", "consent-unmapped", Rule.UNSUBSCRIBE, words)


def _missing(sheets: Sheets, role: str, code: str, rule: Rule, words: str) -> Iterator[Problem]:
    sheet = sheets.worksheet
    ours = next((f for f in sheet.hub_fields.values() if f.role == role), None)
    theirs = [f for f in sheet.map_fields.values() if f.role == role]
    if ours is None:
        return
    having = {f.name for f in theirs}
    if any(row.hub == ours.name and (row.map in having or (not having and row.map)) for row in sheet.rows):
        return
    taken = any(row.hub == ours.name or row.map in having for row in sheet.rows)
    fix = add_row(ours, theirs[0], Direction.BOTH, rule) if theirs and not taken else NO_FIX
    field = f"{sheets.map_name}’s “{theirs[0].label}”" if theirs else f"a field of {sheets.map_name}"
    text = f"{words}: no row ties “{ours.label}” to {field}."
    example = sheets.example("unsubscribed", "still mailed") if role == "optout" else ()
    yield problem(code, text, example=example, fix=fix)
