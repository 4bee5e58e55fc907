"""Deciding a review: one transaction, one reviewer, and everything the decision means stored at once.

The log stays as it was: a held arrival remains held, with its reason. The decision stands on the case, and
the arrival gets the contact it went to and the verdicts of its fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from contacts.domain import rules
from contacts.domain.changes import Incoming, Person, Plan, Policy, Verdict
from contacts.domain.identity import share_a_name
from contacts.domain.matching import decide, fill, judge_all
from contacts.domain.origins import Writer, stamp
from contacts.domain.translate import translate
from contacts.domain.world import World
from contacts.models import Address, Arrival, Contact, Review, ReviewCandidate
from contacts.queries import load_world, policy_for
from contacts.services import bulk, contact_rows, write
from contacts.services.intake import in_transaction, lock_names
from contacts.services.locks import lock_keys
from contacts.services.stored import received_of

Status = Review.Status


class Refused(Exception):
    """A decision that can't be taken; the text says why, and what can be done instead."""


class AlreadyDecided(Refused):
    """Somebody else was quicker; the text says who decided what, and when."""

    def __init__(self, case: Review) -> None:
        who, what = case.decided_by_name or "somebody else", case.get_status_display()
        super().__init__(f"{who} decided case {case.pk} already: {what}, {case.decided_at:%-d %B %H:%M}.")
        self.case = case


@dataclass
class Offer:
    """One waiting arrival in the hub's terms, with the policy of its source."""

    arrival: Arrival
    incoming: Incoming
    policy: Policy


@dataclass
class Judgement:
    """What an arrival would do to the contact that a reviewer says it is about."""

    verdicts: list[Verdict]
    writes: dict[str, Any] = field(default_factory=dict)
    alias: bool = False


def decide_same(review_id: int, contact_id: int, *, user: User, at: datetime) -> Review:
    """All its arrivals are about this contact: they fill its gaps in order, and their address becomes its own."""

    def attempt() -> Review:
        case = _open_case(review_id, Review.Kind.HOLD)
        offers = offers_of(case, at)
        _lock(offers)
        person, contact = _locked_candidate(case, contact_id, offers)
        for offer in offers:
            _join(case, offer, person, contact, user, at)
        return _close(case, Status.SAME, user, at, contact_id=contact.pk)

    return in_transaction(attempt)


def decide_different(review_id: int, *, user: User, at: datetime) -> Review:
    """Nobody the hub knows: the first arrival makes a contact, with its source; the later ones fill it."""

    def attempt() -> Review:
        case = _open_case(review_id, Review.Kind.HOLD)
        offers = offers_of(case, at)
        if not offers:
            return _close(case, Status.DIFFERENT, user, at)
        _lock(offers)
        plans = _plans_of_strangers(offers)
        for offer, plan in zip(offers, plans, strict=True):
            plan.reason = f"different people, case {case.pk}"
            sender = write.Entrance(offer.policy.source.id, offer.arrival.door, name_of(user), at, user_id=user.pk)
            write.apply([plan], sender, replay=True)
        _keep_the_log(case, offers)
        return _close(case, Status.DIFFERENT, user, at, contact_id=plans[0].person.id if plans[0].person else None)

    return in_transaction(attempt)


def decide_not_a_lead(review_id: int, *, user: User, at: datetime, note: str) -> Review:
    """Nothing is written but the case and its reason; the arrivals stay in the log."""
    if not note.strip():
        raise Refused("Say in a few words why this is not a lead.")
    return in_transaction(
        lambda: _close(_open_case(review_id, Review.Kind.HOLD), Status.NOT_A_LEAD, user, at, note=note.strip())
    )


def mark_seen(review_id: int, *, user: User, at: datetime) -> Review:
    """A shared mailbox was looked at."""
    return in_transaction(lambda: _close(_open_case(review_id, Review.Kind.MAILBOX), Status.SEEN, user, at))


def name_of(user: User) -> str:
    """How a reviewer stands in the log."""
    return user.get_full_name() or user.get_username()


