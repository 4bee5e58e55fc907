"""What must hold once the noise is over, worked out from both sides' values alone: no code of the engine is used."""

from __future__ import annotations

from collections import Counter
from typing import Any

from contacts.models import Address, Arrival, Contact
from syncrules.models import Link, Pull, Push, SyncError
from tests.syncrules.sync.kit import Both
from tests.syncrules.syncing import STAGE_MAP

COLUMNS = {
    "email": "email", "first_name": "firstname", "last_name": "lastname", "job_title": "title", "company": "firm",
    "phone": "phone", "lead_score": "score",
}  # fmt: skip
TO_HUB = dict(STAGE_MAP)


def differences(both: Both) -> list[str]:
    """Everything that is neither equal on both sides nor explained by a rule, in words."""
    found = [*_links(both), *_left_over(both)]
    records = both.map.everybody()
    for link in both.links():
        contact = Contact.objects.get(pk=link.contact_id)
        record = records.get(link.record_id)
        if record is not None:
            found += [f"{contact.pk}/{record.id} {line}" for line in _pair(both, contact, record.values)]
    return found


def _links(both: Both) -> list[str]:
    """Each record one contact, each contact one record; what is not there has its reason."""
    records, linked = both.map.everybody(), both.links()
    found = [f"link to {link.record_id}, which is not there" for link in linked if link.record_id not in records]
    twice = Counter(link.contact_id for link in linked)
    found += [f"contact {c} has {n} records" for c, n in twice.items() if n > 1 and not _reported(both, c)]
    known = {link.record_id for link in linked}
    for ident in records.keys() - known:
        pull = Pull.objects.filter(record_id=ident).exclude(arrival=None).order_by("-pk").first()
        if pull is None or pull.arrival.outcome not in ("held", "rejected"):
            found.append(f"record {ident} {records[ident].values} belongs to nobody")
    without = Contact.objects.exclude(pk__in=twice)
    for contact in without:
        gone = Link.objects.filter(contact=contact).exclude(state=Link.State.LINKED).exists()
        if contact.email and not gone and not _reported(both, contact.pk):
            found.append(f"contact {contact.pk} {contact.email} is not in the MAP")
    for contact in without.filter(email__in=both.removed):
        found += [f"{contact.email} was made again"] if contact.pk in twice else []
    return found


def _left_over(both: Both) -> list[str]:
    found = [f"still waiting: {row}" for row in both.waiting()]
    for row in Push.objects.filter(connection=both.connection, parked=True):
        if not SyncError.objects.filter(subject=row.subject, solved_at=None).exists():
            found.append(f"parked without a word: {row}")
    return found


def _reported(both: Both, contact: int) -> bool:
    return SyncError.objects.filter(connection=both.connection, contact_id=contact, solved_at=None).exists()


def _pair(both: Both, contact: Contact, there: Any) -> list[str]:
    found = []
    for hub, name in COLUMNS.items():
        ours, theirs = _text(getattr(contact, hub)), there.get(name, "")
        if not _fine(both, contact, hub, ours, theirs):
            found.append(f"{hub}: hub “{ours}”, MAP “{theirs}”")
    stage, told = contact.lifecycle_stage_id, there.get("stage", "")
    if TO_HUB.get(told) != stage and not _reported(both, contact.pk):
        found.append(f"stage: hub {stage}, MAP {told}")
    if (stage == "unsubscribed") != (there.get("optout") == "true") and not _reported(both, contact.pk):
        found.append(f"opt-out: hub {stage}, MAP {there.get('optout')}")
    return found


def _fine(both: Both, contact: Contact, hub: str, ours: str, theirs: str) -> bool:
    """Whether the row's rule allows these two values side by side."""
    if ours.strip().casefold() == theirs.strip().casefold():
        return True
    blanked = not ours and _writer(contact, hub) == "person"
    match hub:
        case "email" | "phone":  # never overwrite: two values stay apart, a gap does not unless a person made it
            taken = bool(theirs) and Address.objects.filter(key=theirs).exclude(contact=contact).exists()
            return bool(ours and theirs) or blanked or taken
        case "company":  # the hub's stands, and nothing of the MAP's is taken
            return not ours
        case "lead_score":  # the MAP keeps it fresh, unless somebody here wrote it
            return not theirs or _writer(contact, hub) != "connection"
        case _:  # the hub's value goes to the MAP, and gaps are filled
            return blanked
    return False


def _writer(contact: Contact, field: str) -> str:
    """Who wrote a field last, as the history of origins says."""
    of = contact.origins.get("of", {}).get(field)
    return contact.origins["by"][of[0]][0] if of else ""


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def arrivals_without_outcome() -> int:
    """Arrivals that nobody decided about."""
    return Arrival.objects.filter(outcome="").count()
