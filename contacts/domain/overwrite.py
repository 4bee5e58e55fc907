"""The judge of arrivals: they fill gaps, and nothing else (playbook, Step 2)."""

from __future__ import annotations

from typing import Any

from contacts.domain import rules
from contacts.domain.changes import Person, Policy, Verdict
from contacts.domain.fields import BY_NAME
from contacts.domain.identity import fold
from contacts.domain.lifecycle import refuse
from contacts.domain.origins import origin_of, was_blanked


def is_empty(value: Any) -> bool:
    """Zero and False are values."""
    return value is None or value == ""


def describes_person(field: str, policy: Policy) -> bool:
    """Whether a field tells of the person, and so is never filled from a shared mailbox."""
    known = BY_NAME.get(field)
    if known is not None:
        return known.about != "company"
    return policy.custom[field].describes_person


def judge_field(person: Person, field: str, offered: Any, policy: Policy, shared: bool) -> Verdict:
    """One field of an arrival against the contact that its address matched."""
    current = person.values.get(field)
    if is_empty(current):
        return _judge_gap(person, field, offered, policy, shared)
    if current == offered or (isinstance(current, str) and fold(current) == fold(str(offered))):
        return Verdict(field, "kept", rules.SAME, str(offered), str(current))
    origin = origin_of(person.origins, field)
    by = f"{origin.writer.name}, {origin.writer.at[:10]}" if origin else ""
    return Verdict(field, "kept", rules.PRESENT, str(offered), str(current), by)


def _judge_gap(person: Person, field: str, offered: Any, policy: Policy, shared: bool) -> Verdict:
    if was_blanked(person.origins, field):
        origin = origin_of(person.origins, field)
        by = f"{origin.writer.name}, {origin.writer.at[:10]}" if origin else ""
        return Verdict(field, "kept", rules.BLANKED, str(offered), "", by)
    if shared and describes_person(field, policy):
        return Verdict(field, "refused", rules.MAILBOX, str(offered))
    return Verdict(field, "written", rules.GAP, str(offered))


def judge_stage(person: Person, asked: str, policy: Policy, shared: bool) -> tuple[Verdict, str]:
    """The stage that an arrival asks for on a contact that exists, and the stage to set ("" for none).

    A stage that is there stays, whatever its owner: the verdict still names the stronger rule that
    forbids the move, so that ops see what a source keeps trying.
    """
    current = person.values.get("lifecycle_stage") or ""
    stage = policy.stages.named(asked)
    rule = refuse(policy.stages, policy.source.actor_kind, current, stage.slug if stage else asked)
    label = stage.label if stage else asked
    held = policy.stages.get(current)
    origin = origin_of(person.origins, "lifecycle_stage")
    by = f"{origin.writer.name}, {origin.writer.at[:10]}" if origin else ""
    current_label = held.label if held else ""
    if stage is not None and stage.slug == current:
        return Verdict("lifecycle_stage", "kept", rules.SAME, label, current_label, by), ""
    if rule:
        return Verdict("lifecycle_stage", "refused", rule, label, current_label, by), ""
    if current:
        return Verdict("lifecycle_stage", "kept", rules.PRESENT, label, current_label, by), ""
    gap = _judge_gap(person, "lifecycle_stage", label, policy, shared)
    return gap, stage.slug if stage and gap.decision == "written" else ""
