"""Syncing in a browser: errors by keyboard alone, and a full sync that is watched, stopped and resumed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from contacts.models import Contact
from syncrules.models import Connection, Push, SyncError, SyncRun
from syncrules.services.sync.errors import Cause
from tests.syncrules import standing as kit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = "/admin/connections/sandbox/"


def failing(connection: Connection) -> list[Contact]:
    """Three contacts that the MAP was too busy for, and one whose address is taken there."""
    people, now = kit.people(4), timezone.now()
    for one in people[:3]:
        kit.error(connection, one, now, cause=Cause.UNAVAILABLE, sent={"email": one.email}, answered={"status": 503})
    kit.error(connection, people[3], now, cause=Cause.TAKEN, text="It is another's.")
    Push.objects.all().delete()
    return people


def test_errors_are_chosen_and_tried_again_by_keyboard(live: Connection, sign_in: Callable[..., Any]) -> None:
    people = failing(live)
    page = sign_in("ops", f"{PAGE}errors/")
    busy = page.locator(".syn-group", has_text="Sandbox was too busy")
    busy.locator("[data-fold]").focus()
    page.keyboard.press("Enter")
    expect(busy.locator("tr[data-error]")).to_have_count(3)
    page.locator(".syn-group", has_text="has this address").locator("[data-fold]").click()  # closes the first
    page.keyboard.press("j")
    expect(busy.get_by_role("link", name=str(people[0]))).to_be_focused()
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(busy.locator("[data-chosen]")).to_have_text("2 of 3 selected")
    page.keyboard.press("t")
    expect(page.locator("#syn-say")).to_have_text("2 are tried again now.")
    expect(busy.locator("[data-chosen]")).to_have_text("None selected")
    assert Push.objects.count() == 2
    SyncError.objects.filter(contact_id=people[0].pk).update(solved_at=timezone.now())
    expect(busy.locator("tr.done")).to_have_count(1)
    expect(page.locator("[data-open-count]")).to_have_text("3")


def test_keys_can_be_switched_off_and_never_type_into_a_field(live: Connection, sign_in: Callable[..., Any]) -> None:
    failing(live)
    page = sign_in("ops", f"{PAGE}errors/")
    page.uncheck("#syn-keys")
    page.keyboard.press("j")
    expect(page.locator("#syn-keys")).to_be_focused()
    page.check("#syn-keys")
    page.click("summary:has-text('Pause')")
    expect(page.locator("#syn-reason")).to_be_focused()
    page.keyboard.type("just a text")
    expect(page.locator("#syn-reason")).to_have_value("just a text")
    page.keyboard.press("Escape")
    expect(page.locator("summary:has-text('Pause')")).to_be_focused()
    assert not Push.objects.exists()


def test_what_was_sent_opens_below_its_row(live: Connection, sign_in: Callable[..., Any]) -> None:
    (first, *_) = failing(live)
    page = sign_in("ops", f"{PAGE}errors/")
    busy = page.locator(".syn-group", has_text="Sandbox was too busy")
    busy.locator("[data-fold]").click()
    busy.locator("[data-sent]").first.click()
    expect(busy.locator(".syn-said")).to_contain_text(first.email)
    busy.locator("[data-sent]").first.click()
    expect(busy.locator(".syn-said")).to_have_count(0)


def test_a_full_sync_is_watched_stopped_and_resumed(live: Connection, sign_in: Callable[..., Any]) -> None:
    page = sign_in("ops", PAGE)
    page.click("button:has-text('Full sync')")
    expect(page.locator("#full-sync")).to_contain_text("Waits for a worker.")
    now = timezone.now()
    Push.objects.all().delete()
    SyncRun.objects.update(status="pushing", started_at=now, read=50, to_tell=4)
    kit.push(live, 1, now, priority=Push.Priority.FULL)
    bar = page.get_by_role("progressbar", name="Full sync")
    expect(bar).to_have_attribute("aria-valuenow", "75")
    expect(page.locator("#full-sync")).to_contain_text("3 of 4 contacts")
    page.click("#syn-stop")
    page.click("#syn-resume")
    expect(page.locator("#syn-stop")).to_be_visible()
    Push.objects.all().delete()
    SyncRun.objects.update(status="done", finished_at=timezone.now())
    expect(page.locator("#full-sync")).to_have_count(0)
    expect(page.locator(".chip.good", has_text="done")).to_be_visible()
    expect(page.locator("button:has-text('Full sync')")).to_be_visible()
