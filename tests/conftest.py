"""Shared by all tests: the seeded rules and people by role (see factories.py)."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests import factories


@pytest.fixture
def seeded(db: None) -> None:
    """Roles, stages and lead sources, as a new hub has them."""
    factories.rules()


@pytest.fixture
def users(seeded: None) -> dict[str, User]:
    """One user of each role, by role."""
    return factories.users()
