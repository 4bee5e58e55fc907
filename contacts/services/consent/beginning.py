"""Contacts that were Unsubscribed before there was a ledger: their no goes in, so that it outlives the contact too."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from contacts.domain.consent import STAFF
from contacts.domain.lifecycle import UNSUBSCRIBED
from contacts.models import Address, Contact
from contacts.services.consent.reading import entries_of
from contacts.services.consent.withdrawing import withdraw
from contacts.services.intake import in_transaction

TOGETHER = 1000
BY, HOW = "the hub", "the stage was Unsubscribed before the ledger of consent began"


def record_earlier(at: datetime) -> int:
    """Add a withdrawal for each address of an Unsubscribed contact of which the ledger knows nothing; how many.

    Runs after every migration; a second time it finds nothing to do.
    """
    last = added = 0
    while ids := list(_unsubscribed().filter(pk__gt=last).values_list("pk", flat=True)[:TOGETHER]):
        last = ids[-1]
        added += in_transaction(lambda ids=ids: _record(ids, at))
    return added


def _unsubscribed() -> QuerySet[Contact]:
    return Contact.objects.filter(lifecycle_stage=UNSUBSCRIBED).order_by("pk")


def _record(ids: list[int], at: datetime) -> int:
    still = _unsubscribed().filter(pk__in=ids).select_for_update(of=("self",))
    shown = dict(Address.objects.filter(contact__in=[c.pk for c in still]).order_by("pk").values_list("key", "shown"))
    known = entries_of(shown)
    unknown = {key: text for key, text in shown.items() if key not in known}
    return len(withdraw(unknown, method=STAFF, actor=BY, at=at, how=HOW)) if unknown else 0
