"""A record that a person types in: the same door, tree and writer as every arrival, and never a duplicate."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from contacts.domain import rules
from contacts.domain.changes import Person, Plan, Policy, Received
from contacts.domain.lifecycle import StageTable, refuse
from contacts.domain.translate import translate
from contacts.models import Source
from contacts.queries import policy_for
from contacts.services import intake, refusals, story
from contacts.services.dry_run import preview
from contacts.services.people import NOT_READ, SET_SALES, refusal
from contacts.services.records import storable
from contacts.services.write import Entrance

QUIET = {"source", "company_domain", "email"}


@dataclass(frozen=True)
class Typed:
    """What somebody typed, and who: ready to be shown or taken."""

    received: Received
    policy: Policy
    entrance: Entrance


@dataclass(frozen=True)
class Match:
    """What saving would do now. ``people`` are the contacts it is about, ``case`` an open review."""

    outcome: str
    words: str
    people: Sequence[tuple[int, str]] = ()
    case: int | None = None


def typed(values: Mapping[str, str], source: Source, user: Any, at: datetime, token: str = "") -> Typed:
    """A typed record at the door. The same token with the same values is the same delivery."""
    given = storable({f: text for f, text in values.items() if text.strip()})
    received = Received(values=given, raw=given)
    if token:
        said = json.dumps([token, user.pk, source.pk, given], sort_keys=True)
        received.delivery_key = hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
    entrance = Entrance(source.pk, "form", story.person_name(user), at, user_id=user.pk)
    return Typed(received, _policy(source, user), entrance)


def _policy(source: Source, user: Any) -> Policy:
    """A person is no MAP, whatever the source is; and acts for sales only with the right to."""
    policy = policy_for(source)
    kind = "sales" if user.has_perm(SET_SALES) else "arrival"
    return replace(policy, source=policy.source._replace(actor_kind=kind))


def find_plan(record: Typed) -> Plan:
    """What the decision tree would say right now. Reads only."""
    return preview([record.received], record.policy, record.entrance)[0]


def find_matches(record: Typed) -> Match:
    """What saving would do right now, in words."""
    plan = find_plan(record)
    stages = record.policy.stages
    if plan.outcome == "held" and plan.case is not None:
        return _held(plan)
    if plan.outcome in ("filled", "unchanged") and plan.person is not None:
        return Match(plan.outcome, _filled(plan, stages), [_called(plan.person)])
    if plan.outcome == "created" and plan.person is not None:
        stage = stages.get(plan.person.values.get("lifecycle_stage") or "")
        enters = f", as {stage.label}" if stage else ""
        return Match("created", f"Nobody in the hub matches: saving makes a new contact{enters}.")
    return Match(plan.outcome, plan.reason)


def take(record: Typed) -> Plan:
    """Decide and store a typed record."""
    return intake.take([record.received], record.policy, record.entrance)[0]


def faults(record: Typed) -> dict[str, str]:
    """What a person should put right before saving, by field ("" for the whole record)."""
    incoming = translate(record.received, record.policy)
    found = {v.field: refusal(v) for v in incoming.verdicts if v.rule in NOT_READ}
    if incoming.rejected:
        found["email" if incoming.rejected == rules.BAD_ADDRESS else ""] = incoming.reason
    if incoming.stage and "lifecycle_stage" not in found:
        stage = record.policy.stages.named(incoming.stage)
        slug = stage.slug if stage else incoming.stage
        rule = refuse(record.policy.stages, record.policy.source.actor_kind, "", slug)
        if rule:
            found["lifecycle_stage"] = f"{stage.label if stage else incoming.stage}: {rules.words(rule)}."
    return found


def note_refused(record: Typed) -> None:
    """Log that the stage table refused the stage that somebody typed: nothing of the record is stored yet."""
    stages, asked = record.policy.stages, translate(record.received, record.policy).stage
    stage = stages.named(asked) if asked else None
    rule = refuse(stages, record.policy.source.actor_kind, "", stage.slug if stage else asked) if asked else ""
    if rule:
        who, at = record.entrance.actor, record.entrance.at
        refusals.log_refusals([refusals.of_person(None, rule, stages, "", asked, who, at)])


def _called(person: Person) -> tuple[int, str]:
    values = person.values
    name = f"{values.get('first_name') or ''} {values.get('last_name') or ''}".strip()
    return person.id, name or values.get("email") or values.get("phone") or "Nameless"


def _held(plan: Plan) -> Match:
    what = {rules.BY_NAME: "Same name and company domain", rules.BY_PHONE: "Same phone"}.get(plan.rule)
    then = "Saving makes no contact: a reviewer decides."
    case = plan.case
    number = case.id if case and not case.new else None
    words = f"{what} as somebody in the hub. {then}" if what else f"{plan.reason} What you type joins it."
    return Match("held", words, [_called(p) for p in (case.candidates if case else ())], number)


def _filled(plan: Plan, stages: StageTable) -> str:
    asked = plan.incoming.stage
    says = [v for v in plan.verdicts if asked or v.field != "lifecycle_stage"]
    fills = [_label(v.field) for v in says if v.decision == "written" and v.field not in QUIET]
    keeps = [
        f"{_label(v.field)} “{v.current}”" if v.current else f"{_label(v.field)} blank"
        for v in says
        if v.decision == "kept" and v.rule in (rules.PRESENT, rules.BLANKED) and v.field not in QUIET
    ]
    shared = any(v.rule == rules.MAILBOX for v in says) or plan.notice is not None
    parts = [
        f"fills {_listed(fills)}" if fills else "fills nothing",
        f"keeps {_listed(keeps)}" if keeps else "",
    ]
    mailbox = " The names have nothing in common, so it counts as a shared mailbox." if shared else ""
    return f"Saving {', '.join(p for p in parts if p)}.{mailbox}"


def _label(name: str) -> str:
    return story.HUB_LABELS.get(name, name.replace("_", " ")).lower()


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
