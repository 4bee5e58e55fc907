"""Reviews: cases that wait for a person, who has them open, how they are decided and how that is taken back."""

from contacts.services.review.deciding import (
    decide_different,
    decide_not_a_lead,
    decide_same,
    mark_seen,
    put_off,
)
from contacts.services.review.errors import AlreadyDecided, Changed, Refused, Taken
from contacts.services.review.undoing import take_back

__all__ = [
    "AlreadyDecided",
    "Changed",
    "Refused",
    "Taken",
    "decide_different",
    "decide_not_a_lead",
    "decide_same",
    "mark_seen",
    "put_off",
    "take_back",
]
