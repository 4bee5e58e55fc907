"""A case as it is decided: its arrivals in the hub's terms, its candidates, and the row itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.auth.models import User

from contacts.domain.changes import Incoming, Policy
from contacts.domain.consent import said_no
from contacts.domain.origins import Writer
from contacts.domain.translate import translate
from contacts.models import Address, Arrival, Contact, Review, ReviewCandidate, ReviewStep, Source
from contacts.queries import policy_for, source_row
from contacts.services.consent.reading import weighty_entries
from contacts.services.intake import lock_names
from contacts.services.merging.known import keys_of_values
from contacts.services.people import person_from
from contacts.services.review.claims import FREE
from contacts.services.stored import received_of
from contacts.services.story import person_name


@dataclass
class Offer:
    """One waiting arrival in the hub's terms, with the policy of its source."""

    arrival: Arrival
    incoming: Incoming
    policy: Policy


@dataclass
class Known:
    """What cases are decided on: their arrivals, oldest first, and the contacts that they may be about."""

    offers: dict[int, list[Offer]]
    candidates: dict[int, list[int]]
    contacts: dict[int, Contact]

    def candidates_of(self, case_id: int) -> list[Contact]:
        """The candidates of a case that are still there, in their order."""
        return [self.contacts[i] for i in self.candidates.get(case_id, ()) if i in self.contacts]


def load(case_ids: Iterable[int], at: datetime, *, lock: bool = False) -> Known:
    """The cases as they would be decided now, in a fixed number of queries; with ``lock`` nobody changes a contact."""
    ids = list(case_ids)
    offers = _offers(ids, at)
    candidates = _candidates(ids, offers)
    wanted = {i for found in candidates.values() for i in found}
    contacts = Contact.objects.select_for_update(of=("self",)) if lock else Contact.objects.all()
    found = contacts.filter(pk__in=wanted).select_related("source", "owner").order_by("pk")
    return Known(offers, candidates, {c.pk: c for c in found.prefetch_related("addresses")})


def _offers(case_ids: Sequence[int], at: datetime) -> dict[int, list[Offer]]:
    arrivals = Arrival.objects.filter(review__in=case_ids).exclude(raw=None).order_by("pk")
    offers: dict[int, list[Offer]] = defaultdict(list)
    policies: dict[int, Policy] = {}
    for arrival in arrivals.select_related("source", "batch"):
        policy = _policy(arrival.source, policies)
        incoming = translate(received_of(arrival, policy.custom), policy)
        incoming.arrival_id = arrival.pk
        kind, name = ("person", arrival.actor) if arrival.door == Arrival.Door.FORM else ("source", policy.source.name)
        incoming.writer = Writer(kind, name, at.isoformat(timespec="seconds"), arrival.pk)
        offers[arrival.review_id].append(Offer(arrival, incoming, policy))
    _stop([offer.incoming for found in offers.values() for offer in found])
    return offers


def _stop(batch: Sequence[Incoming]) -> None:
    """What stands against mailing these people by now; the ledger has what their records said when they came."""
    said = weighty_entries({i.address.key for i in batch if i.address}, ())
    for incoming in batch:
        if incoming.address and incoming.address.key in said:
            incoming.stops = bool(said_no(said[incoming.address.key]))


def _policy(source: Source, known: dict[int, Policy]) -> Policy:
    """The rules are read once; sources share all but their own row."""
    if source.pk not in known:
        one = next(iter(known.values()), None)
        known[source.pk] = replace(one, source=source_row(source)) if one else policy_for(source)
    return known[source.pk]


def _candidates(case_ids: Sequence[int], offers: dict[int, list[Offer]]) -> dict[int, list[int]]:
    """Those that a case was opened against, and whoever has the address of one of its arrivals by now."""
    found: dict[int, list[int]] = {i: [] for i in case_ids}
    pairs = ReviewCandidate.objects.filter(review__in=case_ids).order_by("contact_id")
    for case, contact in pairs.values_list("review_id", "contact_id"):
        found[case].append(contact)
    waiting: dict[str, list[int]] = defaultdict(list)
    for case, some in offers.items():
        for offer in some:
            if offer.incoming.address:
                waiting[offer.incoming.address.key].append(case)
    for key, contact in Address.objects.filter(key__in=waiting).values_list("key", "contact_id"):
        for case in waiting[key]:
            found[case] += [contact] if contact not in found[case] else []
    return found


def names_of(known: Known, case_id: int) -> list[str]:
    """What a case is locked by: its arrivals as intake locks them, a pair of contacts as a merge does."""
    offers = known.offers.get(case_id)
    if offers:
        return lock_names([o.incoming for o in offers])
    contacts = known.candidates_of(case_id)
    addresses = [a.key for c in contacts for a in c.addresses.all()]
    return addresses + [key for c in contacts for key in keys_of_values(person_from(c).values)]


def close(
    case: Review, status: str, user: User, at: datetime, said: str, *, contact_id: int | None = None, note: str = ""
) -> Review:
    """Store a decision on its case: who, what, when, where its arrivals went; and a line in its log."""
    case.status, case.decided_at, case.decided_by, case.decided_by_name = status, at, user, person_name(user)[:200]
    case.contact_id, case.note, case.asleep_until = contact_id, note[:300], None
    case.trace = {**case.trace, "said": said}
    case.taken_by, case.taken_by_name, case.taken_until = None, "", None
    columns = ["status", "decided_at", "decided_by", "decided_by_name", "contact", "note", "asleep_until", "trace"]
    case.save(update_fields=[*columns, *FREE])
    log(case, user, at, status, said)
    return case


def log(case: Review, user: User, at: datetime, act: str, detail: str) -> None:
    """A line in the log of a case."""
    ReviewStep.objects.create(review=case, at=at, actor=person_name(user)[:200], act=act, detail=detail[:300])
