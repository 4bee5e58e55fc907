"""Going live in a browser: the eight checks are started by keyboard, watched, and their failures are opened at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from syncrules.domain.two_way.report import Case, check
from syncrules.models import Connection, Override, TwoWayTest
from syncrules.services.two_way.shown import TITLES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = "/admin/connections/sandbox/go-live/"


def finished(bad: int) -> list[dict[str, Any]]:
    """Eight checks of which one failed."""
    case = Case("t1-04@sandbox", "Lifecycle Stage", 4, "In Discovery", "MQL", False)
    made = [check(n, title, "9 of 9", "9 of 9", [case] if n == bad else []) for n, title in enumerate(TITLES, 1)]
    return [one._asdict() for one in made]


def test_the_checks_are_started_and_watched_without_a_mouse(testing: Connection, sign_in: Callable[..., Any]) -> None:
    page = sign_in("ops", PAGE)
    expect(page.get_by_text("Never tested")).to_be_visible()
    page.get_by_role("button", name="Run the eight checks").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".gol-step", has_text="Waiting for a worker")).to_be_visible()
    running = {"status": TwoWayTest.Status.RUNNING, "step": "syncing the test segment", "done": 3, "of": 8}
    TwoWayTest.objects.update(**running, started_at=timezone.now())
    expect(page.locator(".gol-step", has_text="Syncing the test segment")).to_be_visible()
    expect(page.get_by_role("progressbar", name="The test")).to_have_attribute("aria-valuenow", "38")
    over = {"status": TwoWayTest.Status.FAILED, "cleaned_at": timezone.now(), "finished_at": timezone.now()}
    TwoWayTest.objects.update(**over, checks=finished(bad=8))
    expect(page.get_by_text("7 of 8 passed")).to_be_visible()
    expect(page.get_by_role("cell", name="MQL", exact=True)).to_be_visible()
    expect(page.locator(".gol-act .off")).to_contain_text("Move to pilot")


def test_a_second_person_passes_a_gate(testing: Connection, sign_in: Callable[..., Any]) -> None:
    page = sign_in("ops", PAGE)
    page.get_by_text("Ask to pass a gate…").click()
    page.get_by_label("Which").select_option("duplicates")
    page.locator("form[action$='override/']").get_by_label("Why").fill("The MAP is empty")
    page.get_by_role("button", name="Ask a second person").click()
    expect(page.get_by_text("Waits for a second person.")).to_be_visible()
    expect(page.get_by_role("button", name="Agree")).to_have_count(0)
    Override.objects.update(asked_by=None, asked_by_name="Lena Hartmann")
    page.reload()
    page.get_by_role("button", name="Agree").click()
    expect(page.get_by_text("agreed to by Priya Raman")).to_be_visible()
