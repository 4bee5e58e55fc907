"""The front page: what waits, for whom, and what came in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts.activity import last_days
from contacts.admin.front import greeting
from contacts.models import ImportBatch, Review
from contacts.roles import ROLES
from tests.contacts.test_lists import as_role, client_with, make_arrival, make_source

pytestmark = pytest.mark.django_db


def make_case(hours: float = 1, kind: str = "hold", **values) -> Review:
    key = f"k{Review.objects.count()}"
    opened = timezone.now() - timedelta(hours=hours)
    return Review.objects.create(kind=kind, waiting_key=key, rule="phone", opened_at=opened, **values)


def make_import(status: str, **values) -> ImportBatch:
    values = {"filename": "hall-4.csv", "created_at": timezone.now()} | values
    source = values.pop("source", None) or make_source(f"s{ImportBatch.objects.count()}")
    return ImportBatch.objects.create(source=source, status=status, **values)


def front(client) -> str:
    answer = client.get("/admin/")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("role", sorted(ROLES))
def test_where_nothing_waits_the_page_says_so(role):
    assert "Nothing waits for you" in front(as_role(role))


def test_held_arrivals_wait_with_the_oldest_first_and_one_act():
    oldest, _ = make_case(31), make_case(2)
    page = front(as_role("reviewer"))
    assert "One thing waits for you." in page
    assert "The oldest waits 31 h; the aim is under 48 h." in page
    assert f'href="/admin/review/{oldest.pk}/" data-key="r"' in page
    assert "chip bad" not in page


def test_only_what_is_over_its_aim_is_called_late_and_stands_first():
    make_arrival(source_slug="zapier-legacy", outcome="")
    make_case(49)
    page = front(as_role("ops"))
    assert "Two things wait for you, and one of them is late." in page
    assert page.count('class="chip bad">late') == 1
    assert page.index("held arrival") < page.index("undeclared source")


def test_shared_mailboxes_undeclared_sources_and_imports_wait_too():
    make_case(kind="mailbox")
    for _ in range(3):
        make_arrival(source_slug="zapier-legacy", outcome="")
    make_import("failed", problem="Line 12 has no end.")
    page = front(as_role("ops"))
    assert "Three things wait for you." in page
    assert "seems to be shared" in page
    assert "“zapier-legacy” sent 3 records" in page
    assert "hall-4.csv failed: Line 12 has no end." in page


def test_an_import_at_work_shows_how_far_it_is_and_waits_for_nobody():
    make_import("running", rows=200, done=50)
    page = front(as_role("marketing"))
    assert "Nothing waits for you." in page
    assert 'aria-valuenow="25"' in page


def test_an_import_that_failed_long_ago_waits_for_nobody():
    make_import("failed", created_at=timezone.now() - timedelta(days=15))
    assert "needs a hand" not in front(as_role("ops"))


def test_a_source_that_contradicts_itself_waits_for_ops():
    from contacts.models import Stage

    Stage.objects.create(slug="mql", label="MQL", rank=20, owner="map")
    source = make_source()
    source.entry_stage_id = "mql"
    source.save()
    assert "source conflict" in front(as_role("ops"))


def test_sections_differ_by_role():
    make_case()
    make_import("failed")
    reviewer, marketing, sales = (front(as_role(role)) for role in ("reviewer", "marketing", "sales"))
    assert "held arrival" in reviewer
    assert "needs a hand" not in reviewer
    assert "held arrival" not in marketing
    assert "needs a hand" in marketing
    assert "held arrival" not in sales
    assert "needs a hand" not in sales


def test_an_auditor_sees_everything_and_has_no_buttons():
    make_case()
    make_case(kind="mailbox")
    make_import("failed")
    make_arrival(source_slug="zapier-legacy", outcome="")
    page = front(as_role("auditor"))
    assert "Four things wait." in page
    assert 'class="btn"' not in page
    assert 'class="btn main"' not in page
    assert "data-key" not in page


def test_the_acts_of_the_bar_need_their_rights():
    assert "Add a contact" in front(client_with("add_contact", name="a"))
    assert "Import a file" not in front(client_with("add_contact", name="b"))
    assert "Import a file" in front(client_with("upload_file", name="c"))


def test_days_count_arrivals_by_outcome_and_leave_older_ones_out():
    now = timezone.now()
    source = make_source()
    for days, outcome in (
        (0, "created"),
        (0, "created"),
        (0, "held"),
        (3, "filled"),
        (29, "rejected"),
        (31, "created"),
    ):
        make_arrival(source=source, outcome=outcome, received_at=now - timedelta(days=days))
    days = last_days(now)
    assert len(days.days) == 30
    assert {part.outcome: part.count for part in days.today.shown} == {"created": 2, "held": 1}
    assert [day.total for day in days.days if day.total] == [1, 1, 3]
    assert days.highest == 3
    assert sum(part.height for part in days.today.parts) == pytest.approx(days.height)


def test_the_chart_has_a_table_for_those_who_do_not_see_it():
    make_arrival(source=make_source(), received_at=timezone.now())
    page = front(as_role("sales"))
    assert "<caption>Arrivals a day" in page
    assert 'aria-label="Today: 1 created"' in page


def test_news_tell_the_last_imports_and_decisions():
    make_import("done", rows=1248, finished_at=timezone.now(), created_by_name="Imani Okafor")
    make_case(status="same", decided_at=timezone.now(), decided_by_name="Tomasz", who="Marta Núñez")
    page = front(as_role("ops"))
    assert "1,248 rows of hall-4.csv" in page
    assert "Tomasz decided “same person” in" in page
    assert "Marta Núñez" in page
    assert "Tomasz" not in front(as_role("marketing"))


@pytest.mark.parametrize(
    ("hour", "words"), [(4, "morning"), (11, "morning"), (12, "afternoon"), (18, "evening"), (2, "evening")]
)
def test_the_greeting_follows_the_time_of_day(hour, words):
    user = User(username="priya", first_name="Priya")
    assert greeting(user, datetime(2026, 3, 17, hour, tzinfo=UTC)) == f"Good {words}, Priya"


def test_the_front_page_asks_no_more_of_the_database_as_things_pile_up():
    page = as_role("ops")

    def pile_up(count: int) -> int:
        source = make_source(f"source-{count}")
        for number in range(count):
            make_case()
            make_case(status="same", decided_at=timezone.now())
            make_import("failed", source=source)
            make_import("done", source=source, finished_at=timezone.now())
            make_arrival(source_slug=f"undeclared-{number}", outcome="")
            make_arrival(source=source, received_at=timezone.now())
        with CaptureQueriesContext(connection) as captured:
            front(page)
        return len(captured)

    assert pile_up(2) == pile_up(30) <= 20
