"""Values that are put back to what stood before, by a person: the writer's part of taking a pilot back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contacts.domain.origins import forget
from contacts.services import contact_rows, write
from contacts.services.bulk import as_time
from contacts.services.synced import Loaded


def put_back(
    there: Mapping[int, Loaded], values: Mapping[int, Mapping[str, Any]], who: str, user: int | None, why: str,
    at: datetime,
) -> None:  # fmt: skip
    """Store these values, by contact, in the caller's transaction; nobody counts as their writer."""
    touched, history = [], []
    for ident, fields in values.items():
        person = there[ident].person
        person.values.update(fields)
        person.origins = forget(person.origins, set(fields))
        touched.append((person, set(fields)))
        made = as_time(there[ident].contact.created_at)
        hand = contact_rows.Hand(who, f"{why}: {', '.join(sorted(fields))}", user_id=user)
        history.append(contact_rows.history_row(person, person.values, made, as_time(at), "~", hand))
    write.store_changes(touched, as_time(at))
    write.store_history(history)
