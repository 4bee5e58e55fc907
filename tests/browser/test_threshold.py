"""The builder of thresholds by keyboard: conditions, choices, groups, the count as one types, and a second editor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from contacts.services.seed import DEMO_PASSWORD
from syncrules.models import Connection, ConnectionChange
from syncrules.services.seed import seed_connections
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PATH = "/admin/connections/sandbox/takes-part/"
CARD = "#th-takes_part"


@pytest.fixture
def builder(sign_in: Callable[..., Any]) -> Callable[[str], Any]:
    """Opens the page over four contacts: two with a high score, one of them in Germany."""

    def open_as(name: str) -> Any:
        crowd()
        return sign_in(name, PATH)

    return open_as


def crowd() -> None:
    seed_connections(timezone.now())
    Connection.objects.update(takes_part={}, state="live")
    for n, (score, country) in enumerate((("80", "Germany"), ("60", "France"), ("10", "Germany"), ("", ""))):
        factories.one(email=f"p{n}@firm.example", lead_score=score, country=country)


def row(path: str, part: str) -> str:
    return f'{CARD} [data-path="{path}"] [data-part={part}]'


def counted(page: Any, path: str, number: str) -> None:
    page.wait_for_selector(f'{CARD} [data-path="{path}"] > .th-line [data-n]:text-is("{number}")')


def passing(page: Any, number: str) -> None:
    page.wait_for_selector(f'{CARD} [data-passing]:text-is("{number}")')


def focused(page: Any) -> str:
    return page.evaluate(
        "(at => at.closest('[data-path]')?.dataset.path + ' ' + at.dataset.part)(document.activeElement)"
    )


def test_a_threshold_is_put_together_by_keyboard_and_counts_as_one_types(builder: Callable[[str], Any]) -> None:
    page = builder("ops")
    everybody = page.wait_for_selector(f"{CARD} [data-of]:has-text('contacts pass')").inner_text()
    assert "No condition: everybody passes." in page.inner_text(CARD)
    page.focus(f"{CARD} [data-part=add]")
    page.keyboard.press("Enter")
    assert focused(page) == "0 field"
    page.keyboard.type("Lead sc")  # the list jumps to it letter by letter
    assert page.input_value(row("0", "field")) == "lead_score"
    page.fill(row("0", "value"), "60")
    counted(page, "0", "2")
    passing(page, "2")
    page.click(f"{CARD} [data-tree] > .th-group > .th-add >> text=Add a condition")
    page.select_option(row("1", "field"), "country")
    page.fill(row("1", "value"), "de")
    counted(page, "1", "2")
    passing(page, "1")
    page.select_option(f"{CARD} [data-tree] > .th-group > .th-head [data-part=kind]", "any")
    passing(page, "3")
    assert "Lead score is at least 60 or Country is “Germany”." in page.inner_text(f"{CARD} [data-words]")
    assert "fewer than now" in page.inner_text(f"{CARD} [data-effect]")
    assert everybody.endswith("contacts pass")


def test_it_is_saved_with_a_reason_and_stands_in_the_history(builder: Callable[[str], Any]) -> None:
    page = builder("ops")
    page.click(f"{CARD} [data-part=add]")
    page.select_option(row("0", "field"), "lifecycle_stage")
    page.focus(row("0", "value"))
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # New Lead, after Event Lead
    page.keyboard.press("Escape")
    assert focused(page) == "0 value"
    assert page.locator(f"{CARD} .th-options[open]").count() == 0
    passing(page, "4")
    page.click(f"{CARD} [data-save]")
    page.wait_for_selector("text=Write why this changes")
    assert Connection.objects.get().takes_part == {}
    page.keyboard.type("Only leads")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=A full sync has begun")
    change = ConnectionChange.objects.get()
    assert (change.reason, change.after["all"][0]["op"]) == ("Only leads", "one-of")
    page.wait_for_selector(".th-lines >> text=Only leads")


def test_a_second_editor_sees_what_stands_and_chooses(page: Any, hub: str) -> None:
    """Not in the quiet page: the answer that somebody was faster is an error to the browser's console."""
    crowd()
    page.goto(f"{hub}{PATH}")
    page.fill("[name=username]", "ops")
    page.fill("[name=password]", DEMO_PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{hub}{PATH}", wait_until="load")
    page.click(f"{CARD} [data-part=add]")
    page.select_option(row("0", "field"), "lead_score")
    page.fill(row("0", "value"), "60")
    Connection.objects.update(takes_part={"all": [{"field": "country", "op": "filled"}]})
    passing(page, "2")
    page.fill(f"{CARD} [data-reason] input", "Hot ones")
    page.click(f"{CARD} [data-save]")
    page.wait_for_selector("text=It says now: Country has a value.")
    page.click("text=Keep mine, not saved yet")
    assert page.input_value(row("0", "value")) == "60"
    page.click(f"{CARD} [data-save]")
    page.wait_for_selector("text=A full sync has begun")
    assert Connection.objects.get().takes_part == {"all": [{"field": "lead_score", "op": "least", "value": 60}]}


def test_groups_stand_in_groups_and_the_focus_goes_to_what_comes_next(builder: Callable[[str], Any]) -> None:
    page = builder("ops")
    page.click(f"{CARD} [data-tree] .th-add >> text=Add a group")
    assert focused(page) == "0.0 field"
    page.select_option(row("0.0", "field"), "country")
    page.select_option(row("0.0", "op"), "filled")
    counted(page, "0", "3")
    page.click(f'{CARD} [data-path="0"] .th-add >> text=Add a condition')
    assert focused(page) == "0.1 field"
    page.wait_for_selector(f'{CARD} [data-path="0.1"] [data-wrong]:has-text("Choose a field.")')
    page.click(f'{CARD} [data-path="0.1"] [aria-label="Take this condition away"]')
    assert focused(page) == "0.0 field"
    page.click(f'{CARD} [data-path="0"] > .th-line [aria-label="Take this group away"]')
    assert focused(page) == "undefined add"
    assert "No condition: everybody passes." in page.inner_text(CARD)


def test_who_may_not_change_it_reads_it(builder: Callable[[str], Any]) -> None:
    page = builder("auditor")
    assert page.locator(f"{CARD} [data-save], {CARD} [data-part=add]").count() == 0
    qualifies = "#th-qualifies [data-path='0'] [data-part=field]"
    assert page.is_disabled(qualifies)
