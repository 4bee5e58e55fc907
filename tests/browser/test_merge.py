"""A reviewer merges two contacts and takes it back, by keyboard, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from contacts.models import Contact, Merge
from contacts.services.seed import DEMO_PASSWORD
from tests.contacts.deciding import seed
from tests.contacts.merging import fresh, his_other, sean

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_two_contacts_are_chosen_compared_merged_and_parted_again(live_server, page):
    seed()
    kept, lost = sean(), his_other()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.set_viewport_size({"width": 1280, "height": 800})

    page.goto(f"{live_server.url}/admin/contacts/")
    page.fill("[name=username]", "reviewer")
    page.fill("[name=password]", DEMO_PASSWORD)
    page.press("[name=password]", "Enter")
    expect(page.locator("#merge-go")).to_be_disabled()  # once the page's script has run
    assert "choose two to five" in page.locator("#merge-go").inner_text()
    for key in "jxjx":
        page.keyboard.press(key)
    assert "Merge 2…" in page.locator("#merge-go").inner_text()
    page.keyboard.press("m")

    page.wait_for_selector("#merge")
    assert page.evaluate("document.querySelector('.mrg').getBoundingClientRect().bottom") < 800
    page.check(f"#pick-first_name-{lost.pk}")
    page.wait_for_selector("td.mrg-is-pick:has-text('Shaun')")
    assert page.evaluate("document.activeElement.id") == f"pick-first_name-{lost.pk}"
    page.keyboard.press("m")

    page.wait_for_selector("text=is part of this contact now")
    assert (fresh(kept).first_name, fresh(kept).job_title, Contact.objects.count()) == ("Shaun", "VP", 1)
    page.goto(f"{live_server.url}/admin/contacts/{lost.pk}/")
    page.wait_for_selector(f"text=#{lost.pk} Shaun was merged into this contact")
    page.click(f"text=merge {Merge.objects.get().pk} · take it back")
    page.click(f"button:has-text('Take merge {Merge.objects.get().pk} back')")
    page.wait_for_selector("text=is a contact of its own again")
    assert (fresh(kept).first_name, fresh(lost).first_name) == ("Sean", "Shaun")
    assert errors == []
