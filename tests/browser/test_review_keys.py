"""A new reviewer clears the queue by keyboard, takes a decision back by a key, and meets another reviewer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from contacts.models import Contact, CustomField, Merge, Review
from contacts.services.seed import DEMO_PASSWORD
from tests.contacts.deciding import seed
from tests.contacts.reviewing import known, look_alike, two_alike

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCREEN = {"width": 1280, "height": 800}
# Milliseconds that a busy machine may take to open a page.
expect.set_options(timeout=30_000)


@pytest.fixture(autouse=True)
def _hub(transactional_db):
    seed()


def sign_in(page: Page, server: str, name: str) -> list[str]:
    """Sign in; everything that goes wrong in the browser from then on."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.set_viewport_size(SCREEN)
    page.goto(f"{server}/admin/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", DEMO_PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{server}/admin/")
    return errors


def three_cases() -> tuple[Contact, Contact, Contact]:
    """Held arrivals about three people, the oldest first."""
    now = timezone.now()
    people = []
    for n, name in enumerate(("Ann Lee", "Bea Moon", "Cora Nash")):
        firm = f"firm{n}.com"
        people.append(known(name, firm, job_title="Buyer"))
        look_alike(name, firm, at=now - timedelta(hours=30 - n), job_title="CTO", country="Ireland")
    return tuple(people)


def is_open(page: Page, who: str) -> None:
    """The case of this person is open, and its keys work: the name has the focus."""
    expect(page.locator("#rev-focus")).to_have_text(who)
    expect(page.locator("#rev-focus")).to_be_focused()


def status(who: str) -> str:
    return Review.objects.get(who=who).status


def test_the_queue_is_cleared_by_keyboard_alone(live_server, page: Page):
    ann, _, _ = three_cases()
    robert, bob, _ = two_alike()
    errors = sign_in(page, live_server.url, "reviewer")
    page.keyboard.press("r")

    is_open(page, "Ann Lee")
    page.keyboard.press("s")
    is_open(page, "Bea Moon")
    expect(page.locator(".rev-last")).to_contain_text(f"same person as #{ann.pk}, 1 gap filled, 1 address added")
    expect(page.locator("#rev-live")).to_contain_text("Press Z to undo")

    page.keyboard.press("d")
    is_open(page, "Cora Nash")
    page.keyboard.press("n")
    expect(page.locator("#note")).to_be_focused()
    page.keyboard.type("a student, she said so")  # s, d and z decide nothing here
    page.keyboard.press("Enter")

    is_open(page, str(robert))
    page.keyboard.press("s")
    expect(page.get_by_text("Nothing waits", exact=True)).to_be_visible()
    expect(page.get_by_text("That was the last one: you decided 4 today.")).to_be_visible()
    assert (status("Ann Lee"), status("Bea Moon"), status("Cora Nash")) == ("same", "different", "not_a_lead")
    assert Review.objects.get(who="Cora Nash").note == "a student, she said so"
    assert Contact.objects.filter(first_name="Bea").count() == 2
    assert Merge.objects.get().lost_id == bob.pk
    assert errors == []


def test_z_takes_the_decisions_back_one_after_the_other(live_server, page: Page):
    ann, _, _ = three_cases()
    before = Contact.objects.filter(pk=ann.pk).values("country", "email", "origins").get()
    errors = sign_in(page, live_server.url, "reviewer")
    page.goto(f"{live_server.url}/admin/review/{Review.objects.get(who='Ann Lee').pk}/")
    page.keyboard.press("s")
    is_open(page, "Bea Moon")
    page.keyboard.press("d")
    is_open(page, "Cora Nash")

    page.keyboard.press("z")
    is_open(page, "Bea Moon")
    expect(page.get_by_text("is open again")).to_be_visible()
    page.keyboard.press("z")
    is_open(page, "Ann Lee")
    assert list(Review.objects.values_list("status", flat=True).distinct()) == ["open"]
    assert Contact.objects.filter(pk=ann.pk).values("country", "email", "origins").get() == before
    assert Contact.objects.count() == 3
    page.keyboard.press("z")  # nothing is left to take back
    is_open(page, "Ann Lee")
    assert errors == []


def test_another_value_is_picked_by_keyboard_and_its_result_is_shown_at_once(live_server, page: Page):
    ann, _, _ = three_cases()
    errors = sign_in(page, live_server.url, "reviewer")
    page.goto(f"{live_server.url}/admin/review/{Review.objects.get(who='Ann Lee').pk}/")
    title = page.locator(".rev-row", has=page.get_by_text("Job title", exact=True))
    expect(title.locator(".rev-e:visible")).to_contain_text("keep “Buyer”")
    while "pick.job_title" not in (page.evaluate("document.activeElement.name") or ""):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(title.locator(".rev-e:visible")).to_contain_text("write “CTO”")
    page.keyboard.press("Space")
    expect(title.locator(".rev-e:visible")).to_contain_text("keep “Buyer”")
    page.keyboard.press("Space")
    page.keyboard.press("s")
    expect(page.locator(".rev-last")).to_contain_text("1 value picked")
    ann.refresh_from_db()
    assert ann.job_title == "CTO"
    assert errors == []


def test_the_keys_are_listed_and_can_be_switched_off(live_server, page: Page):
    three_cases()
    errors = sign_in(page, live_server.url, "reviewer")
    page.keyboard.press("r")
    is_open(page, "Ann Lee")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("different people, and never ask about this pair again")
    page.keyboard.press("s")  # behind the list nothing is decided
    page.get_by_label("Single keys work").uncheck()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    for key in ("s", "d", "l", "j"):
        page.keyboard.press(key)
    page.reload()
    is_open(page, "Ann Lee")
    assert status("Ann Lee") == "open"
    page.get_by_role("button", name="Later").click()  # buttons work all the same
    is_open(page, "Bea Moon")
    assert Review.objects.get(who="Ann Lee").asleep_until
    assert errors == []


def test_two_reviewers_with_two_browsers_never_decide_the_same_case(live_server, page: Page, browser: Browser):
    three_cases()
    errors = sign_in(page, live_server.url, "reviewer")
    other = browser.new_page()
    errors_too = sign_in(other, live_server.url, "ops")
    page.keyboard.press("r")
    is_open(page, "Ann Lee")
    case = page.url

    other.goto(f"{live_server.url}/admin/")
    other.keyboard.press("r")  # the first that nobody has
    is_open(other, "Bea Moon")
    other.goto(case)
    expect(other.get_by_text("has this case open until")).to_be_visible()
    other.keyboard.press("d")
    is_open(other, "Ann Lee")
    assert status("Ann Lee") == "open"

    Review.objects.filter(who="Ann Lee").update(taken_until=timezone.now())  # the first one went for lunch
    other.goto(case)
    other.keyboard.press("d")
    is_open(other, "Bea Moon")
    page.keyboard.press("s")
    expect(page.get_by_text("Priya Raman decided case")).to_be_visible()
    assert status("Ann Lee") == "different"
    assert errors == errors_too == []
    other.close()


def test_a_full_case_fits_a_laptop_without_scrolling(live_server, page: Page):
    """Twelve fields and three candidates at 1280 by 800: every row and every button is in sight."""
    CustomField.objects.create(slug="interest", label="Product interest")
    CustomField.objects.create(slug="segment", label="Segment")
    more = {"phone": "+1 212 555 0123", "company": "Firm", "job_title": "Buyer", "country": "Ireland",
            "lead_score": "12", "interest": "Laser", "segment": "SMB"}  # fmt: skip
    known("Ann Lee", "firm.com", **more)
    others = [
        known(name, firm, **(more | {"phone": phone}))
        for name, firm, phone in (("Bea Moon", "moon.com", "+12125550124"), ("Cora Nash", "nash.com", "+12125550125"))
    ]
    found = look_alike(**{**more, "job_title": "CTO", "company": "Firm Ltd", "segment": "Enterprise"})
    for other in others:
        found.candidates.create(contact=other)
    errors = sign_in(page, live_server.url, "reviewer")
    page.goto(f"{live_server.url}/admin/review/{found.pk}/")
    assert page.locator(".rev-row").count() >= 13
    for place in (".rev-row >> nth=-1", "button[value=same]", ".rev-hint"):
        box = page.locator(place).bounding_box()
        assert box["y"] + box["height"] <= SCREEN["height"], place
    tall = page.evaluate(
        "[...document.querySelectorAll('.rev-scroll, html')].map(e => e.scrollHeight - e.clientHeight)"
    )
    assert tall == [0, 0]
    assert errors == []
