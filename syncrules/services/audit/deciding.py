"""What people say to an audit: carry it out, stop, merge this group into that record, leave it as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import F

from syncrules.domain.audit import propose
from syncrules.domain.grouping import By
from syncrules.models import Audit, AuditGroup, AuditStep, Link
from syncrules.services.audit import entries, plans

Status, State = Audit.Status, AuditGroup.State
#: From which states a plan can be carried out, or go on.
READY = (Status.READY, Status.STOPPED, Status.MERGED)


class NotNow(Exception):
    """It can't be done in the state that the audit or the group is in; the text says why."""


@transaction.atomic
def go_on(audit_id: int, by: str, at: datetime) -> Audit:
    """Carry the plan out, or go on with it. Raises ``NotNow``."""
    audit = Audit.objects.select_for_update().get(pk=audit_id)
    if audit.finished_at is None or audit.status not in READY:
        raise NotNow(f"This audit is {audit.get_status_display()}; its plan can't be carried out now.")
    newer = Audit.objects.filter(connection=audit.connection_id, pk__gt=audit.pk, finished_at__isnull=False)
    if newer.exists():
        raise NotNow("There is a newer audit: carry out its plan.")
    audit.status, audit.carried_by_name, audit.carried_at, audit.problem = Status.DUE, by[:200], at, ""
    audit.save(update_fields=["status", "carried_by_name", "carried_at", "problem"])
    return audit


def stop(audit_id: int) -> bool:
    """Stop after the step under way; what is merged stays merged. Whether there was something to stop."""
    under_way = Audit.objects.filter(pk=audit_id, status__in=[Status.DUE, Status.MERGING])
    return bool(under_way.update(status=Status.STOPPED, lease_holder="", lease_until=None, problem="Stopped."))


@transaction.atomic
def decide(group_id: int, master: str, by: str, at: datetime) -> AuditGroup:
    """One person after all: this record stays, by the plan that follows from that. Raises ``NotNow``."""
    group = _open_group(group_id)
    members = [entries.from_json(kept) for kept in group.records]
    if master not in {e.id for e in members}:
        raise NotNow(f"#{master} is none of the records of this group.")
    proposal = propose(By(group.by), members, plans.fields_of(group.audit), master=master)
    if proposal.needs and _still_two(group):
        raise NotNow(proposal.needs)
    plans.put(group, replace(proposal, needs=""))
    group.state, group.problem = State.OPEN, ""
    _said(group, by, at, f"One person: #{master} stays.")
    return group


@transaction.atomic
def leave(group_id: int, by: str, at: datetime) -> AuditGroup:
    """Different people: the group stays as it is, and later audits know it. Raises ``NotNow``."""
    group = _open_group(group_id)
    group.state = State.LEFT
    Audit.objects.filter(pk=group.audit_id).update(parted=F("parted") + group.size - 1)
    _said(group, by, at, "Different people: left as they are.")
    return group


def _still_two(group: AuditGroup) -> bool:
    """Whether the records are linked to different contacts today; they may have been merged since the audit."""
    ids = [kept["id"] for kept in group.records]
    linked = Link.objects.filter(connection=group.audit.connection_id, state=Link.State.LINKED, record_id__in=ids)
    return linked.values("contact").distinct().count() > 1


def _open_group(group_id: int) -> AuditGroup:
    group = AuditGroup.objects.select_for_update(of=["self"]).select_related("audit").get(pk=group_id)
    if group.audit.connection_id is None:
        raise NotNow("Groups of the hub are decided in the review queue.")
    if group.audit.status in (Status.DUE, Status.MERGING):
        raise NotNow("The plan is being carried out. Stop it first.")
    if group.state not in (State.ASK, State.OPEN, State.FAILED):
        raise NotNow(f"This group is decided: {group.get_state_display()}.")
    return group


def _said(group: AuditGroup, by: str, at: datetime, words: str) -> None:
    group.decided_by_name, group.decided_at = by[:200], at
    group.save()
    AuditStep.objects.create(
        group=group, at=at, by=by[:200], act="decide", record=group.master[:320], done=True, words=words
    )
