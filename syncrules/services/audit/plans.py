"""A plan as a group keeps it."""

from __future__ import annotations

from typing import Any

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
    kept = audit.labels
    return Fields(**kept.get("roles", {}), labels=kept.get("fields", {}), options=kept.get("options", {}))


def kept_fields(fields: Fields) -> dict[str, Any]:
    """What ``fields_of`` needs later."""
    roles = {"stage": fields.stage, "source": fields.source, "email": fields.email, "opt_out": fields.opt_out}
    options = {name: dict(labels) for name, labels in fields.options.items()}
    return {"roles": roles, "fields": dict(fields.labels), "options": options}
