"""What a decision did, in the few words that stand on the case, in its log and beside Undo."""

from __future__ import annotations

from collections.abc import Sequence

from contacts.domain.changes import Plan
from contacts.services.review.outcome import Outcome

QUIET = {"source", "email"}


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 gap", "2 gaps"; "" for none."""
    return f"{number:,} {one if number == 1 else many or one + 's'}" if number else ""


def joined(contact_id: int, outcome: Outcome) -> str:
    """ "same person as #731, 2 gaps filled, 1 address added, 1 value picked"."""
    filled = {f for one in outcome.judged for f in one.writes if f not in QUIET}
    parts = [
        counted(len(filled), "gap filled", "gaps filled"),
        counted(len(outcome.new_addresses), "address added", "addresses added"),
        counted(len(outcome.picked), "value picked", "values picked"),
    ]
    return ", ".join([f"same person as #{contact_id}", *filter(None, parts)])


def parted(plans: Sequence[Plan]) -> str:
    """ "different people, now #88"."""
    made = dict.fromkeys(plan.person.id for plan in plans if plan.person)
    return f"different people, now {' and '.join(f'#{i}' for i in made)}"
