"""Taking an import back, some contacts at a time: each chunk, its progress and the lease in one transaction.

Not one transaction for all of it: on SQLite that would keep every other writer waiting for minutes, and on
PostgreSQL every intake. A process killed at any point has lost and doubled nothing: the next one goes on
behind the last contact that was done. Rows that come in meanwhile are decided by what is there then.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from contacts.models import Contact, ImportBatch
from contacts.services import leases, story
from contacts.services.bulk import unlogged
from contacts.services.contact_rows import Hand
from contacts.services.intake import in_transaction
from contacts.services.locks import lock_all
from contacts.services.undo import judging, leftovers, state, writing
from contacts.services.undo.asking import ask_to_undo, take_over
from contacts.services.undo.judging import Judged
from contacts.services.undo.plan import CHUNK, SHOWN, CannotUndo, Left, UndoPlan
from contacts.services.undo.state import State

log = structlog.get_logger(__name__)

ROWS = 20_000  # rows of the log that give up their delivery keys together
FAULT = "the hub could not take it back; the reason is in its log"
#: What passes by itself, so that it is no fault of the contacts at hand: the sweep has it tried again.
PASSING = (OperationalError, InterfaceError, OSError, leases.LeaseLost)
Clock = Callable[[], datetime]
Tell = Callable[[State], None]
T = TypeVar("T")


def undo_import(
    batch_id: int,
    *,
    actor: str,
    user_id: int | None,
    clock: Clock = timezone.now,
    shown: int = SHOWN,
    tell: Tell = lambda state: None,
) -> UndoPlan:
    """Take an import back in this process, to the end, and say what was done. Raises ``CannotUndo``.

    Where an earlier process was killed at it, this one goes on; the plan then counts all and names the rest.
    ``tell`` is called after each chunk, for a progress line.
    """
    batch, holder = ImportBatch.objects.filter(pk=batch_id).first(), leases.new_holder()
    if batch is not None and state.being_undone(batch):
        held = take_over(batch_id, state.DOING, clock())
    else:
        ask_to_undo(batch_id, actor=actor, user_id=user_id, at=clock(), holder=holder)
        held = ImportBatch.objects.get(pk=batch_id), holder
    plan = held and _worked(*held, clock, shown, tell)
    if plan is None:
        raise CannotUndo(f"Import {batch_id} is being taken back by another process already.")
    return plan


def undo(batch_id: int, *, clock: Clock = timezone.now) -> bool:
    """Take an import back, or go on with it, if its row asks for that. Whether this process worked on it."""
    held = take_over(batch_id, state.DOING, clock())
    return bool(held and _worked(*held, clock, shown=0, tell=lambda state: None))


def _worked(batch: ImportBatch, holder: str, clock: Clock, shown: int, tell: Tell) -> UndoPlan | None:
    """The plan when all is done; None where another process took it over meanwhile."""
    try:
        with unlogged():
            return _Work(batch, holder, clock, shown).to_the_end(tell)
    except leases.LeaseLost:
        return None


class _Work:
    """One process's work on one import."""

    def __init__(self, batch: ImportBatch, holder: str, clock: Clock, shown: int) -> None:
        self.batch, self.holder, self.clock = batch, holder, clock
        self.state, self.names = state.of(batch), story.load_names()
        self.plan = replace(UndoPlan.from_json(batch.pk, self.state.plan), shown=shown)
        self.hand = Hand(self.state.by, f"import {batch.pk} taken back", user_id=self.state.user)
        self.closed: set[int] = set()

    def to_the_end(self, tell: Tell) -> UndoPlan:
        """Keys first, so that what is sent again meanwhile counts as new; then cases, then contacts."""
        for first in range(1, max(self.batch.rows, self.batch.done) + 1, ROWS):
            self._alone(partial(self._keys, first))
        self._cases()
        ids = array("q", judging.met(self.batch, self.state.last).iterator())
        self.state = replace(self.state, total=self.state.done + len(ids))
        for start in range(0, len(ids), CHUNK):
            self._take(ids[start : start + CHUNK])
            tell(self.state)
        self.state = replace(self.state, step=state.DONE, plan=self.plan.totals())
        leases.give_back(self.batch.pk, self.holder, **state.stored(self.batch, self.state))
        log.info("import_taken_back", batch=self.batch.pk, who=self.state.by, **self.plan.counts)
        return self.plan

    def _alone(self, act: Callable[[datetime], T]) -> T:
        """One transaction in which nobody decides anything else, and which stands only if the lease does."""

        def attempt() -> T:
            lock_all()
            at = self.clock()
            leases.renew(self.batch.pk, self.holder, at)
            return act(at)

        return in_transaction(attempt)

    def _keys(self, first: int, at: datetime) -> None:
        writing.release_keys(self.batch, first, first + ROWS - 1)

    def _cases(self) -> None:
        ids = sorted(judging.open_cases(self.batch)[0])
        for start in range(0, len(ids), CHUNK):
            self._alone(partial(writing.close, self.batch, ids[start : start + CHUNK], self.hand))
        self.closed = judging.closed_cases(self.batch)
        self.plan.cases_closed, self.plan.cases_left = len(self.closed), judging.open_cases(self.batch)[1]

    def _take(self, ids: Sequence[int]) -> None:
        """A chunk; if something unforeseen is wrong with it, its halves, so that a bad contact costs only itself."""
        try:
            judged, self.state = self._alone(partial(self._chunk, ids))
        except PASSING:
            raise
        except Exception:
            if len(ids) > 1:
                self._take(ids[: len(ids) // 2])
                self._take(ids[len(ids) // 2 :])
                return
            log.exception("contact_not_taken_back", batch=self.batch.pk, contact=ids[0])
            judged, self.state = self._alone(partial(self._leave, ids))
        judged.tell(self.plan, self.names)

    def _chunk(self, ids: Sequence[int], at: datetime) -> tuple[Judged, State]:
        judged = judging.judge(self.batch, Contact.objects.select_for_update(), ids, self.closed, self.names)
        writing.remove(judged.removed, self.hand, at)
        writing.empty(judged.emptied, self.hand, at)
        return judged, self._noted(ids, judged)

    def _leave(self, ids: Sequence[int], at: datetime) -> tuple[Judged, State]:
        contacts = list(Contact.objects.filter(pk__in=ids))
        judged = Judged(contacts, {}, {}, left=[Left(c.pk, str(c), "", FAULT) for c in contacts])
        return judged, self._noted(ids, judged)

    def _noted(self, ids: Sequence[int], judged: Judged) -> State:
        """What was left goes to its list, and how far it is to the batch's row."""
        plan = UndoPlan.from_json(self.batch.pk, self.plan.totals())
        judged.tell(replace(plan, shown=0), self.names)
        now = replace(
            self.state,
            done=self.state.done + len(ids),
            last=ids[-1],
            listed=leftovers.append(self.batch.pk, self.state.listed, judged.left),
            plan=plan.totals(),
        )
        leases.renew(self.batch.pk, self.holder, self.clock(), **state.stored(self.batch, now))
        return now
