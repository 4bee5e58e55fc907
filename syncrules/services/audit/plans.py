"""A plan as a group keeps it."""

from __future__ import annotations

from syncrules.domain.audit import Fields, Proposal
from syncrules.models import Audit, AuditGroup


def put(group: AuditGroup, proposal: Proposal) -> None:
    """Put a plan into its group."""
    group.master, group.why, group.needs = proposal.master, proposal.why[:300], proposal.needs[:300]
    group.others = list(proposal.others)
    group.keeps = [[k.field, k.value, k.of, [list(g) for g in k.given_up]] for k in proposal.keeps]
    said = proposal.consent
    group.consent = {"state": said.state.value, "right": said.right, "words": said.words}


def fields_of(audit: Audit) -> Fields:
    """The fields with rules of their own, as they were when the audit read the MAP."""
    return Fields(**audit.labels.get("roles", {}), labels=audit.labels.get("fields", {}))


def kept_fields(fields: Fields) -> dict[str, dict[str, str]]:
    """What ``fields_of`` needs later."""
    roles = {"stage": fields.stage, "source": fields.source, "email": fields.email, "opt_out": fields.opt_out}
    return {"roles": roles, "fields": dict(fields.labels)}
