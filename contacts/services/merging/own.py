"""The hub's own relations to a contact: arrivals, addresses, where decided cases went, and open and closed cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count

from contacts.domain.merging import LOST
from contacts.domain.unmerging import Email
from contacts.models import Address, Review
from contacts.services import bulk
from contacts.services.merging import cases
from contacts.services.merging.relations import (
    Coming,
    Going,
    Relation,
    register,
    repoint_back,
)


def move_addresses(relation: Relation, going: Going) -> list[int]:
    """They become aliases, unless the primary one is now among them."""
    merge = going.merge
    lost = [Email(*a) for a in merge.before[LOST]["addresses"]]
    if lost:
        Address.objects.filter(contact=merge.lost_id).update(contact=merge.kept_id, primary=False)
    if going.plan.took["email"] == LOST:
        Address.objects.filter(contact=merge.kept_id, primary=True).update(primary=False)
        Address.objects.filter(pk__in=[a.id for a in lost if a.primary]).update(primary=True)
    return [a.id for a in lost]


def part_addresses(relation: Relation, ids: Any, coming: Coming) -> None:
    """Each to its side, and on each side one primary. No two may be primary in between."""
    merge, plan = coming.merge, coming.plan
    Address.objects.filter(contact=merge.kept_id, primary=True).update(primary=False)
    for half, contact in ((plan.kept, merge.kept_id), (plan.lost, merge.lost_id)):
        rows = [(contact, a.primary, a.id) for a in half.addresses]
        bulk.update(Address, ["contact_id", "primary"], rows)


def part_arrivals(relation: Relation, ids: Any, coming: Coming) -> None:
    """Those that went over, and those that came since by an address of the contact that comes back."""
    repoint_back(relation, [*ids, *(a.id for a in coming.plan.lost.arrivals)], coming)


def part_decided(relation: Relation, ids: Any, coming: Coming) -> None:
    """Cases that led here, and those decided since whose arrivals all belong to the contact that comes back."""
    repoint_back(relation, [*ids, *cases.of_the_lost_alone(coming)], coming)


def count_open(relation: Relation, ids: Sequence[int]) -> dict[int, int]:
    """How many cases wait in which each contact is a candidate."""
    waiting = relation.manager.filter(contact__in=ids, review__status=Review.Status.OPEN).order_by()
    return dict(waiting.values_list("contact").annotate(count=Count("pk")))


for relation in (
    Relation("contacts.Arrival", "contact", "arrivals", "arrival", "arrivals", back=part_arrivals),
    Relation(
        "contacts.Address", "contact", "addresses", "address", "addresses", move=move_addresses, back=part_addresses
    ),
    Relation("contacts.Review", "contact", "decided", "decided case", "decided cases", back=part_decided),
    Relation(
        "contacts.ReviewCandidate",
        "contact",
        "cases",
        "open case",
        "open cases",
        move=cases.move,
        back=cases.bring_back,
        count=count_open,
        tally=cases.tally,
    ),
    Relation("contacts.Refusal", "contact", "refusals", "refusal", "refusals"),
):
    register(relation)
