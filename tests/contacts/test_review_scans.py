"""The page of the search for likely duplicates: who may start one, how far it is, and what it found."""

from __future__ import annotations

import pytest
from django.urls import reverse

from contacts import tasks
from contacts.models import DuplicateScan, Review
from tests.contacts.deciding import seed
from tests.contacts.reviewing import known, signed_in, two_alike

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hub(db):
    seed()


def page(by: str = "ops", **headers: str):
    return signed_in(by).get(reverse("hub:review_scans"), headers=headers)


def start(by: str = "ops"):
    return signed_in(by).post(reverse("hub:review_scan_start"))


def test_before_the_first_one_it_says_what_it_would_do():
    assert "No search has run yet" in page().content.decode()


def test_ops_start_one_and_see_how_far_it_is():
    start()
    scan = DuplicateScan.objects.get()
    assert (scan.status, scan.started_by_name) == ("queued", "Priya Raman")
    shown = page().content.decode()
    assert 'role="progressbar"' in shown
    assert "Waiting for a worker" in shown
    assert "disabled" in shown


def test_there_is_one_at_a_time_however_often_the_button_is_pressed():
    start()
    start("admin")
    assert DuplicateScan.objects.count() == 1


def test_what_it_found_waits_in_the_queue_and_the_page_leads_there():
    for firm in ("kestrel-optics.com", "harbour-tools.com"):
        known("Robert Kowalczykiewicz", firm, company=firm.partition(".")[0].title())
        known("Bob Kowalczykiewicz", firm, company=firm.partition(".")[0].title())
    start()
    tasks.look_at_scan(DuplicateScan.objects.get().pk)
    shown = page()
    assert DuplicateScan.objects.get().status == "done"
    assert Review.objects.filter(kind="pair", status="open").count() == DuplicateScan.objects.get().cases == 2
    assert "kind=pair" in shown.context["first_address"]
    assert 'role="progressbar"' not in shown.content.decode()


def test_the_page_that_waits_is_told_when_it_is_over():
    start()
    assert "Waiting for a worker" in page(**{"HX-Request": "true"}).content.decode()
    DuplicateScan.objects.update(status="done")
    assert page(**{"HX-Request": "true"})["HX-Redirect"] == reverse("hub:review_scans")


def test_one_that_failed_says_why():
    DuplicateScan.objects.create(status="failed", problem="The disk is full.", created_at="2026-03-17T09:00Z")
    assert "The disk is full." in page().content.decode()


@pytest.mark.parametrize(("who", "status"), [("reviewer", 403), ("auditor", 403), ("sales", 403), ("admin", 302)])
def test_only_ops_and_admins_start_one(who, status):
    assert start(who).status_code == status
    assert DuplicateScan.objects.count() == (status == 302)


def test_reviewers_see_what_it_found_and_no_button():
    two_alike()
    shown = page("reviewer").content.decode()
    assert "Review the likely duplicates" in shown
    assert "Search now" not in shown
