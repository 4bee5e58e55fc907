"""A case as its page shows it: everything as of now, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from contacts.models import Review
from contacts.services.merging import relations
from contacts.services.people import actor_kind, person_from
from contacts.services.review import holds, pair_page
from contacts.services.review.basis import basis_of
from contacts.services.review.cases import Known, Offer, load
from contacts.services.review.likeness import Likeness, likeness, sentence
from contacts.services.review.table import LETTERS, Column, Comparison


def compare(
    case: Review, chosen_id: int | None, user: Any, at: datetime, picks: Mapping[str, str] | None = None
) -> Comparison:
    """The comparison with one candidate compared: the one asked for, else the likeliest."""
    known = load([case.pk], at)
    offers = known.offers.get(case.pk, [])
    decide = case.status == Review.Status.OPEN
    if case.kind == Review.Kind.PAIR:
        return pair_page.compare(case, known, chosen_id, picks or {}, user, decide=decide)
    table = _table(case, known, offers, chosen_id)
    able = decide and case.kind == Review.Kind.HOLD
    holds.compare(case, table, picks or {}, actor_kind(user), at, decide=able)
    return table


def _table(case: Review, known: Known, offers: Sequence[Offer], chosen_id: int | None) -> Comparison:
    contacts = known.candidates_of(case.pk)
    keys = {c.pk: [a.key for a in c.addresses.all()] for c in contacts}
    alike: dict[int, Likeness] = {}
    if offers and case.kind == Review.Kind.HOLD and case.status == Review.Status.OPEN:
        alike = {c.pk: likeness(offers[0].incoming, person_from(c).values, keys[c.pk]) for c in contacts}
        contacts.sort(key=lambda c: (-alike[c.pk].score, c.pk))
    ids = [c.pk for c in contacts]
    chosen_id = chosen_id if chosen_id in ids else next(iter(ids), None)
    hangs = what_hangs(ids)
    columns = [
        Column(
            LETTERS[n % len(LETTERS)], n + 1, c, person_from(c), keys[c.pk], c.pk == chosen_id, hangs[c.pk],
            alike[c.pk].score if c.pk in alike else None, alike[c.pk].sure if c.pk in alike else "",
        )
        for n, c in enumerate(contacts)
    ]  # fmt: skip
    table = Comparison(offers, columns, basis_of(offers, contacts))
    table.evidence = [sentence(c.letter, alike[c.contact.pk]) for c in columns if c.contact.pk in alike]
    return table


def what_hangs(ids: Sequence[int]) -> dict[int, list[str]]:
    """What hangs on each contact, in words, of every relation that a merge would move: one query a relation."""
    if not ids:
        return {}
    counts = relations.counts(ids)
    return {i: [r.words(number) for r in relations.TABLE.values() if (number := counts[r.key].get(i, 0))] for i in ids}
