"""Cases that settle themselves: the contacts that looked like one are one by now, or only one of them is left."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count

from contacts.models import Merge, Review, ReviewStep
from contacts.services.intake import in_transaction
from contacts.services.review.claims import FREE

Status, Kind = Review.Status, Review.Kind
ITSELF = "CRM Hub"


def settle_if_one(case_id: int, at: datetime) -> bool:
    """Close a case about likely duplicates of which fewer than two contacts are left. One query if it stands."""
    pairs = Review.objects.filter(pk=case_id, kind=Kind.PAIR, status=Status.OPEN)
    if not pairs.alias(left=Count("candidates")).filter(left__lt=2).exists():
        return False
    return in_transaction(lambda: _settle(case_id, at))


def _settle(case_id: int, at: datetime) -> bool:
    case = Review.objects.select_for_update(no_key=True).get(pk=case_id)
    left = list(case.candidates.values_list("contact_id", flat=True)[:2])
    if case.status != Status.OPEN or len(left) > 1:
        return False
    case.status, case.decided_at, case.decided_by_name = Status.SETTLED, at, ITSELF
    case.note = _why(left)
    case.contact_id = left[0] if left else None
    case.taken_by, case.taken_by_name, case.taken_until = None, "", None
    case.save(update_fields=["status", "decided_at", "decided_by_name", "note", "contact", *FREE])
    ReviewStep.objects.create(review=case, at=at, actor=ITSELF, act=Status.SETTLED, detail=case.note)
    return True


def _why(left: list[int]) -> str:
    if not left:
        return "none of the contacts is left"
    merge = Merge.objects.filter(kept_id=left[0], undone_at=None).order_by("-pk").first()
    if merge is None:
        return f"only #{left[0]} is left"
    return f"{merge.merged_by_name} merged #{merge.lost_id} into #{left[0]}"
