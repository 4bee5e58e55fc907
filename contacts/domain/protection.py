"""What protects a person from being mailed, and the one check that nothing of it gets lost on the way.

A merge and its undoing pass here before anything is written; a new kind of evidence joins in ``protections``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contacts.domain.consent import PERSONAL, WITHDRAWN

#: The stage of somebody who must not be contacted (playbook, Step 3).
UNSUBSCRIBED = "unsubscribed"


class LessProtected(Exception):
    """Somebody would be mailed who must not be; the text says what would be lost."""


def protections(values: Mapping[str, Any], stops: Iterable[str] = ()) -> frozenset[str]:
    """Everything that stands against mailing the contact with these values, in words.

    ``stops`` is what the ledger of consent has against mailing any of its addresses (``consent.PERSONAL``).
    """
    said = {UNSUBSCRIBED if stop == WITHDRAWN else stop for stop in stops if stop in PERSONAL}
    return frozenset(said | ({UNSUBSCRIBED} if values.get("lifecycle_stage") == UNSUBSCRIBED else set()))


def must_keep(needed: frozenset[str], values: Mapping[str, Any], stops: Iterable[str] = ()) -> None:
    """Raise LessProtected unless a contact with these values and stops has all the protection that is needed."""
    lost = needed - protections(values, stops)
    if lost:
        raise LessProtected(f"The contact would no longer be {', '.join(sorted(lost))}.")
