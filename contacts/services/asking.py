"""Questions that a MAP raises about contacts, as cases of the review queue: two of its records became one, or one left.

Each question has a key and is asked once while it is open. Everything here runs in the caller's transaction, in a
number of statements that does not depend on how many questions there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contacts.domain import queue
from contacts.models import Contact, Review, ReviewCandidate, ReviewStep
from contacts.services import bulk
from contacts.services.duplicates.cases import key_of

ITSELF = "CRM Hub"
_VALUES = ("lifecycle_stage_id", "owner_id", "lead_score", "source_id", "first_name", "last_name", "email", "phone")
_COLUMNS = [
    "id", "kind", "status", "waiting_key", "rule", "reason", "who", "source_id", "opened_at", "due_at", "matters",
    "decided_by_name", "note",
]  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What a person is asked about one contact or two. ``text`` may name them as ``{names}``."""

    kind: str
    rule: str
    contacts: tuple[int, ...]
    text: str
    key: str = ""

    @property
    def waits_as(self) -> str:
        """The key of its case; two contacts that may be one are asked about once, whoever asks."""
        return self.key or key_of(self.contacts)


def ask(questions: Sequence[Question], at: datetime) -> int:
    """Open a case for each question that nobody is asked already; how many."""
    if not questions:
        return 0
    wanted = {question.waits_as: question for question in questions}
    open_now = Review.objects.filter(status=Review.Status.OPEN, waiting_key__in=wanted)
    taken = set(open_now.values_list("waiting_key", flat=True))
    sides = Contact.objects.filter(pk__in={i for q in questions for i in q.contacts}).values("pk", *_VALUES)
    known = {side["pk"]: side for side in sides}
    new = [q for key, q in wanted.items() if key not in taken and all(i in known for i in q.contacts)]
    stored = list(zip(bulk.reserve_ids([Review], len(new))[0], new, strict=False)) if new else []
    bulk.insert(Review, _COLUMNS, [_row(number, question, known, at) for number, question in stored])
    pairs = [(number, contact) for number, question in stored for contact in question.contacts]
    bulk.insert(ReviewCandidate, ["review_id", "contact_id"], pairs)
    return len(new)


def settle(keys: Sequence[str], note: str, at: datetime) -> None:
    """Close these questions: what they were about is no longer so, as ``note`` says."""
    waiting = Review.objects.filter(waiting_key__in=keys, status=Review.Status.OPEN)
    found = list(waiting.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True)) if keys else []
    if found:
        said = {"decided_at": at, "decided_by_name": ITSELF, "note": note}
        Review.objects.filter(pk__in=found).update(status=Review.Status.SETTLED, **said)
        ReviewStep.objects.bulk_create(
            ReviewStep(review_id=case, at=at, actor=ITSELF, act=Review.Status.SETTLED, detail=note) for case in found
        )


def _row(number: int, question: Question, known: Mapping[int, dict[str, Any]], at: datetime) -> tuple[Any, ...]:
    sides = [known[contact] for contact in question.contacts]
    worth = [side | {"lifecycle_stage": side["lifecycle_stage_id"], "owner": side["owner_id"]} for side in sides]
    place = queue.place_of(at, worth, None)
    names = [_name(side) for side in sides]
    told = " and ".join(f"{name} (#{side['pk']})" for name, side in zip(names, sides, strict=True))
    opened, due = bulk.as_time(at), bulk.as_time(place.due_at)
    about = (question.kind, Review.Status.OPEN.value, question.waits_as, question.rule)
    return (number, *about, question.text.format(names=told), names[0], sides[0]["source_id"], opened, due, place.why,
            "", "")  # fmt: skip


def _name(side: Mapping[str, Any]) -> str:
    return f"{side['first_name']} {side['last_name']}".strip() or side["email"] or side["phone"] or "Somebody"
