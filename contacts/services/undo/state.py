"""How far taking an import back is. It stands on the batch's row, beside what the import's own dry run found.

``undone_at`` is set when the act begins: from then on the import counts as taken back, whoever asks.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from contacts.models import ImportBatch
from contacts.services import leases, story
from contacts.services.undo.plan import UndoPlan

KEY = "undo"
LOOKING, LOOKED, DOING, DONE = "looking", "looked", "doing", "done"


@dataclass(frozen=True)
class State:
    """One step of the way: what would happen is looked at, was looked at; it is done, it is over."""

    step: str = ""
    by: str = ""
    user: int | None = None
    at: str = ""  # when it was asked for, ISO 8601
    rows: int = 0  # the import's rows when it was asked for: after more of them it has to be looked at again
    total: int = 0  # contacts to go through, in the order of their ids
    done: int = 0
    last: int = 0  # the contact up to which it has come
    listed: int = 0  # bytes of the list of what was left that are certain
    plan: dict[str, Any] = field(default_factory=dict)


def of(batch: ImportBatch) -> State:
    """How far it is with a batch."""
    return State(**batch.dry_run.get(KEY, {}))


def stored(batch: ImportBatch, state: State) -> dict[str, Any]:
    """The columns of the batch that hold a state."""
    return {"dry_run": batch.dry_run | {KEY: asdict(state)}}


def unfinished(at: datetime) -> list[int]:
    """The batches that wait for a worker to look at them or to take them back, or whose worker is gone."""
    steps = {f"dry_run__{KEY}__step__in": [LOOKING, DOING]}
    return leases.abandoned(ImportBatch.objects.filter(**steps), at)


def being_undone(batch: ImportBatch) -> bool:
    """Whether it is being taken back right now."""
    return of(batch).step == DOING


def plan_of(batch: ImportBatch) -> UndoPlan | None:
    """What was found or done, as far as it is known; a plan made before more rows came in is none."""
    state = of(batch)
    if state.step not in (LOOKED, DOING, DONE) or (state.step == LOOKED and state.rows != batch.done):
        return None
    return UndoPlan.from_json(batch.pk, state.plan)


def refusal(batch: ImportBatch) -> str:
    """Why a batch can't be taken back, as a sentence; "" when it can."""
    if being_undone(batch):
        return f"Import {batch.pk} is being taken back already."
    if batch.undone_at:
        return f"Import {batch.pk} was taken back already, on {story.in_full(batch.undone_at)}."
    if batch.active:
        return f"Import {batch.pk} is not at rest ({batch.get_status_display()}): stop it first, or wait for its end."
    if not batch.arrivals.exists():
        return f"Import {batch.pk} took nothing in: there is nothing to take back."
    return ""
