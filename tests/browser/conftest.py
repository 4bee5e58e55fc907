"""A browser in which nothing may go wrong unseen: whatever it reports as an error fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from contacts.services.seed import DEMO_PASSWORD
from syncrules.models import Connection
from syncrules.services.seed import seed_connections
from tests.contacts.deciding import seed

# Milliseconds that a busy machine may take to show what was done.
expect.set_options(timeout=30_000)


@pytest.fixture
def quiet(page: Any) -> Iterator[Any]:
    """A page of a laptop's size whose scripts and console say nothing."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.set_viewport_size({"width": 1280, "height": 800})
    yield page
    assert errors == []


@pytest.fixture
def hub(live_server: Any, settings: Any, tmp_path: Any) -> str:
    """The address of a seeded hub with an upload folder of its own."""
    settings.UPLOAD_ROOT = tmp_path / "uploads"
    seed()
    return live_server.url


@pytest.fixture
def sign_in(quiet: Any, hub: str) -> Callable[..., Any]:
    """Opens a page of the hub as somebody; it is there with its scripts."""

    def as_(name: str, path: str) -> Any:
        quiet.goto(f"{hub}{path}")
        quiet.fill("[name=username]", name)
        quiet.fill("[name=password]", DEMO_PASSWORD)
        quiet.press("[name=password]", "Enter")
        quiet.wait_for_url(f"{hub}{path}", wait_until="load")
        return quiet

    return as_


@pytest.fixture
def live(hub: str) -> Connection:
    """The sandbox's connection, live; nothing works on it."""
    return _sandbox(state=Connection.State.LIVE, pulled_at=timezone.now())


@pytest.fixture
def testing(hub: str) -> Connection:
    """The sandbox's connection, being tested; nothing works on it."""
    return _sandbox(state=Connection.State.TESTING, state_at=timezone.now())


def _sandbox(**standing: Any) -> Connection:
    seed_connections(timezone.now())
    Connection.objects.update(**standing)
    return Connection.objects.get()
