"""Different people: the arrivals of a case make a contact of their own, and nobody is asked about the pair again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.contrib.auth.models import User

from contacts.domain.changes import Person, Plan
from contacts.domain.identity import share_a_name
from contacts.domain.matching import decide, fill
from contacts.domain.world import World
from contacts.models import Address, Arrival, Contact, NotSame, Review
from contacts.queries import load_world
from contacts.services import bulk, write
from contacts.services.people import person_from
from contacts.services.review import trace
from contacts.services.review.cases import Offer
from contacts.services.story import person_name


def part(case: Review, offers: Sequence[Offer], candidates: Sequence[Contact], user: User, at: datetime) -> list[Plan]:
    """The first arrival makes a contact, with its source; the later ones fill it. ``case.trace`` says what changed."""
    before = {c.pk: trace.snapshot(person_from(c)) for c in candidates}
    case.trace = {"arrivals": trace.arrivals_of(offers)}
    plans = _plans_of_strangers(offers)
    for offer, plan in zip(offers, plans, strict=True):
        plan.reason = f"different people, case {case.pk}"
        sender = write.Entrance(offer.policy.source.id, offer.arrival.door, person_name(user), at, user_id=user.pk)
        write.apply([plan], sender, replay=True)
    _keep_the_log(case, offers)
    made = sorted({plan.person.id for plan in plans if plan.person})
    case.trace |= {
        "contacts": trace.touched(made, before),
        "addresses": list(Address.objects.filter(contact__in=set(made) - before.keys()).values_list("key", flat=True)),
        "notices": [plan.notice.id for plan in plans if plan.notice and plan.notice.new],
    }
    remember_not_same(case, ((m, c.pk) for m in made for c in candidates), user, at)
    return plans


def remember_not_same(case: Review, pairs: Iterable[tuple[int, int]], user: User, at: datetime) -> None:
    """Never ask about these pairs again."""
    rows = [
        NotSame(low_id=low, high_id=high, said_by_name=person_name(user)[:200], said_at=at, review=case)
        for low, high in {(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}
    ]
    NotSame.objects.bulk_create(rows, ignore_conflicts=True)


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
