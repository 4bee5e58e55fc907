"""One decision for many cases: first worked out and shown, then done, some cases at a time.

The row is the work. Each chunk, its progress and its lease are one transaction, so that a process killed at any
point has lost and doubled nothing. What can't be decided is left, with the reason, and the rest goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import structlog
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from contacts.models import BulkDecision, Review
from contacts.services import leases
from contacts.services.review.deciding import (
    decide_different,
    decide_not_a_lead,
    decide_same,
    mark_seen,
    put_off,
)
from contacts.services.review.errors import Changed, Refused
from contacts.services.review.judging import Judged, judge
from contacts.services.review.undoing import take_back
from contacts.services.story import person_name

log = structlog.get_logger(__name__)
Act, Status = BulkDecision.Act, BulkDecision.Status
Clock = Callable[[], datetime]

#: At most so many cases in one go; so many are looked at, and so many decided, in one transaction.
MOST, LOOKED_AT, DECIDED = 10_000, 200, 20
#: First cases of each kind that a preview names.
SHOWN = 20
#: Up to so many cases the request does the work itself.
AT_ONCE = 40
RIGHT = "contacts.decide_review"
UNFORESEEN = "it could not be decided; the reason is in the hub’s log"


def start(
    act: str, cases: Sequence[int], *, which: str, note: str = "", only_safe: bool = True, user: User, at: datetime
) -> BulkDecision:
    """Ask for one decision on these cases. Nothing is decided before somebody has seen what it would do."""
    if not cases:
        raise Refused("Choose at least one case.")
    if act == Act.NOT_A_LEAD and not note.strip():
        raise Refused("Say in a few words why these are no leads.")
    return BulkDecision.objects.create(
        decision=Act(act), cases=list(cases)[:MOST], which=which[:300], note=note.strip()[:300], only_safe=only_safe,
        created_by=user, created_by_name=person_name(user)[:200], created_at=at,
    )  # fmt: skip


def queue(bulk: BulkDecision) -> None:
    """Do it, as soon as a worker looks."""
    BulkDecision.objects.filter(pk=bulk.pk, status=Status.CHECKED).update(status=Status.QUEUED, done=0)


def unfinished(at: datetime) -> list[int]:
    """Bulk decisions that wait for a worker or whose worker is gone."""
    return leases.unfinished(at, BulkDecision)


def work(bulk_id: int, *, clock: Clock = timezone.now) -> bool:
    """Work out what a bulk decision would do, or do it, as its row says. Returns whether this process did."""
    status = BulkDecision.objects.filter(pk=bulk_id).values_list("status", flat=True).first()
    if status == Status.CHECKING:
        return _leased(bulk_id, Status.CHECKING, (Status.CHECKING,), _check, clock)
    return _leased(bulk_id, Status.RUNNING, (Status.QUEUED, Status.RUNNING), _run, clock)


def _leased(
    bulk_id: int, working: str, frm: tuple[str, ...], act: Callable[[BulkDecision, str, Clock], None], clock: Clock
) -> bool:
    holder = leases.new_holder()
    if not leases.take_lease(bulk_id, holder, clock(), working, frm, BulkDecision):
        return False
    bulk = BulkDecision.objects.select_related("created_by").get(pk=bulk_id)
    user = bulk.created_by
    if user is None or not user.is_active or not user.has_perm(RIGHT):
        problem = "Whoever asked for it may not decide reviews any more."
        leases.give_back(bulk_id, holder, BulkDecision, status=Status.FAILED, problem=problem, finished_at=clock())
        return True
    try:
        act(bulk, holder, clock)
    except leases.LeaseLost:
        return False
    return True


# --- what it would do ---


def _check(bulk: BulkDecision, holder: str, clock: Clock) -> None:
    would, left = list[list[Any]](), Counter[str]()
    examples: dict[str, list[int]] = {}
    number = 0
    for start_ in range(0, len(bulk.cases), LOOKED_AT):
        ids = bulk.cases[start_ : start_ + LOOKED_AT]
        judged = judge(ids, bulk.decision, only_safe=bulk.only_safe, user=bulk.created_by, at=clock())
        for ident, one in judged.items():
            if one.left:
                left[one.left] += 1
                examples.setdefault(one.left, []).append(ident)
            else:
                number += 1
                would += [[ident, one.words]] if len(would) < SHOWN else []
        leases.renew(bulk.pk, holder, clock(), BulkDecision, done=start_ + len(ids))
    reasons = [[why, count, examples[why][:5]] for why, count in left.most_common(SHOWN)]
    found = {"would": number, "left": left.total(), "first": _with_names(would), "reasons": reasons}
    leases.give_back(bulk.pk, holder, BulkDecision, status=Status.CHECKED, found=found, done=0)


def _with_names(rows: Sequence[list[Any]]) -> list[list[Any]]:
    names = dict(Review.objects.filter(pk__in=[row[0] for row in rows]).values_list("pk", "who"))
    return [[ident, names.get(ident, ""), words] for ident, words in rows]


# --- doing it ---


def _run(bulk: BulkDecision, holder: str, clock: Clock) -> None:
    while bulk.done < len(bulk.cases):
        ids = bulk.cases[bulk.done : bulk.done + DECIDED]
        with transaction.atomic():
            left = _decide_some(bulk, ids, clock)
            bulk.done += len(ids)
            bulk.decided += len(ids) - len(left)
            bulk.left = [*bulk.left, *left]
            progress = {"done": bulk.done, "decided": bulk.decided, "left": bulk.left}
            leases.renew(bulk.pk, holder, clock(), BulkDecision, **progress)
    leases.give_back(bulk.pk, holder, BulkDecision, status=Status.DONE, finished_at=clock())


def _decide_some(bulk: BulkDecision, ids: Sequence[int], clock: Clock) -> list[list[Any]]:
    """Decide these cases, judged once more as they are now; those that are left, with the reason."""
    at, left = clock(), list[list[Any]]()
    judged = judge(ids, bulk.decision, only_safe=bulk.only_safe, user=bulk.created_by, at=at)
    for ident in ids:
        why = judged[ident].left or _decide(bulk, ident, judged[ident], at)
        left += [[ident, why]] if why else []
    return left


def _decide(bulk: BulkDecision, case: int, judged: Judged, at: datetime) -> str:
    """Why a case is left; "" when it was decided. A case that fails costs only itself."""
    try:
        return _one_or_again(bulk, case, judged, at)
    except Refused as error:
        return str(error)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("case_not_decided", bulk=bulk.pk, case=case)
        return UNFORESEEN


def _one_or_again(bulk: BulkDecision, case: int, judged: Judged, at: datetime) -> str:
    """Decide a case; where another of the same chunk changed what it is about, judge it once more before."""
    try:
        with transaction.atomic():
            _one(bulk, case, judged, at)
    except Changed:
        again = judge([case], bulk.decision, only_safe=bulk.only_safe, user=bulk.created_by, at=at)[case]
        if again.left:
            return again.left
        with transaction.atomic():
            _one(bulk, case, again, at)
    return ""


def _one(bulk: BulkDecision, case: int, judged: Judged, at: datetime) -> None:
    who: dict[str, Any] = {"user": bulk.created_by, "at": at}
    if bulk.decision == Act.SAME:
        decide_same(case, judged.contact or 0, basis=judged.basis, **who)
    elif bulk.decision == Act.DIFFERENT:
        decide_different(case, basis=judged.basis, **who)
    elif bulk.decision == Act.NOT_A_LEAD:
        decide_not_a_lead(case, note=bulk.note, **who)
    elif bulk.decision == Act.SEEN:
        mark_seen(case, **who)
    elif bulk.decision == Act.LATER:
        put_off(case, **who)
    else:
        take_back(case, **who)


def decided_cases(bulk: BulkDecision) -> list[int]:
    """The cases that it decided."""
    left = {row[0] for row in bulk.left}
    return [case for case in bulk.cases[: bulk.done] if case not in left]


def start_back(bulk: BulkDecision, *, user: User, at: datetime) -> BulkDecision:
    """Ask to take back all that a bulk decision decided, the last case first."""
    which = f"what bulk decision {bulk.pk} decided"
    return start(Act.BACK, decided_cases(bulk)[::-1], which=which, user=user, at=at)
