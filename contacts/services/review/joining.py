"""The same person: the arrivals of a case fill the gaps of a contact, and their addresses become its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from contacts.domain import rules
from contacts.domain.changes import Person
from contacts.domain.origins import Writer, stamp
from contacts.models import Address, Arrival, Contact, Review
from contacts.services import bulk, contact_rows, refusals, write
from contacts.services.people import actor_kind, person_from
from contacts.services.review import trace
from contacts.services.review.cases import Offer
from contacts.services.review.errors import Refused
from contacts.services.review.outcome import Outcome, outcome_of
from contacts.services.story import person_name


def join(
    case: Review, offers: Sequence[Offer], contact: Contact, picks: dict[str, str], user: User, at: datetime
) -> Outcome:
    """Store that all these arrivals are about this contact; ``case.trace`` says what was changed by it."""
    _look_for_other_owners(offers, contact)
    person = person_from(contact)
    before = trace.snapshot(person)
    addresses = list(contact.addresses.all())
    outcome = outcome_of(offers, person, [a.key for a in addresses], picks, actor_kind(user))
    _add_addresses(offers, outcome, contact, user, at, first=not addresses)
    _write(case, offers, outcome, person, contact, user, at)
    rows = [
        (contact.pk, bulk.as_json([list(v) for v in one.verdicts]), offer.arrival.pk)
        for one, offer in zip(outcome.judged, offers, strict=True)
    ]
    case.trace = {"arrivals": trace.arrivals_of(offers), "addresses": _new_keys(offers, outcome)}
    bulk.update(Arrival, ["contact_id", "verdicts"], rows)
    _log_refusals(offers, outcome, contact, at)
    if "email" in outcome.picked:
        case.trace["primary"] = next((a.key for a in addresses if a.primary), None)
        _make_primary(contact, offers, outcome.picked["email"].arrival)
    case.trace["contacts"] = trace.touched([contact.pk], {contact.pk: before})
    return outcome


def _log_refusals(offers: Sequence[Offer], outcome: Outcome, contact: Contact, at: datetime) -> None:
    """What the stage table refused to the arrivals, now that it is known whom they are about."""
    person = person_from(contact)
    refusals.log_refusals(
        refused
        for one, offer in zip(outcome.judged, offers, strict=True)
        for refused in refusals.of_arrival(one.verdicts, offer.incoming, person, offer.policy.stages, at)
    )


def _look_for_other_owners(offers: Sequence[Offer], contact: Contact) -> None:
    """An address has one contact: refused where one of the arrivals' belongs to somebody else by now."""
    keys = {o.incoming.address.key for o in offers if o.incoming.address}
    theirs = Address.objects.select_related("contact").filter(key__in=keys).exclude(contact=contact).first()
    if theirs is not None:
        raise Refused(
            f"{theirs.shown} belongs to {theirs.contact} (#{theirs.contact_id}) by now, and an address has one "
            f"contact. Choose #{theirs.contact_id} as the same person, or decide “different people”."
        )


def _new_keys(offers: Sequence[Offer], outcome: Outcome) -> list[str]:
    return [offers[place].incoming.address.key for place in outcome.new_addresses]


def _add_addresses(
    offers: Sequence[Offer], outcome: Outcome, contact: Contact, user: User, at: datetime, *, first: bool
) -> None:
    """The first address of a contact is its primary one; the others are aliases."""
    rows = []
    for n, place in enumerate(outcome.new_addresses):
        incoming = offers[place].incoming
        address, primary = incoming.address, first and n == 0
        by = person_name(user)
        rows.append((contact.pk, address.shown, address.key, primary, bulk.as_time(at), by, incoming.arrival_id))
    bulk.insert(Address, write.ADDRESS_COLUMNS, rows)


def _make_primary(contact: Contact, offers: Sequence[Offer], arrival: int) -> None:
    key = next(o.incoming.address.key for o in offers if o.incoming.arrival_id == arrival)
    contact.addresses.filter(primary=True).update(primary=False)
    contact.addresses.filter(key=key).update(primary=True)


def _write(
    case: Review, offers: Sequence[Offer], outcome: Outcome, person: Person, contact: Contact, user: User, at: datetime
) -> None:
    """The contact's values, origins and history: a row for each arrival that gave something, one for the picks."""
    changed, rows = set[str](), []
    said = f"same person, case {case.pk}"
    for place, (one, offer) in enumerate(zip(outcome.judged, offers, strict=True)):
        fields = _take_over(one.writes, offer, person, user)
        new = place in outcome.new_addresses
        changed |= fields | ({"email"} if new else set())
        if one.writes or new:
            hand = contact_rows.Hand(person_name(user), said, offer.incoming.arrival_id, user.pk)
            rows.append(_history(person, contact, hand, at))
    if outcome.picked:
        changed |= _take_picks(outcome, person, user, at)
        hand = contact_rows.Hand(person_name(user), f"{rules.words(rules.PICKED)}: {said}", user_id=user.pk)
        rows.append(_history(person, contact, hand, at))
    write.store_changes([(person, changed)], bulk.as_time(at))
    write.store_history(rows)


def _history(person: Person, contact: Contact, hand: contact_rows.Hand, at: datetime) -> tuple[Any, ...]:
    made = bulk.as_time(contact.created_at)
    return contact_rows.history_row(person, dict(person.values), made, bulk.as_time(at), "~", hand)


def _take_over(writes: dict[str, Any], offer: Offer, person: Person, user: User) -> set[str]:
    """The contact's values and origins after an arrival; which of them changed."""
    incoming = offer.incoming
    person.values.update(writes)
    gaps = {name: rules.GAP for name in writes if name != "email"}
    person.origins = stamp(person.origins, gaps, incoming.writer)
    if "email" in writes:
        reviewer = incoming.writer._replace(kind="person", name=person_name(user))
        person.origins = stamp(person.origins, {"email": rules.ALIAS}, reviewer)
    changed = set(writes)
    if incoming.occurred_at and (person.last_activity is None or incoming.occurred_at > person.last_activity):
        person.last_activity = incoming.occurred_at
        changed.add("last_activity")
    return changed


def _take_picks(outcome: Outcome, person: Person, user: User, at: datetime) -> set[str]:
    """What the reviewer picked is the reviewer's, with the arrival that it was taken from."""
    moment = at.isoformat(timespec="seconds")
    for name, choice in outcome.picked.items():
        person.values[name] = choice.value
        writer = Writer("person", person_name(user), moment, choice.arrival or None)
        person.origins = stamp(person.origins, {name: rules.PICKED}, writer)
    return set(outcome.picked)
