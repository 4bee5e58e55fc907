"""Who has a case open. Opening one takes it for a while; opening the next gives it back."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Q

from contacts.models import Review
from contacts.services.story import person_name

#: How long a case stays with whoever opened it. The page renews it while something is done there.
TAKEN_FOR = timedelta(minutes=10)
FREE = {"taken_by": None, "taken_by_name": "", "taken_until": None}


def take(case_id: int, user: User, at: datetime) -> bool:
    """Mark a case as this reviewer's, and give back any other. False where somebody else has it."""
    open_case = Review.objects.filter(pk=case_id, status=Review.Status.OPEN)
    taken = {"taken_by": user, "taken_by_name": person_name(user)[:200], "taken_until": at + TAKEN_FOR}
    if not open_case.filter(free_for(user, at)).update(**taken):
        return False
    Review.objects.filter(taken_by=user).exclude(pk=case_id).update(**FREE)
    return True


def give_back(user: User) -> None:
    """This reviewer has no case open any more."""
    Review.objects.filter(taken_by=user).update(**FREE)


def free_for(user: User, at: datetime) -> Q:
    """Cases that this reviewer may decide: nobody's, their own, and those whose time is up."""
    return Q(taken_by=None) | Q(taken_by=user) | Q(taken_until__lte=at)


def is_open(case: Review, at: datetime) -> bool:
    """Whether anybody has the case open."""
    return case.taken_by_id is not None and case.taken_until is not None and case.taken_until > at


def is_taken(case: Review, user: User, at: datetime) -> bool:
    """Whether somebody else has the case open."""
    return is_open(case, at) and case.taken_by_id != user.pk
