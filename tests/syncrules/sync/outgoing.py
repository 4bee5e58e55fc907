"""Sending in tests: everything that is due, at one moment or later, and what the MAP holds then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from syncrules.models import Link, SyncError
from syncrules.services.sync import sending
from syncrules.services.sync.counting import Counts
from tests.syncrules.sync.kit import Both

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]


def send(pair: Both, connector: Any = None, **given: Any) -> Counts:
    """Everything that can be sent at one moment."""
    pair.connection.refresh_from_db()
    given = {"threads": 0, **given}
    now = pair.clock()
    return sending.drain(pair.connection, connector or pair.connector, lambda: now, **given)


def later(pair: Both) -> Counts:
    """Send once every rest and every wait is over."""
    pair.world.now += timedelta(minutes=20)
    return send(pair)


def there(pair: Both, contact: int) -> Mapping[str, str]:
    """What the MAP holds of a contact."""
    link = Link.objects.get(contact=contact, connection=pair.connection, state="linked")
    return pair.map.read([link.record_id])[link.record_id].values


def errors() -> list[tuple[str, str, str]]:
    found = SyncError.objects.filter(solved_at=None).order_by("pk")
    return [(e.cause, e.field, e.value) for e in found]
