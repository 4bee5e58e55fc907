"""Asking for it, and becoming the one who does it: the row is the work, as with imports."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from contacts.models import ImportBatch
from contacts.services import leases
from contacts.services.intake import in_transaction
from contacts.services.undo import state
from contacts.services.undo.plan import CannotUndo
from contacts.services.undo.state import State


def ask_to_undo(batch_id: int, *, actor: str, user_id: int | None, at: datetime, holder: str = "") -> None:
    """Begin: from now on the import counts as taken back. Raises ``CannotUndo``.

    With a ``holder`` the lease is theirs at once, so that no worker comes in between.
    """
    lease = {"lease_holder": holder, "lease_until": at + leases.LEASE} if holder else {}
    _ask(batch_id, State(state.DOING, actor, user_id, at.isoformat()), undone_at=at, **lease)


def ask_to_look(batch_id: int, *, actor: str, user_id: int | None, at: datetime) -> None:
    """Have a worker find out what taking it back would do. Raises ``CannotUndo``."""
    _ask(batch_id, State(state.LOOKING, actor, user_id, at.isoformat()))


def _ask(batch_id: int, asked: State, **more: Any) -> None:
    def attempt() -> None:
        batch = ImportBatch.objects.select_for_update().filter(pk=batch_id).first()
        if batch is None:
            raise CannotUndo(f"There is no import {batch_id}.")
        if why := state.refusal(batch):
            raise CannotUndo(why)
        # Without its lease, whoever still looks at it for an earlier question stops.
        columns = {"lease_holder": "", "lease_until": None} | state.stored(batch, replace(asked, rows=batch.done))
        ImportBatch.objects.filter(pk=batch_id).update(**columns | more)

    in_transaction(attempt)


def take_over(batch_id: int, step: str, at: datetime) -> tuple[ImportBatch, str] | None:
    """The batch, and the name under which this process works on it; None if nothing waits there for it."""
    holder = leases.new_holder()
    waiting = ImportBatch.objects.filter(pk=batch_id, **{f"dry_run__{state.KEY}__step": step})
    if not leases.claim(waiting, holder, at):
        return None
    return ImportBatch.objects.get(pk=batch_id), holder