def _open_case(review_id: int, kind: str) -> Review:
    case = Review.objects.select_for_update().get(pk=review_id)
    if case.status != Status.OPEN:
        raise AlreadyDecided(case)
    if case.kind != kind:
        right = "can only be marked as seen" if case.kind == Review.Kind.MAILBOX else "waits for a decision"
        raise Refused(f"Case {case.pk} {right}.")
    return case


def _close(
    case: Review, status: str, user: User, at: datetime, *, contact_id: int | None = None, note: str = ""
) -> Review:
    case.status, case.decided_at, case.decided_by, case.decided_by_name = status, at, user, name_of(user)
    case.contact_id, case.note = contact_id, note[:300]
    case.save(update_fields=["status", "decided_at", "decided_by", "decided_by_name", "contact", "note"])
    return case


def offers_of(case: Review, at: datetime) -> list[Offer]:
    """The arrivals of a case as they would be decided today, oldest first."""
    arrivals = case.arrivals.exclude(raw=None).select_related("source", "batch").order_by("id")
    policies: dict[int, Policy] = {}
    offers = []
    for arrival in arrivals:
        policy = policies.get(arrival.source_id) or policies.setdefault(arrival.source_id, policy_for(arrival.source))
        incoming = translate(received_of(arrival, policy.custom), policy)
        incoming.arrival_id = arrival.pk
        kind, name = ("person", arrival.actor) if arrival.door == Arrival.Door.FORM else ("source", policy.source.name)
        incoming.writer = Writer(kind, name, at.isoformat(timespec="seconds"), arrival.pk)
        offers.append(Offer(arrival, incoming, policy))
    return offers


def _lock(offers: Sequence[Offer]) -> None:
    lock_keys(lock_names([o.incoming for o in offers]))


# --- the same person ---


def judge_same(incoming: Incoming, person: Person, policy: Policy, *, has_address: bool) -> Judgement:
    """What an arrival fills and what the contact keeps, once a reviewer said that it is the same person."""
    judged = Judgement(*judge_all(incoming, person, policy, shared=False))
    if incoming.address is not None and has_address:
        judged.alias = True
    elif incoming.address is not None:
        judged.writes["email"] = incoming.address.shown
    return judged


def person_of(contact: Contact) -> Person:
    """A contact as the judges see it."""
    values = {name: getattr(contact, contact_rows.COLUMN[name]) for name in (*contact_rows.STORED, "owner")}
    return Person(
        values | contact.custom, contact.origins, contact.pk,
        shared_mailbox=contact.shared_mailbox, last_activity=contact.last_activity,
    )  # fmt: skip


def candidate_ids(case: Review, offers: Sequence[Offer]) -> list[int]:
    """The contacts a case may be about: those it was held against, and whoever has its address by now."""
    ids = list(ReviewCandidate.objects.filter(review=case).order_by("contact_id").values_list("contact_id", flat=True))
    keys = [o.incoming.address.key for o in offers if o.incoming.address]
    owners = Address.objects.filter(key__in=keys).values_list("contact_id", flat=True)
    return ids + [i for i in dict.fromkeys(owners) if i not in ids]


def _locked_candidate(case: Review, contact_id: int, offers: Sequence[Offer]) -> tuple[Person, Contact]:
    if contact_id not in candidate_ids(case, offers):
        raise Refused(f"Contact #{contact_id} is no candidate of case {case.pk}.")
    contact = Contact.objects.select_for_update().get(pk=contact_id)
    return person_of(contact), contact


