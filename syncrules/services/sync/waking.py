"""Telling workers to look. The rows are the work: a message that is lost, late or doubled changes nothing."""

from __future__ import annotations

import time

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)

#: Seconds between two messages of a process about one row.
QUIET = 0.1
#: Seconds after which a message is of no use: the sweep has told anew.
EXPIRES = 60
#: When the last message about a row was sent, or will be acted upon.
_told: dict[tuple[str, int], float] = {}


def look_at_outbox(connection_id: int) -> None:
    """Have a worker send what waits for this MAP, once the transaction is committed."""
    _tell("syncrules.tasks.work_outbox", connection_id)


def look_at_inbox(connection_id: int) -> None:
    """Have a worker look at the records that webhooks told of, once the transaction is committed."""
    _tell("syncrules.tasks.work_inbox", connection_id)


def look_at_changes(connection_id: int) -> None:
    """Have a worker pull what changed in this MAP, once the transaction is committed."""
    _tell("syncrules.tasks.pull", connection_id)


def look_at_run(run_id: int) -> None:
    """Have a worker go on with a full sync, once the transaction is committed."""
    _tell("syncrules.tasks.work_run", run_id)


def sync_now(connection_id: int) -> None:
    """Pull, look and send now."""
    for tell in (look_at_changes, look_at_inbox, look_at_outbox):
        tell(connection_id)


def _tell(task: str, row: int) -> None:
    transaction.on_commit(lambda: _send(task, row))


def _send(task: str, row: int) -> None:
    """At once, or a little later where one was just sent; nothing where one is on its way that comes later than now.

    A broker that is away is the sweep's concern, not that of whoever changed a contact.
    """
    now, last = time.monotonic(), _told.get((task, row), float("-inf"))
    if last > now:
        return
    wait = max(0.0, last + QUIET - now)
    _told[task, row] = now + wait
    try:
        current_app.send_task(task, [row], countdown=wait or None, expires=EXPIRES)
    except (OperationalError, OSError) as error:
        del _told[task, row]
        log.warning("no broker, left to the sweep", task=task, row=row, error=str(error))
