"""The Opt-in of contacts, worked out in this one place from what stands in the ledger; nothing stores it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from contacts.domain import consent
from contacts.domain.consent import NEWS, Standing
from contacts.domain.lifecycle import UNSUBSCRIBED
from contacts.models import Contact
from contacts.services.consent.reading import of_contacts


def opt_in_of(contact_ids: Sequence[int], *, purpose: str = NEWS) -> dict[int, bool | None]:
    """For each of these contacts that there is: True where its primary address may be mailed for the purpose, each
    agreement with its evidence; False where the person withdrew, complained or was erased, or the stage is
    Unsubscribed; None where neither is known, also for a bounce. Three queries, however many contacts.
    """
    stages = dict(Contact.objects.filter(pk__in=contact_ids).values_list("pk", "lifecycle_stage_id"))
    standings = of_contacts(list(stages), purpose=purpose)
    return {pk: opt_in(standings.get(pk, {}).values(), stage) for pk, stage in stages.items()}


def opt_in(standings: Iterable[Standing], stage: str | None) -> bool | None:
    """The same for what stands for the addresses of one contact, the primary one first."""
    found = list(standings)
    if stage == UNSUBSCRIBED or any(consent.PERSONAL.intersection(s.stops) for s in found):
        return False
    return True if found and found[0].mailable else None
