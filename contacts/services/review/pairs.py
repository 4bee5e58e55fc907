"""Cases about contacts that look like one: merging them, saying that they are not one, and taking that back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import combinations

from django.contrib.auth.models import User

from contacts.models import Contact, Merge, Review
from contacts.services import merging
from contacts.services.review.errors import Refused
from contacts.services.review.parting import remember_not_same
from contacts.services.review.telling import counted

#: How a pick names the contact whose value it is.
CONTACT = "c"


def pick_key(contact_id: int) -> str:
    return f"{CONTACT}{contact_id}"


def picks_by_contact(picks: Mapping[str, str]) -> dict[str, int]:
    """Field to the contact whose value is picked for it."""
    found = {name: key.removeprefix(CONTACT) for name, key in picks.items() if key.startswith(CONTACT)}
    return {name: int(number) for name, number in found.items() if number.isdecimal() and len(number) < 19}


def chosen_picks(
    kept: int, ids: Sequence[int], picks: Mapping[str, str], user: User | None
) -> tuple[merging.Preview, dict[str, int]]:
    """The merge as it would be, and the picks that differ from what the rules would make of it."""
    others = [i for i in ids if i != kept]
    plain = merging.preview(kept, others, user=user)
    by_rule = {line.field: line.home for line in plain.lines}
    wanted = {name: i for name, i in picks_by_contact(picks).items() if by_rule.get(name) != i}
    return (merging.preview(kept, others, wanted, user=user) if wanted else plain), wanted


def merge(
    case: Review, kept: Contact, candidates: Sequence[Contact], picks: Mapping[str, str], user: User, at: datetime
) -> str:
    """Make the contacts of a case one; what was done, in words."""
    ids = [c.pk for c in candidates]
    try:
        _, wanted = chosen_picks(kept.pk, ids, picks, user)
        versions = {c.pk: c.version for c in candidates}
        lost = [i for i in ids if i != kept.pk]
        made = merging.merge(kept.pk, lost, picks=wanted, user=user, at=at, review=case, versions=versions)
    except merging.MergeRefused as error:
        raise Refused(str(error)) from error
    case.trace = {"merges": [m.pk for m in made], "lost": [m.lost_id for m in made]}
    picked = counted(len(wanted), "value picked", "values picked")
    gone = " and ".join(f"#{m.lost_id}" for m in made)
    return ", ".join(filter(None, [f"same person, {gone} merged into #{kept.pk}", picked]))


def keep_apart(case: Review, candidates: Sequence[Contact], user: User, at: datetime) -> str:
    """None of them is another; nobody asks about any two of them again."""
    case.trace = {}
    remember_not_same(case, combinations([c.pk for c in candidates], 2), user, at)
    return f"different people, {' and '.join(f'#{c.pk}' for c in candidates)} stay apart"


def unmerge(case: Review, user: User, at: datetime) -> None:
    """Take back the merges of a case, the last one first; refused where something since has no clear place."""
    made = list(Merge.objects.filter(pk__in=case.trace["merges"]).order_by("-pk"))
    if any(m.undone_at for m in made):
        raise Refused(f"A merge of case {case.pk} was taken back already.")
    try:
        for one in made:
            plan = merging.plan_unmerge(one.pk)
            if plan.unplaced:
                raise Refused(
                    f"Something was written to #{one.kept_id} since, and it could be about either of the two. "
                    f"Open #{one.kept_id} and take merge {one.pk} back there: it asks where that belongs."
                )
            merging.unmerge(one.pk, user=user, at=at, apart=False)
    except merging.MergeRefused as error:
        raise Refused(str(error)) from error
