"""What taking an import back would do, worked out at once or by a worker."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from django.utils import timezone

from contacts.models import Contact, ImportBatch
from contacts.services import leases, story
from contacts.services.bulk import unlogged
from contacts.services.undo import judging, state
from contacts.services.undo.asking import take_over
from contacts.services.undo.plan import CHUNK, SHOWN, CannotUndo, UndoPlan


def plan_undo(
    batch: ImportBatch, *, shown: int = SHOWN, tell: Callable[[int, int], None] = lambda done, total: None
) -> UndoPlan:
    """What ``undo_import`` would do now. Writes nothing; raises ``CannotUndo``.

    ``tell`` is called after each chunk: contacts looked at, and how many there are.
    """
    if why := state.refusal(batch):
        raise CannotUndo(why)
    plan, names = UndoPlan(batch.pk, shown), story.load_names()
    closing, plan.cases_left = judging.open_cases(batch)
    plan.cases_closed = len(closing)
    ids = array("q", judging.met(batch).iterator())
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        judging.judge(batch, Contact.objects.all(), some, closing, names).tell(plan, names)
        tell(start + len(some), len(ids))
    return plan


def look(batch_id: int, *, clock: Callable[[], datetime] = timezone.now) -> bool:
    """Find out what taking the import back would do, if that was asked for. Whether this process did it."""
    held = take_over(batch_id, state.LOOKING, clock())
    if held is None:
        return False
    batch, holder = held
    try:
        with unlogged():
            plan = plan_undo(batch, tell=partial(_note, batch, holder, clock))
    except leases.LeaseLost:
        return False
    except CannotUndo:  # begun, or gone on with, in another window
        found = state.State()
    else:
        asked, at = state.of(batch), clock().isoformat()
        found = replace(asked, step=state.LOOKED, at=at, rows=batch.done, plan=plan.to_json())
    leases.give_back(batch_id, holder, **state.stored(batch, found))
    return True


def _note(batch: ImportBatch, holder: str, clock: Callable[[], datetime], done: int, total: int) -> None:
    columns = state.stored(batch, replace(state.of(batch), done=done, total=total))
    leases.renew(batch.pk, holder, clock(), **columns)
