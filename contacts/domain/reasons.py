"""Outcomes in words, as an ops person would say them."""

from __future__ import annotations

from collections.abc import Sequence

from contacts.domain import rules
from contacts.domain.changes import Case, Earlier, Person, Verdict
from contacts.domain.fields import LABELS

#: Fields whose verdicts are too obvious to mention in a reason.
QUIET = {"source", "company_domain"}

#: What a person said of being mailed, as the one thing that an arrival writes over a value that is there.
SAID = {
    rules.SAID_NO: "set to Unsubscribed: the person is not to be mailed",
    rules.AGREED_ANEW: "is what it was before they unsubscribed: the person agreed anew, with evidence",
}

UNSTORABLE_ROW = "The hub could not store this row; the reason is in its log. The row is kept as it came."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _label(field: str) -> str:
    return LABELS.get(field, field.replace("_", " ").capitalize())


def _number(people: Sequence[Person]) -> str:
    return _listed([f"#{p.id}" for p in people[:3]]) + (f" and {len(people) - 3} more" if len(people) > 3 else "")


def held_reason(rule: str, people: Sequence[Person]) -> str:
    """Why an arrival waits for a person."""
    what = "Same name and company domain" if rule == rules.BY_NAME else "Same phone"
    return f"{what} as {_number(people)}."


def joined_reason(case: Case) -> str:
    """Why an arrival joined a review that was open already."""
    return f"This address waits in case {case.id} already."


def repeated_reason(earlier: Earlier) -> str:
    """Which delivery it repeats."""
    then = f", and was {earlier.outcome}" if earlier.outcome else ""
    return f"The same record came before: {earlier.label}{then}."


def created_reason(verdicts: Sequence[Verdict]) -> str:
    """Why a contact was made, and what of the record was not taken."""
    return " ".join(["Nothing matched.", *_refusals(verdicts)])


def filled_reason(verdicts: Sequence[Verdict], shared: bool) -> str:
    """What an address match filled, kept and refused."""
    said = [v for v in verdicts if v.decision == "written" and v.rule in SAID]
    filled = [_label(v.field) for v in verdicts if v.decision == "written" and v.field not in QUIET and v not in said]
    domain = [_label(v.field) for v in verdicts if v.decision == "written" and v.field == "company_domain"]
    parts = [f"{_label(v.field)} {SAID[v.rule]}." for v in said]
    parts += [f"{_listed(filled or domain)} filled."] if filled or domain else []
    if shared:
        parts.append("A shared mailbox: the names have nothing in common, so nothing about the person was filled.")
    kept = [v for v in verdicts if v.decision == "kept" and v.rule in (rules.PRESENT, rules.BLANKED)]
    parts += [_kept(v) for v in kept if v.field not in QUIET]
    parts += _refusals(verdicts)
    return " ".join(parts) or "Every value it brings is there already."


def _kept(verdict: Verdict) -> str:
    if verdict.rule == rules.BLANKED:
        return f"{_label(verdict.field)} stays empty, refused “{verdict.offered}”: {rules.words(verdict.rule)}."
    return f"Kept “{verdict.current}”, refused “{verdict.offered}”: {rules.words(verdict.rule)}."


def _refusals(verdicts: Sequence[Verdict]) -> list[str]:
    said = []
    for v in verdicts:
        if v.decision == "refused" and v.rule != rules.MAILBOX:
            detail = v.current if v.rule == rules.UNREADABLE and v.current else rules.words(v.rule)
            where = f", here from {v.current}" if v.rule == rules.STAGE_BACK and v.current else ""
            said.append(f"Refused {_label(v.field).lower()} “{v.offered}”: {detail}{where}.")
    return said
