"""Hears of every change of a contact and puts it into the outbox of each connection, in the same transaction."""

from __future__ import annotations

from django.db import transaction

from contacts.services.listeners import Changed
from syncrules.models import Connection, Push
from syncrules.services.sync import outbox
from syncrules.services.sync.scope import WORKING

#: More contacts at once are a file's or a sync's work, which waits for what people do one by one.
MANY = 50


def heard(changed: Changed) -> None:
    """One statement for all contacts and connections; who made the change hears of it too, and finds itself in line."""
    outbox.forget(changed.removed, changed.at)
    priority = Push.Priority.BATCH if len(changed.contacts) > MANY else Push.Priority.NOW
    if outbox.enqueue_everywhere(changed.contacts, changed.at, priority):
        wake()


def wake() -> None:
    """Tell a worker to look once what happened is stored; the sweep finds it anyhow."""
    transaction.on_commit(_look)


def _look() -> None:
    from syncrules.services.sync import waking  # it knows the tasks, which know everything here

    for pk in Connection.objects.filter(state__in=WORKING).values_list("pk", flat=True):
        waking.look_at_outbox(pk)
