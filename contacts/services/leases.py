"""Who works on an import: the row says it, and a lease that isn't renewed is anybody's."""

from __future__ import annotations

import os
import socket
import uuid
from datetime import datetime, timedelta

from django.db.models import Q

from contacts.models import ImportBatch

LEASE = timedelta(seconds=60)
HOST = socket.gethostname()[:50]
Status = ImportBatch.Status


class LeaseLost(Exception):
    """Another process has taken the work over; what this one was about to store is not stored."""


def new_holder() -> str:
    """A name for this piece of work in this process."""
    return f"{HOST}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def take_lease(batch_id: int, holder: str, at: datetime, working: str, frm: tuple[str, ...]) -> bool:
    """Become the one who works on a batch, if it is in one of the states ``frm`` and nobody else does."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=at) | Q(lease_holder__in=_dead_holders(batch_id))
    mine = ImportBatch.objects.filter(free, pk=batch_id, status__in=frm)
    return bool(mine.update(lease_holder=holder, lease_until=at + LEASE, status=working))


def renew(batch_id: int, holder: str, at: datetime, **progress: object) -> None:
    """Note progress and keep the lease, in the caller's transaction. Raises ``LeaseLost``."""
    mine = ImportBatch.objects.filter(pk=batch_id, lease_holder=holder)
    if not mine.update(lease_until=at + LEASE, **progress):
        raise LeaseLost(f"Import {batch_id} is being worked on by another process.")


def give_back(batch_id: int, holder: str, **state: object) -> None:
    """End the work on a batch."""
    ImportBatch.objects.filter(pk=batch_id, lease_holder=holder).update(lease_holder="", lease_until=None, **state)


def unfinished(at: datetime) -> list[int]:
    """Batches that wait for a worker or whose worker is gone."""
    active = ImportBatch.objects.filter(status__in=[Status.CHECKING, Status.QUEUED, Status.RUNNING])
    return [
        pk
        for pk, holder, until in active.values_list("pk", "lease_holder", "lease_until").order_by("pk")
        if until is None or until < at or is_dead(holder)
    ]


def is_dead(holder: str) -> bool:
    """Whether the holder was a process of this machine that is no more."""
    host, _, rest = holder.partition(":")
    pid = rest.partition(":")[0]
    if host != HOST or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _dead_holders(batch_id: int) -> list[str]:
    holders = ImportBatch.objects.filter(pk=batch_id).values_list("lease_holder", flat=True)
    return [h for h in holders if h and is_dead(h)]
