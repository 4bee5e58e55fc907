"""A held arrival beside its candidates, field by field, with what "same person" would do to the one compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from contacts.domain import rules
from contacts.domain.changes import Policy, Verdict
from contacts.domain.identity import fold
from contacts.domain.lifecycle import StageTable, entry_stage
from contacts.domain.marking import marked
from contacts.models import Review
from contacts.queries import stage_table
from contacts.services.review.cases import Offer
from contacts.services.review.notes import address_note, arrival_note, fields, origin_note, shown
from contacts.services.review.outcome import KEEP, Choice, Outcome, arrival_key, outcome_of
from contacts.services.review.table import Cell, Column, Comparison, Effect, Row, Value
from contacts.services.review.telling import counted

QUIET = {"source"}
CONSENT = (("opt_in", "Opt-in"), ("opt_in_at", "Opt-in at"), ("opt_in_text", "Opt-in words"), ("opt_out", "Opt-out"))


def compare(
    case: Review, table: Comparison, picks: Mapping[str, str], actor_kind: str, at: datetime, *, decide: bool
) -> None:
    """Fill in the rows; with ``decide`` what would become of each field, and what may be picked."""
    if not table.offers and not table.columns:
        return
    policy = table.offers[0].policy if table.offers else None
    stages = policy.stages if policy else stage_table()
    outcome = _outcome(table, picks, actor_kind) if decide else None
    custom = {slug: kind.label for slug, kind in policy.custom.items()} if policy else {}
    for name, label in fields(custom):
        row = _row(name, label, table, outcome, stages, at.year)
        if row is not None:
            table.rows.append(row)
    table.rows += _consent(table, outcome is not None)
    if outcome is not None:
        table.summary = _summary(outcome)
    if table.offers:
        table.apart = _apart(table.offers[0])


def _outcome(table: Comparison, picks: Mapping[str, str], actor_kind: str) -> Outcome | None:
    chosen = table.chosen
    if chosen is None or not table.offers:
        return None
    return outcome_of(table.offers, chosen.person, chosen.keys, picks, actor_kind)


def _row(
    name: str, label: str, table: Comparison, outcome: Outcome | None, stages: StageTable, year: int
) -> Row | None:
    offered = _offered(name, table.offers, stages)
    theirs = [shown(name, c.person.values.get(name), stages) for c in table.columns]
    if not offered and not any(theirs):
        return None
    choices = outcome.choices.get(name, []) if outcome else []
    against = next((text for text, c in zip(theirs, table.columns, strict=True) if c.chosen), "")
    mine = offered[0][1] if offered else ""
    cells = [_arrival_cell(name, offered, against, choices)]
    cells += [_cell(name, c, text, mine, choices, year) for text, c in zip(theirs, table.columns, strict=True)]
    effects = _effects(name, outcome, table, choices, mine, against) if outcome else ()
    standing = outcome.picked[name].key if outcome and name in outcome.picked else None
    standing = standing or (outcome.default.get(name, KEEP) if outcome else KEEP)
    checked = next((n for n, c in enumerate(choices) if c.key == standing), -1)
    return Row(name, label, cells, effects, checked)


def _offered(name: str, offers: Sequence[Offer], stages: StageTable) -> list[tuple[Offer, str]]:
    """The different values that the arrivals bring for a field, each with the arrival that brought it first."""
    found: dict[str, tuple[Offer, str]] = {}
    for offer in offers:
        if name == "lifecycle_stage" and found and not offer.incoming.stage:
            continue  # the entry stage of one source is enough
        text = shown(name, _value(name, offer), stages)
        if text:
            found.setdefault(text.casefold() if name == "email" else fold(text), (offer, text))
    return list(found.values())


def _value(name: str, offer: Offer) -> Any:
    if name == "company_domain":
        return offer.incoming.domain
    if name == "lifecycle_stage":
        entry = offer.policy.source.entry_stage if offer.incoming.received.lead else ""
        return offer.incoming.stage or entry
    unread = (v.offered for v in offer.incoming.verdicts if v.field == name and v.decision == "refused")
    return offer.incoming.values.get(name) or next(unread, None)  # what could not be taken was sent all the same


def _arrival_cell(name: str, offered: Sequence[tuple[Offer, str]], against: str, choices: Sequence[Choice]) -> Cell:
    places = {choice.key: n for n, choice in enumerate(choices)}
    values = []
    for offer, text in offered:
        key = arrival_key(offer.incoming.arrival_id)
        pick = key if key in places else ""
        values.append(Value(marked(text, against), arrival_note(offer, name, text), pick, places.get(key, 0)))
    return Cell(values)


def _cell(name: str, column: Column, text: str, mine: str, choices: Sequence[Choice], year: int) -> Cell:
    note = ""
    if name == "email":
        note = address_note(column.contact, column.person, year)
    elif text:
        note = origin_note(column.person, name, year)
    pick = KEEP if choices and column.chosen else ""
    return Cell([Value(marked(text, mine), note, pick)] if text or pick else [])


# --- what would become of it ---


def _effects(
    name: str, outcome: Outcome, table: Comparison, choices: Sequence[Choice], mine: str, against: str
) -> list[Effect]:
    by_rule = _by_rule(name, outcome, table, mine, against)
    if not choices:
        return [by_rule] if by_rule else []
    default = outcome.default.get(name, KEEP)
    return [
        _at(by_rule, n) if choice.key == default and by_rule else _picked(name, choice, n)
        for n, choice in enumerate(choices)
    ]


def _at(effect: Effect, place: int) -> Effect:
    return Effect(effect.sign, effect.words, effect.why, place)


def _picked(name: str, choice: Choice, place: int) -> Effect:
    if choice.key == KEEP:
        return Effect("pick", f"keep “{choice.shown}”" if choice.shown else "leave it empty", "your pick", place)
    if name == "email":
        return Effect("pick", "make it the primary address", "your pick; the other one stays as an alias", place)
    return Effect("pick", f"write “{choice.shown}”", "your pick", place)


def _by_rule(name: str, outcome: Outcome, table: Comparison, mine: str, against: str) -> Effect | None:
    """What the rules make of the field, all arrivals in order: a field that is filled stays told as filled."""
    if name == "email":
        return _address_effect(outcome, table)
    verdicts = [v for one in outcome.unpicked for v in one.verdicts if v.field == name and name not in QUIET]
    told = next((v for v in verdicts if v.decision == "written"), verdicts[0] if verdicts else None)
    if told is not None:
        return _effect(told)
    return Effect("same", "same") if mine and fold(mine) == fold(against) else None


def _address_effect(outcome: Outcome, table: Comparison) -> Effect | None:
    if not any(o.incoming.address for o in table.offers):
        return None
    if not outcome.new_addresses:
        return Effect("same", "has this address already")
    first = table.offers[outcome.new_addresses[0]].incoming.address
    if "email" in outcome.judged[outcome.new_addresses[0]].writes:
        return Effect("fill", f"fill {first.shown}", "it becomes the primary address")
    many = len(outcome.new_addresses)
    return Effect("alias", "add as an alias" if many == 1 else f"add {many} aliases", "the primary address stays")


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


def _consent(table: Comparison, decide: bool) -> list[Row]:
    """What the arrivals say of consent: evidence that stays with them, and changes nothing by itself."""
    rows = []
    for name, label in CONSENT:
        sent = [v.offered for o in table.offers for v in o.incoming.verdicts if v.field == name and v.offered]
        if sent:
            effects = [Effect("keep", "stays with the arrival", "as evidence")] if decide else []
            cells = [Cell([Value([(text, False)]) for text in dict.fromkeys(sent)]), *(Cell([]) for _ in table.columns)]
            rows.append(Row(name, label, cells, effects))
    return rows


def _summary(outcome: Outcome) -> list[str]:
    """ "1 address added, 2 gaps filled", "3 values kept, 1 refused"."""
    verdicts = {(v.field, v.decision, v.rule) for one in outcome.judged for v in one.verdicts if v.field not in QUIET}
    filled = {f for f, decision, rule in verdicts if decision == "written" and rule == rules.GAP}
    refused = {f for f, decision, _ in verdicts if decision == "refused"}
    kept = {f for f, decision, rule in verdicts if decision == "kept" and rule in (rules.PRESENT, rules.BLANKED)}
    counts = [
        counted(len(outcome.new_addresses), "address added", "addresses added"),
        counted(len(filled), "gap filled", "gaps filled"),
        counted(len(kept - filled), "value kept", "values kept"),
        counted(len(refused - filled), "refused", "refused"),
    ]
    found = [text for text in counts if text]
    return [", ".join(found[:2]), ", ".join(found[2:])] if found else ["nothing changes"]


def _apart(offer: Offer) -> str:
    """What "different people" would make."""
    incoming, policy = offer.incoming, offer.policy
    name = f"{incoming.values.get('first_name', '')} {incoming.values.get('last_name', '')}".strip()
    who = name or (incoming.address.shown if incoming.address else incoming.phone)
    entry = _entry(policy, incoming.stage) if incoming.received.lead else "a known person, not a lead"
    return ", ".join(filter(None, [who, entry]))


def _entry(policy: Policy, asked: str) -> str:
    stage, _ = entry_stage(policy.stages, asked, policy.source.entry_stage, policy.source.actor_kind)
    row = policy.stages.get(stage.slug)
    return row.label if row else ""
