"""Contacts of a two-way test: made through the door that every arrival takes, changed as a person would, and removed.

They are nobody's data, so that removing leaves nothing: no history, no arrival, no case. Only the ledger of consent
keeps what it was told of their addresses, as nothing ever leaves it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Q

from contacts.domain import rules
from contacts.domain.changes import Received
from contacts.domain.lifecycle import UNSUBSCRIBED
from contacts.domain.origins import Writer, stamp
from contacts.models import Address, Arrival, Refusal, Review, ReviewCandidate, Source
from contacts.queries import policy_for
from contacts.services import contact_rows, intake, listeners, synced, write
from contacts.services.bulk import as_time
from contacts.services.consent.withdrawing import record_withdrawal
from contacts.services.intake import in_transaction
from contacts.services.write import Entrance

BY = "Two-way test"
STAGE = "lifecycle_stage"


def make(records: Sequence[Mapping[str, str]], source: Source, actor_kind: str, at: datetime) -> dict[str, str]:
    """Records at the door, with the stages that this kind of actor may set; by address why one became no contact."""
    policy = policy_for(source)
    policy = replace(policy, source=policy.source._replace(actor_kind=actor_kind))
    given = [Received(dict(record), dict(record)) for record in records]
    plans = intake.take(given, policy, Entrance(source.pk, "api", BY, at)) if given else []
    pairs = zip(records, plans, strict=True)
    return {record["email"]: plan.reason for record, plan in pairs if plan.outcome != "created"}


def write_as_person(changes: Mapping[int, Mapping[str, Any]], at: datetime) -> None:
    """Values that a person typed, by contact; what a connection may not change afterwards."""
    writer = Writer("person", BY, at.isoformat(timespec="seconds"))

    def act() -> None:
        there = synced.locked(changes)
        touched, history = [], []
        for ident, loaded in there.items():
            person, fields = loaded.person, changes[ident]
            person.values.update(fields)
            person.origins = stamp(person.origins, dict.fromkeys(fields, rules.PERSON), writer)
            touched.append((person, set(fields)))
            made, hand = as_time(loaded.contact.created_at), contact_rows.Hand(BY, "edited in a two-way test.")
            history.append(contact_rows.history_row(person, person.values, made, as_time(at), "~", hand))
        write.store_changes(touched, as_time(at))
        write.store_history(history)
        out = [ident for ident, fields in changes.items() if fields.get(STAGE) == UNSUBSCRIBED and ident in there]
        if out:
            record_withdrawal(out, actor=BY, at=at)

    in_transaction(act)


def found(keys: Collection[str]) -> dict[str, int]:
    """Contact by address, of those that there are."""
    return dict(Address.objects.filter(key__in=list(keys)).values_list("key", "contact"))


def remove(ids: Collection[int], keys: Collection[str], came: Collection[int], at: datetime) -> None:
    """Every trace of these contacts, addresses and arrivals, in the caller's transaction; other apps have let go."""
    theirs = Arrival.objects.filter(Q(email_key__in=list(keys)) | Q(contact__in=list(ids))).values_list("pk", flat=True)
    arrivals = Arrival.objects.filter(pk__in={*theirs, *came})
    cases = set(arrivals.exclude(review=None).values_list("review", flat=True))
    cases |= set(Review.objects.filter(candidates__contact__in=list(ids)).values_list("pk", flat=True))
    Refusal.objects.filter(contact__in=list(ids)).delete()
    ReviewCandidate.objects.filter(contact__in=list(ids)).delete()
    Review.objects.filter(contact__in=list(ids)).update(contact=None)
    arrivals.delete()
    Review.objects.filter(pk__in=cases, arrivals=None, candidates=None).delete()
    write.remove(list(ids))
    listeners.tell([], sorted(ids), as_time(at))
