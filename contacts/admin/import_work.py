"""Which work a request does itself, and how the rest gets to a worker."""

from __future__ import annotations

import structlog
from django.db import transaction
from kombu.exceptions import OperationalError

from contacts.tasks import look_at_import

log = structlog.get_logger(__name__)

#: Files up to so many rows have their dry run, and their import, in the request.
CHECKED_AT_ONCE = 5_000
IMPORTED_AT_ONCE = 2_000


def wake_a_worker(batch_id: int) -> None:
    """Have a worker look at an import once what the row says is stored.

    Without a broker nothing is lost: the sweep finds the row.
    """

    def send() -> None:
        try:
            look_at_import.delay(batch_id)
        except (OperationalError, OSError) as error:
            log.warning("no broker, left to the sweep", batch=batch_id, error=str(error))

    transaction.on_commit(send)
