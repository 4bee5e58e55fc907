"""Ops change a worksheet by keyboard in a real browser; a second editor at the same time loses nothing."""

from __future__ import annotations

import pytest

from contacts.services.seed import DEMO_PASSWORD
from syncrules.models import Connection
from syncrules.services import versions
from syncrules.services.seed import seed_connections, seed_demo
from tests.contacts.deciding import NOW, send
from tests.syncrules.worksheets import pulled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = "/admin/connections/sandbox/worksheet/"
SAVED = "#ws-saved:has-text('Saved and checked')"


@pytest.fixture
def sandbox(hub):
    connection = seed_connections(NOW)
    send(email="wei@kestrel.example", first_name="Wei", last_name="Zhang", job_title="Analyst")
    return connection


def cell(page, row: int, column: str):
    return page.locator(f"#row-{row} [data-cell={column}]")


def choose(page, words: str) -> None:
    """Open the cell that has the focus, search, take the first."""
    page.keyboard.press("Enter")
    page.wait_for_selector(".ws-pick")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    page.wait_for_selector(SAVED)


def focused(page) -> str:
    return page.evaluate("document.activeElement.closest('tr').id + ' ' + document.activeElement.dataset.cell")


def in_force(connection) -> int:
    return versions.in_force(Connection.objects.get(pk=connection.pk)).number


def test_a_draft_is_edited_mended_simulated_put_in_force_and_rolled_back_by_keyboard(sandbox, sign_in):
    pulled(sandbox)
    seed_demo(NOW)
    page = sign_in("ops", PAGE)
    assert "1 problem stops it" in page.locator("#ws-why").inner_text()
    assert page.locator("#ws-force").get_attribute("aria-disabled") == "true"

    cell(page, 1, "hub_field").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    assert focused(page) == "row-3 direction"
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")
    assert (focused(page), cell(page, 3, "direction").input_value()) == ("row-3 direction", "to-map")
    assert "bad" in cell(page, 3, "direction").get_attribute("class")

    page.click(".ws-p .ws-to")
    assert focused(page) == "row-3 direction"
    page.click("button:has-text('Turn to MAP → hub')")
    page.wait_for_selector("#ws-why:has-text('No problem stops it')")
    assert cell(page, 3, "direction").input_value() == "to-hub"
    cell(page, 3, "rule").focus()
    page.keyboard.press("Control+z")
    page.wait_for_selector("#ws-why:has-text('1 problem stops it')")
    cell(page, 3, "direction").focus()
    choose(page, "map → hub")
    page.wait_for_selector("#ws-why:has-text('No problem stops it')")

    page.keyboard.press("m")
    page.wait_for_selector("#ws-sim-body mark:has-text('Senior')")
    assert "nothing was written" in page.locator("#ws-sim-took").inner_text()

    page.click("#ws-force")
    page.keyboard.press("Control+Enter")
    page.fill("#ws-reason", "the vendor asked for titles")
    page.click("#ws-dialog-go")
    page.wait_for_selector("text=v2 is in force")
    assert in_force(sandbox) == 2

    page.goto(page.url + "versions/")
    page.click("button:has-text('Bring v1 back')")
    page.wait_for_selector("#ws-why:has-text('No problem stops it')")
    page.click("#ws-force")
    page.fill("#ws-reason", "back to what worked")
    page.click("#ws-dialog-go")
    page.wait_for_selector("text=v3 is in force")
    assert versions.in_force(sandbox).rows.count() == 6


