"""Who works on an import or a search: the row says it, and a lease that isn't renewed is anybody's."""

from __future__ import annotations

import os
import socket
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model, Q, QuerySet

from contacts.models import ImportBatch

LEASE = timedelta(seconds=60)
HOST = socket.gethostname()[:50]
Status = ImportBatch.Status


class LeaseLost(Exception):
    """Another process has taken the work over; what this one was about to store is not stored."""


def new_holder() -> str:
    """A name for this piece of work in this process."""
    return f"{HOST}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def take_lease(
    pk: int, holder: str, at: datetime, working: str, frm: tuple[str, ...], model: type[Model] = ImportBatch
) -> bool:
    """Become the one who works on a row, if it is in one of the states ``frm`` and nobody else does."""
    return claim(model._default_manager.filter(pk=pk, status__in=frm), holder, at, status=working)


def claim(wanted: QuerySet[Any], holder: str, at: datetime, **state: object) -> bool:
    """Become the one who works on ``wanted``, one row if it is in the right state, unless somebody else does."""
    dead = [h for h in wanted.values_list("lease_holder", flat=True) if h and is_dead(h)]
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=at) | Q(lease_holder__in=dead)
    return bool(wanted.filter(free).update(lease_holder=holder, lease_until=at + LEASE, **state))


def renew(pk: int, holder: str, at: datetime, model: type[Model] = ImportBatch, **progress: object) -> None:
    """Note progress and keep the lease, in the caller's transaction. Raises ``LeaseLost``."""
    mine = model._default_manager.filter(pk=pk, lease_holder=holder)
    if not mine.update(lease_until=at + LEASE, **progress):
        raise LeaseLost(f"{model._meta.verbose_name} {pk} is being worked on by another process.")


def give_back(pk: int, holder: str, model: type[Model] = ImportBatch, **state: object) -> None:
    """End the work on a row."""
    mine = model._default_manager.filter(pk=pk, lease_holder=holder)
    mine.update(lease_holder="", lease_until=None, **state)


def unfinished(at: datetime, model: type[Model] = ImportBatch) -> list[int]:
    """Rows that wait for a worker or whose worker is gone."""
    active = [Status.CHECKING, Status.QUEUED, Status.RUNNING]
    return abandoned(model._default_manager.filter(status__in=active), at)


def abandoned(wanted: QuerySet[Any], at: datetime) -> list[int]:
    """Those of the rows with work to do on which nobody works."""
    rows = wanted.values_list("pk", "lease_holder", "lease_until").order_by("pk")
    return [pk for pk, holder, until in rows if until is None or until < at or is_dead(holder)]


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
