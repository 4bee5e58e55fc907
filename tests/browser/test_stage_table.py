"""The stage table by keyboard: walking its cells, drafting, putting in force, bringing back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contacts.models import Contact, Stage, StageTableVersion

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_arrows_walk_the_cells_and_the_footer_follows(sign_in: Callable[..., Any]) -> None:
    page = sign_in("auditor", "/admin/stages/")
    page.focus("[data-cell='in-discovery.mql']")
    page.keyboard.press("ArrowRight")
    assert "In Discovery to SQL: sales" in page.inner_text("[data-footer]")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Home")
    assert "SQL to New Lead: sales" in page.inner_text("[data-footer]")
    page.keyboard.press("Control+End")
    assert "Unsubscribed:" in page.inner_text("[data-footer]")
    page.keyboard.press("ArrowDown")  # the edge holds
    assert page.locator("[data-moves] [tabindex='0']").count() == 1
    assert page.evaluate("document.activeElement.dataset.cell") == "unsubscribed.unsubscribed"


def test_a_change_is_drafted_checked_put_in_force_and_brought_back(sign_in: Callable[..., Any]) -> None:
    page = sign_in("ops", "/admin/stages/")
    page.click("text=Draft a change")
    page.wait_for_url("**/stages/draft/")
    page.fill("[data-id='in-pipeline.label']", "Proposal")
    page.keyboard.press("Tab")
    page.wait_for_selector("td.changed [data-id='in-pipeline.label']")
    page.select_option("[data-id='customer.owner']", "map")
    page.wait_for_selector("text=By the policy only sales set Customer.")
    assert page.locator("text=Put in force: 1 problem first").count() == 1
    page.select_option("[data-id='customer.owner']", "sales")
    page.wait_for_selector("text=No problems.")
    page.focus("[data-cell='new-lead.customer']")
    page.keyboard.press("Enter")
    page.wait_for_selector("td.closed [data-cell='new-lead.customer']")
    assert page.evaluate("document.activeElement.dataset.cell") == "new-lead.customer"
    page.fill("[name=reason]", "Deals come first")
    page.click("text=Put version 2 in force")
    page.wait_for_selector("text=Version 2 is in force.")
    assert Stage.objects.get(slug="in-pipeline").label == "Proposal"
    page.click("text=Versions")
    page.click("[aria-label='Bring version 1 back']")
    page.wait_for_selector("text=Version 1 is the draft now.")
    page.fill("[name=reason]", "Back to what worked")
    page.click("text=Put version 3 in force")
    page.wait_for_selector("text=Version 3 is in force.")
    assert Stage.objects.get(slug="in-pipeline").label == "In Pipeline"
    assert StageTableVersion.objects.filter(state="in-force").get().number == 3


def test_chosen_contacts_are_edited_together(sign_in: Callable[..., Any]) -> None:
    from tests.contacts.deciding import send

    send(email="a@acme.example", first_name="Ann")
    send(email="b@acme.example", first_name="Ben")
    page = sign_in("ops", "/admin/contacts/")
    page.check("[aria-label^='Choose Ann']")
    page.click("text=Edit many…")
    page.wait_for_selector("text=Edit 1 contact")
    page.select_option("[name=stage]", "unsubscribed")
    page.click("text=Look what it would do")
    page.click("text=Write 1 contact now")
    page.wait_for_selector("text=1 of 1 contacts written")
    stages = dict(Contact.objects.values_list("first_name", "lifecycle_stage_id"))
    assert stages["Ann"] == "unsubscribed" != stages["Ben"]
