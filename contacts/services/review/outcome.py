"""What "same person" would make of a contact: every field, by which rule, with the reviewer's picks.

The page shows this, and the decision stores this: there is no second opinion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from contacts.domain import rules
from contacts.domain.changes import Person, Verdict
from contacts.domain.identity import fold
from contacts.domain.lifecycle import StageTable
from contacts.domain.matching import GIVEN_DOMAIN, judge_all
from contacts.domain.overwrite import is_empty
from contacts.domain.protection import protections
from contacts.services.people import refuse_stage
from contacts.services.review.cases import Offer
from contacts.services.review.errors import Refused
from contacts.services.story import as_text

#: What a reviewer picks where the contact's own value stays.
KEEP = "kept"
#: At most so many values of a field are offered; the page has a result for each.
MOST = 10


class Choice(NamedTuple):
    """A value that a reviewer may pick: the contact's own one, or that of an arrival."""

    key: str
    value: Any
    shown: str
    arrival: int = 0


@dataclass
class Judgement:
    """What one arrival does to the contact that a reviewer says it is about."""

    verdicts: list[Verdict]
    writes: dict[str, Any] = field(default_factory=dict)


@dataclass
class Outcome:
    """The whole result: a judgement for each arrival, what the reviewer picked, and the contact as it will be.

    ``unpicked`` is what the rules alone would do; ``default`` has the choice that they make for each field.
    """

    judged: list[Judgement]
    unpicked: list[Judgement]
    person: Person
    picked: dict[str, Choice]
    choices: dict[str, list[Choice]]
    default: dict[str, str]
    new_addresses: list[int] = field(default_factory=list)  # places of the offers whose address is new


def arrival_key(arrival_id: int) -> str:
    """How the value of an arrival is called in a pick."""
    return f"a{arrival_id}"


def outcome_of(
    offers: Sequence[Offer], person: Person, keys: Sequence[str], picks: Mapping[str, str], actor_kind: str
) -> Outcome:
    """Judge all arrivals of a case against one contact, in order; ``keys`` are the contact's addresses."""
    after, held = deepcopy(person), set(keys)
    choices = _choices(offers, person, actor_kind)
    judged, default, new = [], dict[str, str](), []
    for place, offer in enumerate(offers):
        one = Judgement(*judge_all(offer.incoming, after, offer.policy, shared=False))
        after.values.update(one.writes)
        default |= {f: arrival_key(offer.incoming.arrival_id) for f in one.writes if f in choices}
        _judge_address(offer, one, held, new, place)
        if "email" in one.writes:
            after.values["email"] = one.writes["email"]
            default["email"] = arrival_key(offer.incoming.arrival_id)
        judged.append(one)
    default = dict.fromkeys(choices, KEEP) | default
    picked = _picked(picks, choices, default)
    unpicked = [Judgement(list(one.verdicts), dict(one.writes)) for one in judged]
    _apply(picked, judged, offers, after)
    return Outcome(judged, unpicked, after, picked, choices, default, new)


def _judge_address(offer: Offer, one: Judgement, held: set[str], new: list[int], place: int) -> None:
    """An address that the contact has not becomes an alias, or its first one."""
    address = offer.incoming.address
    if address is None or address.key in held:
        return
    if not held:
        one.writes["email"] = address.shown
    one.verdicts.append(Verdict("email", "written", rules.ALIAS, address.shown))
    held.add(address.key)
    new.append(place)


def _choices(offers: Sequence[Offer], person: Person, actor_kind: str) -> dict[str, list[Choice]]:
    """The fields in which there is something to choose, each with the contact's own value first."""
    found: dict[str, list[Choice]] = {}
    for offer in offers:
        for name, value in _offered(offer, person, actor_kind).items():
            text = _shown(name, value, offer.policy.stages)
            known = found.setdefault(name, [_own(name, person, offer.policy.stages)])
            read = str.casefold if name == "email" else fold  # two addresses may fold alike
            if len(known) < MOST and all(read(text) != read(c.shown) for c in known):
                arrival = offer.incoming.arrival_id
                known.append(Choice(arrival_key(arrival), value, text, arrival))
    if is_empty(person.values.get("email")):
        found.pop("email", None)  # the first address of a contact is its primary one
    return {name: known for name, known in found.items() if len(known) > 1}


def _own(name: str, person: Person, stages: StageTable) -> Choice:
    value = person.values.get(name)
    return Choice(KEEP, value, _shown(name, value, stages))


def _offered(offer: Offer, person: Person, actor_kind: str) -> dict[str, Any]:
    """What an arrival brings and a reviewer may take over."""
    incoming = offer.incoming
    values = dict(incoming.values)
    if incoming.domain and incoming.domain_how in GIVEN_DOMAIN:
        values["company_domain"] = incoming.domain
    stage = offered_stage(offer)
    if stage and may_pick_stage(offer.policy.stages, stage, person, actor_kind):
        values["lifecycle_stage"] = stage
    return values


def offered_stage(offer: Offer) -> str:
    """The slug of the stage that an arrival asks for, or the entry stage of its source; "" of one that is no lead."""
    if not offer.incoming.received.lead:
        return ""
    stage = offer.policy.stages.named(offer.incoming.stage or offer.policy.source.entry_stage)
    return stage.slug if stage else ""


def may_pick_stage(stages: StageTable, wanted: str, person: Person, actor_kind: str) -> bool:
    """By the rules for people; and never away from what protects the person."""
    current = person.values.get("lifecycle_stage") or ""
    return not protections(person.values) and not refuse_stage(stages, wanted, stages.get(current), actor_kind)


def _shown(name: str, value: Any, stages: StageTable) -> str:
    stage = stages.get(str(value)) if name == "lifecycle_stage" and value else None
    return stage.label if stage else as_text(value)


def _picked(
    picks: Mapping[str, str], choices: Mapping[str, Sequence[Choice]], default: Mapping[str, str]
) -> dict[str, Choice]:
    """The picks that are not what the rules do anyway."""
    picked = {}
    for name, key in picks.items():
        choice = next((c for c in choices.get(name, ()) if c.key == key), None)
        if choice is None and (name in choices or key != KEEP):
            raise Refused("A value that you picked is no longer offered. Look at the case again.")
        if choice is not None and key != default[name]:
            picked[name] = choice
    return picked


def _apply(picked: Mapping[str, Choice], judged: Sequence[Judgement], offers: Sequence[Offer], after: Person) -> None:
    """Put the picks in the place of what the rules would do, in the verdicts too."""
    for name, choice in picked.items():
        after.values[name] = choice.value
        for one, offer in zip(judged, offers, strict=True):
            one.writes.pop(name, None)
            mine = choice.arrival == offer.incoming.arrival_id
            one.verdicts[:] = [_overruled(v, choice, mine) if v.field == name else v for v in one.verdicts]


def _overruled(verdict: Verdict, choice: Choice, mine: bool) -> Verdict:
    if verdict.field == "email":
        return verdict
    if mine:
        return verdict._replace(decision="written", rule=rules.PICKED)
    if verdict.decision == "written":
        return verdict._replace(decision="kept", rule=rules.PICKED, current=choice.shown)
    return verdict
