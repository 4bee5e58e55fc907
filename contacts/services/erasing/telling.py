"""All that is known and proved of one person, for the person (GDPR Articles 15 and 20)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from contacts.domain.consent import purpose_words
from contacts.models import Address, Contact
from contacts.services.consent import of_contact
from contacts.services.consent.evidence import of_subjects
from contacts.services.consent.keys import subject_of
from contacts.services.erasing import registry
from contacts.services.erasing.person import whole
from contacts.services.explain import explain_contact

HIDDEN = {"history_id", "history_type", "history_user_id", "owner_id", "lifecycle_stage_id", "source_id"}


def person_file(contact: Contact, at: datetime) -> dict[str, Any]:
    """Everything, ready for JSON: values with origins, addresses, consent, arrivals as received, history, merges."""
    person = whole(contact.pk)
    standings = of_contact(contact.pk)
    told = {
        "made_at": at.isoformat(),
        "contact": explain_contact(contact),
        "addresses": [
            {"address": a.shown, "primary": a.primary, "added_at": a.added_at, "added_by": a.added_by,
             "may_be_mailed": standings[a.key].mailable, "stands": standings[a.key].word}
            for a in Address.objects.filter(contact=contact).order_by("-primary", "pk")
        ],
        "consent": [
            {"number": e.record.pk, "said": e.record.get_act_display(), "channel": e.record.channel,
             "purpose": purpose_words(e.record.purpose), "how_it_came": e.record.get_method_display(),
             "occurred_at": e.record.occurred_at, "recorded_at": e.record.recorded_at, "source": e.record.source,
             "recorded_by": e.record.actor, "missing_proof": e.missing, "evidence": e.told}
            for e in of_subjects(subject_of(a) for a in person.shown)
        ],
        "arrivals": [
            {"number": a.pk, "received_at": a.received_at, "source": str(a.source or a.source_slug),
             "as_received": dict(a.raw_items()), "outcome": a.outcome, "reason": a.reason}
            for a in person.arrivals.select_related("source", "batch", "repeat_of__batch").order_by("pk")
        ],
        "history": [
            {"at": row["history_date"], "by": row["actor"], "why": row["history_change_reason"],
             "values": _values(row)}
            for row in person.history.order_by("history_date", "history_id").values()
        ],
        "merges": [
            {"at": m.merged_at, "by": m.merged_by_name, "with": m.lost_name, "undone_at": m.undone_at,
             "as_they_were": m.before}
            for m in person.merges.order_by("pk")
        ],
        "cases": [{"number": c.pk, "reason": c.reason, "status": c.get_status_display()} for c in person.cases],
    }  # fmt: skip
    told |= registry.tell_all(person)
    told["records"] = sum(len(part) for part in told.values() if isinstance(part, list))
    return told


def _values(row: dict[str, Any]) -> dict[str, Any]:
    """The values of a row of history that say something of the person."""
    bookkeeping = (name for name in row if name in HIDDEN or name.startswith("history_"))
    return {name: row[name] for name in row.keys() - set(bookkeeping) if row[name] not in ("", None, {})}
