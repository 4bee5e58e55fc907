"""A hub with real processes, made once and copied for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.hub import Hub


@pytest.fixture(scope="session")
def seeded_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    url = os.environ.get("DATABASE_URL", "")
    hub = Hub(tmp_path_factory.mktemp("hub") / "template", url if url.startswith("postgres") else "")
    yield hub
    hub.remove()


@pytest.fixture
def hub(seeded_hub: Hub, tmp_path: Path) -> Iterator[Hub]:
    """A hub of this test's own."""
    made = Hub(tmp_path / "hub", seeded_hub.server, template=seeded_hub)
    yield made
    made.remove()
