"""Shared by the tests of files that come in and are taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.contacts.deciding import person, seed


@pytest.fixture
def file_hub(db: None, settings: Any, tmp_path: Path) -> None:
    """A seeded hub whose uploads are in a folder of this test's own."""
    settings.UPLOAD_ROOT, settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "uploads", str(tmp_path)
    seed()


@pytest.fixture
def ops(file_hub: None, client: Client) -> Client:
    """A browser in which somebody of ops is signed in."""
    client.force_login(person("ops"))
    return client