def test_a_row_is_added_named_moved_and_removed_by_keyboard(sandbox, sign_in):
    page = sign_in("ops", PAGE)
    page.click("#ws-add")
    page.wait_for_selector("#row-7")
    page.wait_for_function("document.activeElement.closest('#row-7') !== null")
    assert focused(page) == "row-7 field_name"
    page.keyboard.press("Enter")
    page.keyboard.type("Job Title")
    page.keyboard.press("Enter")
    page.wait_for_selector(SAVED)
    wanted = {"hub_field": "job title", "direction": "both", "map_field": "jobtitle", "rule": "fresh"}
    for column, words in wanted.items():
        cell(page, 7, column).focus()
        choose(page, words)
    page.wait_for_selector("#ws-why:has-text('No problem stops it')")
    drafted = versions.draft_or_none(sandbox).rows.get(number=7)
    assert (drafted.field_name, drafted.hub_field, drafted.map_field, drafted.direction, drafted.rule) == (
        "Job Title", "job_title", "jobtitle", "both", "fresh",
    )  # fmt: skip

    cell(page, 7, "more").focus()
    page.keyboard.press("Alt+ArrowUp")
    page.wait_for_selector("#row-6 [data-cell=field_name][title^='Job Title']")
    cell(page, 6, "values").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".ws-more textarea")
    page.fill(".ws-more textarea", "agreed in March")
    page.keyboard.press("Tab")
    page.wait_for_selector("#row-6 .ws-values .material-symbols-outlined")
    page.click("button:has-text('Remove the row')")
    page.wait_for_function("document.querySelectorAll('.ws-row').length === 6")
    page.keyboard.press("Control+z")
    page.wait_for_function("document.querySelectorAll('.ws-row').length === 7")
    assert versions.draft_or_none(sandbox).rows.get(number=6).note == "agreed in March"


def test_esc_closes_what_is_open_under_a_row_and_gives_back_what_was_typed(sandbox, sign_in):
    page = sign_in("ops", PAGE)
    cell(page, 2, "values").focus()
    page.keyboard.press("Enter")
    page.fill(".ws-more textarea", "half a thought")
    page.keyboard.press("Escape")
    assert (focused(page), page.locator(".ws-more").count()) == ("row-2 values", 0)
    page.keyboard.press("Enter")
    assert page.locator(".ws-more textarea").input_value() == ""
    assert versions.draft_or_none(sandbox) is None


def test_after_a_fix_the_focus_goes_to_what_comes_next(sandbox, sign_in):
    seed_demo(NOW)
    page = sign_in("ops", PAGE)
    page.click("button:has-text('Turn to MAP → hub')")
    page.wait_for_selector("#ws-why:has-text('No problem stops it')")
    assert page.evaluate("document.activeElement.id") == "ws-force"


def somebody(browser, address: str, name: str):
    """A browser of somebody's own, on the worksheet."""
    page = browser.new_context().new_page()
    page.goto(address)
    page.fill("[name=username]", name)
    page.fill("[name=password]", DEMO_PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_selector("#row-2")
    return page


def test_two_browsers_at_once_lose_nothing(sandbox, browser, hub):
    ops, other = (somebody(browser, f"{hub}{PAGE}", name) for name in ("ops", "admin"))

    # Both open the same cell before either has saved; the second to save is asked.
    cell(ops, 2, "rule").focus()
    ops.keyboard.press("Enter")
    ops.wait_for_selector(".ws-pick")
    cell(other, 2, "rule").focus()
    choose(other, "never")
    ops.keyboard.type("always")
    ops.keyboard.press("Enter")
    ops.wait_for_selector(".ws-conflict:has-text('Ada Okonkwo')")
    assert "“Never overwrite”" in ops.locator(".ws-conflict").inner_text()
    assert "“Always the hub’s value”" in ops.locator(".ws-conflict").inner_text()
    assert versions.draft_or_none(sandbox).rows.get(number=2).rule == "never"
    assert "Ada Okonkwo edits this draft too" in ops.locator("#ws-others").inner_text()

    ops.click("button:has-text('Use mine')")
    ops.wait_for_selector(SAVED)
    cell(other, 5, "direction").focus()
    choose(other, "both")
    ops.wait_for_function("document.querySelector('#row-5 [data-cell=direction]').value === 'both'")
    draft = versions.draft_or_none(sandbox)
    assert (draft.rows.get(number=2).rule, draft.rows.get(number=5).direction) == ("hub", "both")
    ops.context.close()
    other.context.close()
