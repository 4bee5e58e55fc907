"""The order of the review queue: what is older, worth more and surer comes first.

A case is due when it was opened, less a head start in hours. So nothing is ever passed over for good: what
is worth a day more stands among the cases of the day before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from contacts.domain import rules
from contacts.domain.changes import Case, Incoming
from contacts.domain.identity import share_a_name

#: Stages in which sales has a conversation that a duplicate would split (playbook, Step 3).
WORKED = frozenset({"sql", "in-discovery", "in-pipeline"})
CUSTOMER = "customer"
#: From this lead score on, somebody is about to be called.
HOT = 80
#: From these scores (of 100 such cases so many are one person) on, in words.
SURENESS = ((95, "very likely"), (80, "likely"), (50, "possible"), (0, "unlikely"))
#: What the keys of the decision tree alone say for one person: the address, the same name at the same company,
#: a phone with or without a name in common, a name alone.
SAME_ADDRESS, SAME_NAME, SAME_PHONE_AND_A_NAME, SAME_PHONE, ALIKE = 99, 95, 80, 35, 20


class HeadStart(NamedTuple):
    """Hours by which a case comes earlier, and why."""

    hours: int
    why: str


class Place(NamedTuple):
    """Where a case stands: how sure the likeness is (0 to 100, None: nobody can say), when it is due, and why."""

    score: int | None
    due_at: datetime
    why: str


@dataclass(frozen=True)
class Worth:
    """What is known of the contacts of a case: the highest of each."""

    stages: frozenset[str] = frozenset()
    owned: bool = False
    lead_score: int = 0


def worth_of(sides: Iterable[Mapping[str, Any]]) -> Worth:
    """The worth of a case from the values of its contacts and of what waits."""
    known = list(sides)
    stages = frozenset(str(v["lifecycle_stage"]) for v in known if v.get("lifecycle_stage"))
    scores = [v["lead_score"] for v in known if isinstance(v.get("lead_score"), int)]
    return Worth(stages, any(v.get("owner") for v in known), max([0, *scores]))


def head_starts(worth: Worth, score: int | None) -> list[HeadStart]:
    """What puts a case before others that have waited as long; the best of each kind."""
    found = []
    if CUSTOMER in worth.stages:
        found.append(HeadStart(24, "a customer"))
    elif worth.stages & WORKED:
        found.append(HeadStart(24, "sales works with them"))
    elif worth.owned:
        found.append(HeadStart(12, "somebody owns the contact"))
    elif worth.lead_score >= HOT:
        found.append(HeadStart(12, f"lead score {worth.lead_score}"))
    if score is not None and score >= SURENESS[0][0]:
        found.append(HeadStart(6, f"{sureness(score)} one person"))
    return found


def place_of(opened_at: datetime, sides: Iterable[Mapping[str, Any]], score: int | None) -> Place:
    """The place of a case by the values of its contacts; why reads "30 h sooner: a customer, very likely ..."."""
    starts = head_starts(worth_of(sides), score)
    hours = sum(start.hours for start in starts)
    why = f"{hours} h sooner: {', '.join(start.why for start in starts)}" if starts else ""
    return Place(score, opened_at - timedelta(hours=hours), why)


def place_of_hold(case: Case, incoming: Incoming, opened_at: datetime) -> Place:
    """The place of a case that an arrival opens."""
    score = held_score(case.rule, incoming.values, [p.values for p in case.candidates])
    return place_of(opened_at, [incoming.values, *(p.values for p in case.candidates)], score)


def held_score(rule: str, mine: Mapping[str, Any], theirs: Sequence[Mapping[str, Any]]) -> int | None:
    """How sure the rule that held an arrival is, given its names and those of the candidates."""
    if rule == rules.BY_NAME:
        return SAME_NAME
    if rule != rules.BY_PHONE:
        return None
    return SAME_PHONE_AND_A_NAME if any(alike(mine, values) for values in theirs) else SAME_PHONE


def alike(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether both have names, and those could be one person's: first and last name, crosswise or not."""
    (first, last), (other_first, other_last) = _names(mine), _names(theirs)
    if not (first or last) or not (other_first or other_last):
        return False
    straight = share_a_name(first, "", other_first, "") and share_a_name("", last, "", other_last)
    return straight or (share_a_name(first, "", "", other_last) and share_a_name("", last, other_first, ""))


def _names(values: Mapping[str, Any]) -> tuple[str, str]:
    return values.get("first_name") or "", values.get("last_name") or ""


def sureness(score: int) -> str:
    """A score in words."""
    return next(words for least, words in SURENESS if score >= least)