def _join(case: Review, offer: Offer, person: Person, contact: Contact, user: User, at: datetime) -> None:
    """One arrival of the case goes to the contact: address, gaps, history, and the verdicts on the arrival."""
    incoming = offer.incoming
    known = _address_owner(incoming, contact)
    has_address = known or contact.addresses.exists()
    judged = judge_same(incoming, person, offer.policy, has_address=has_address)
    if incoming.address is not None and not known:
        _add_address(incoming, contact, user, at, primary=not has_address)
        judged.verdicts.append(Verdict("email", "written", rules.ALIAS, incoming.address.shown))
    changed = _take_over(incoming, person, judged.writes, user)
    when = bulk.as_time(at)
    write.store_changes([(person, changed)], when)
    if judged.writes or (incoming.address is not None and not known):
        hand = contact_rows.Hand(name_of(user), f"same person, case {case.pk}", incoming.arrival_id, user.pk)
        made = bulk.as_time(contact.created_at)
        write.store_history([contact_rows.history_row(person, person.values, made, when, "~", hand)])
    stored = bulk.as_json([list(v) for v in judged.verdicts])
    bulk.update(Arrival, ["contact_id", "verdicts"], [(contact.pk, stored, offer.arrival.pk)])


def _take_over(incoming: Incoming, person: Person, writes: dict[str, Any], user: User) -> set[str]:
    """The contact's values and origins after an arrival; which columns changed."""
    person.values.update(writes)
    gaps = {name: rules.GAP for name in writes if name != "email"}
    person.origins = stamp(person.origins, gaps, incoming.writer)
    if "email" in writes:
        reviewer = incoming.writer._replace(kind="person", name=name_of(user))
        person.origins = stamp(person.origins, {"email": rules.ALIAS}, reviewer)
    changed = set(writes)
    if incoming.occurred_at and (person.last_activity is None or incoming.occurred_at > person.last_activity):
        person.last_activity = incoming.occurred_at
        changed.add("last_activity")
    return changed


def _address_owner(incoming: Incoming, contact: Contact) -> bool:
    """Whether the arrival's address is this contact's already; refused when it is another's."""
    if incoming.address is None:
        return False
    owner = Address.objects.select_related("contact").filter(key=incoming.address.key).first()
    if owner is not None and owner.contact_id != contact.pk:
        raise Refused(
            f"{incoming.address.shown} belongs to {owner.contact} (#{owner.contact_id}) by now, and an address has one "
            f"contact. Choose #{owner.contact_id} as the same person, or decide “different people”."
        )
    return owner is not None


def _add_address(incoming: Incoming, contact: Contact, user: User, at: datetime, *, primary: bool) -> None:
    address = incoming.address
    row = (contact.pk, address.shown, address.key, primary, bulk.as_time(at), name_of(user), incoming.arrival_id)
    bulk.insert(Address, write.ADDRESS_COLUMNS, [row])


# --- different people ---


def _plans_of_strangers(offers: Sequence[Offer]) -> list[Plan]:
    """Decide the arrivals by address alone: the reviewer has ruled out every likeness."""
    world = load_world([o.incoming for o in offers], offers[0].policy)
    world.waiting = {key: case for key, case in world.waiting.items() if key.startswith("m:")}
    made, plans = list[Person](), list[Plan]()
    for offer in offers:
        world.people.clear()
        world.phones.clear()
        plan = _stranger(offer, made, world)
        world.learn(plan)
        made += [plan.person] if plan.outcome == "created" and plan.person else []
        plans.append(plan)
    return plans


def _stranger(offer: Offer, made: Sequence[Person], world: World) -> Plan:
    incoming = offer.incoming
    known = incoming.address is not None and incoming.address.key in world.addresses
    for person in made if not known else ():
        names = (incoming.values.get(f, "") for f in ("first_name", "last_name"))
        if incoming.address is None and share_a_name(*names, *_names(person)):
            return fill(incoming, person, world, offer.policy)
    return decide(incoming, world, offer.policy)


def _names(person: Person) -> tuple[str, str]:
    return person.values.get("first_name") or "", person.values.get("last_name") or ""


def _keep_the_log(case: Review, offers: Sequence[Offer]) -> None:
    """Outcome and reason of a held arrival stay as they were logged, and it stays with its case."""
    kept = [(o.arrival.outcome, o.arrival.reason, case.pk, o.arrival.pk) for o in offers]
    bulk.update(Arrival, ["outcome", "reason", "review_id"], kept)
