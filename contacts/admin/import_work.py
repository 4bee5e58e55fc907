"""Which work on an import a request does itself, and how the rest gets to a worker."""

from __future__ import annotations

from contacts.admin.waking import wake
from contacts.tasks import look_at_import

#: Files up to so many rows have their dry run, and their import, in the request; imports are taken back there.
CHECKED_AT_ONCE = 5_000
IMPORTED_AT_ONCE = 2_000
UNDONE_AT_ONCE = 2_000


def wake_a_worker(batch_id: int) -> None:
    """Have a worker look at an import once what the row says is stored."""
    wake(look_at_import, batch_id)
