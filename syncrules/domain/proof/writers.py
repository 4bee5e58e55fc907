"""Fields that more than one MAP may write, and changes that would go round between them."""

from __future__ import annotations

from collections.abc import Iterator

from syncrules.domain.proof.codes import LOOK
from syncrules.domain.proof.parts import (
    DIRECTION,
    NO_FIX,
    RULE,
    Fix,
    Sheets,
    inward,
    outward,
    overwrites_hub,
    problem,
    set_to,
    writes_hub,
)
from syncrules.domain.worksheet import Direction, FieldType, Problem, Row, Rule, Worksheet

Other = tuple[Worksheet, Row]


def shared(sheets: Sheets) -> Iterator[Problem]:
    """Rows on a field that another connection writes too. The e-mail and unsubscribes are settled by their rules."""
    elsewhere = _by_field(sheets)
    for row in sheets.rows:
        hub = sheets.hub(row)
        if hub is None or hub.role in ("email", "optout") or not (inward(row) and writes_hub(row)):
            continue
        others = [(w, r) for w, r in elsewhere.get(row.hub, ()) if inward(r) and writes_hub(r)]
        if not others:
            continue
        if turning := [one for one in others if goes_round(row) and goes_round(one[1])]:
            yield _cycle(sheets, row, hub, turning)
        else:
            yield _two_writers(sheets, row, hub, others)


def _by_field(sheets: Sheets) -> dict[str, list[Other]]:
    """The rows in force in the other connections, by hub field."""
    found: dict[str, list[Other]] = {}
    for other in sheets.others:
        if other.connection != sheets.worksheet.connection:
            for row in other.rows:
                found.setdefault(row.hub, []).append((other, row))
    return found


def goes_round(row: Row) -> bool:
    """Whether a MAP's change overwrites the hub's value by this row, and the hub's then overwrites the MAP's.

    One such row comes to rest by itself; two of different MAPs on one hub field hand a value on for ever when
    each MAP spells it in its own way. Stages are no such case: they only move up.
    """
    return outward(row) and overwrites_hub(row) and row.rule != Rule.STAGE


def _cycle(sheets: Sheets, row: Row, hub: FieldType, others: list[Other]) -> Problem:
    chain = " → ".join([sheets.map_name, "the hub", *(w.name for w, _ in others), "the hub", sheets.map_name])
    text = f"“{hub.label}” can go round: {chain}. Each of them overwrites the next."
    other, their = others[0]
    example = ((sheets.map_name, "“Acme”, as it spells it"), (f"{other.name}, row {their.number}", "“ACME”, and back"))
    return problem("write-cycle", text, row, example=example, fix=_turn(row), column=DIRECTION)


def _two_writers(sheets: Sheets, row: Row, hub: FieldType, others: list[Other]) -> Problem:
    who = ", ".join(f"{w.name} (row {r.number})" for w, r in others)
    only_fill = not overwrites_hub(row) and not any(overwrites_hub(r) for _, r in others)
    name, (other, _) = sheets.map_name, others[0]
    if only_fill:
        text = f"{who} may fill “{hub.label}” too. Neither overwrites: the first value stays."
        example = ((name, "“Acme”, tomorrow"), (other.name, "“Acme Ltd”, today, and it stays"))
        return problem("two-writers", text, row, example=example, column=DIRECTION, level=LOOK)
    if hub.type == "stage":
        text = f"{who} may set “{hub.label}” too: two MAPs would decide who is an MQL."
        example = ((name, "Marketing Qualified Lead"), (other.name, "says nothing of it, or the opposite"))
    else:
        text = f"{who} may write “{hub.label}” too, so its value would be whichever MAP synced last."
        example = ((name, "“Buyer”"), (other.name, "“Head of Buying”: which one stays?"))
    return problem("two-writers", text, row, example=example, fix=_turn(row), column=DIRECTION)


def _turn(row: Row) -> Fix:
    """The hub hands its value to this MAP, and takes none from it."""
    if row.rule == Rule.STAGE:
        return set_to(**{DIRECTION: Direction.TO_MAP})
    if overwrites_hub(row):
        return set_to(**{DIRECTION: Direction.TO_MAP, RULE: Rule.HUB})
    return set_to(**{DIRECTION: Direction.TO_MAP}) if row.rule == Rule.NEVER else NO_FIX
