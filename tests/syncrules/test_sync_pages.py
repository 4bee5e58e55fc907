"""A connection's page: what it says of syncing, what its buttons do, and what it costs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contacts.roles import ROLES
from syncrules.models import Connection, SyncRun
from syncrules.services.shown.budget import budget
from syncrules.services.shown.standing import standing
from tests.syncrules import standing as kit
from tests.syncrules.standing import as_, page, press

pytestmark = pytest.mark.django_db
SLUG = "sandbox"


@pytest.fixture
def now() -> Any:
    return timezone.now()


@pytest.fixture
def sandbox(now: Any) -> Connection:
    return kit.live(now)


class TestState:
    def test_where_nothing_waits_there_is_no_lag(self, sandbox, now):
        shown = page(as_("auditor"))
        assert "No change waits on either side." in shown
        assert "40 s ago" in shown or "41 s ago" in shown

    def test_the_lag_is_how_long_the_oldest_change_has_waited_on_either_side(self, sandbox, now):
        kit.push(sandbox, 1, now - timedelta(seconds=30))
        kit.look(sandbox, "103", now - timedelta(minutes=4))
        of = standing(sandbox, now)
        assert (of.lag_words, of.late, of.changes) == ("4 min", False, 2)

    def test_what_is_set_aside_or_of_a_full_sync_is_no_lag(self, sandbox, now):
        kit.push(sandbox, 1, now - timedelta(hours=3), parked=True)
        kit.push(sandbox, 2, now - timedelta(hours=3), priority=9)
        of = standing(sandbox, now)
        assert (of.lag, of.outbox.parked, of.outbox.full) == (timedelta(), 1, 1)

    def test_a_lag_of_minutes_is_late(self, sandbox, now):
        kit.push(sandbox, 1, now - timedelta(minutes=6))
        assert standing(sandbox, now).late

    def test_one_that_keeps_failing_paused_itself_and_says_why_and_when_it_tries_again(self, now):
        trouble = {"trouble": "503 Service Unavailable.", "failures": 11, "again_at": now + timedelta(minutes=5)}
        kit.live(now, trouble_since=now - timedelta(minutes=48), **trouble)
        shown = page(as_("ops"))
        assert "paused itself" in shown
        assert "503 Service Unavailable. 11 calls failed in a row." in shown
        assert "Try now" in shown

    def test_a_hiccup_of_seconds_is_no_pause(self, now):
        moment = {"trouble": "429 Too Many Requests.", "failures": 1, "again_at": now + timedelta(seconds=4)}
        one = kit.live(now, trouble_since=now, **moment)
        assert standing(one, now).state == "live"
        assert "nothing is lost" in page(as_("ops"))

    def test_a_draft_says_what_it_needs(self, now):
        kit.live(now, state=Connection.State.DRAFT, pulled_at=None)
        shown = page(as_("ops"))
        assert "is not turned on" in shown
        assert "Sync now" not in shown

    def test_contacts_out_of_step_are_told_once_however_many_of_their_fields_failed(self, sandbox, now):
        marta, *_ = kit.people(1)
        kit.link(sandbox, marta, "103")
        for field in ("jobtitle", "phone"):
            kit.error(sandbox, marta, now, field=field)
        of = standing(sandbox, now)
        assert (of.errors, of.out_of_step, of.links) == (2, 1, 1)


class TestBudget:
    def test_others_calls_are_what_the_map_counted_and_we_did_not_make(self, now):
        said = {"most": 190, "left": 129, "seconds": 10, "most_a_day": 650_000, "left_today": 528_000}
        one = kit.live(now, allowance=said, allowance_at=now, share=60)
        kit.count(one, timezone.localtime(now), calls=112_000)
        shown = budget(standing(one, now))
        assert (shown.now.used, shown.now.ours, shown.now.most) == (61, 114, 190)
        assert (shown.today.used, shown.today.others, shown.today.ours) == (112_000, 10_000, 390_000)

    def test_an_answer_of_long_ago_says_nothing_of_the_last_seconds(self, now):
        one = kit.live(now, allowance={"most": 190, "left": 0}, allowance_at=now - timedelta(minutes=1))
        assert budget(standing(one, now)).now.used == 0

    def test_where_the_map_said_nothing_the_settings_count(self, now):
        one = kit.live(now, calls=100, share=95)
        shown = budget(standing(one, now))
        assert (shown.now.ours, shown.today) == (95, None)


class TestTrends:
    def test_the_counts_stand_beside_those_of_the_time_before(self, sandbox, now):
        kit.count(sandbox, now, pulled=5, errors=1)
        kit.count(sandbox, now - timedelta(hours=30), pulled=7)
        shown = page(as_("sales"))
        assert '<h3>Pulled</h3><b class="num">5</b>' in shown
        assert "7 in the 24 h before" in shown

    def test_charts_have_a_table_for_those_who_do_not_see_them(self, sandbox, now):
        kit.count(sandbox, now, pushed=3)
        assert "<caption>What Sandbox did in the last 24 hours</caption>" in page(as_("sales"))

    @pytest.mark.parametrize(("over", "words"), [("week", "7 days"), ("month", "30 days"), ("nonsense", "24 hours")])
    def test_they_go_as_far_back_as_is_asked(self, sandbox, now, over, words):
        kit.count(sandbox, now, pushed=3)
        assert f"in the last {words}" in page(as_("sales"), over=over)

    def test_where_nothing_happened_no_empty_charts_are_drawn(self, sandbox):
        shown = page(as_("sales"))
        assert "Nothing was synced in this time" in shown
        assert "<svg" not in shown.split("What it did")[1].split("API budget")[0]


class TestFullSync:
    def test_it_is_started_and_its_page_shows_it(self, sandbox):
        shown = press(as_("ops"), "sync_full")
        assert "You may leave this page" in shown
        assert SyncRun.objects.get().started_by_name == "Priya Raman"
        assert "waiting for a worker" in shown

    def test_two_at_once_are_refused_in_words(self, sandbox, now):
        kit.run(sandbox, now)
        assert "under way already" in press(as_("ops"), "sync_full")
        assert SyncRun.objects.count() == 1

    def test_while_the_map_is_read_the_last_full_sync_tells_how_much_there_is(self, sandbox, now):
        kit.run(sandbox, now, status="done", read=1_000, finished_at=now)
        kit.run(sandbox, now, status="pulling", started_at=now - timedelta(seconds=10), read=250)
        shown = page(as_("ops"))
        assert 'aria-valuenow="25"' in shown
        assert "done about" in shown

    def test_nothing_is_guessed_where_nobody_knows_how_much_there_is(self, sandbox, now):
        kit.run(sandbox, now, status="pulling", started_at=now - timedelta(seconds=10), read=250)
        shown = page(as_("ops"))
        assert "aria-valuenow" not in shown
        assert "25 a second" in shown or "24 a second" in shown

    def test_while_the_map_is_told_what_is_left_in_the_outbox_says_how_far_it_is(self, sandbox, now):
        kit.run(sandbox, now, status="pushing", started_at=now - timedelta(seconds=10), read=50, to_tell=4)
        kit.push(sandbox, 1, now, priority=9)
        shown = page(as_("ops"))
        assert "3 of 4 contacts" in shown
        assert 'aria-valuenow="75"' in shown

    def test_it_can_be_stopped_and_resumed(self, sandbox, now):
        run = kit.run(sandbox, now, status="pulling", started_at=now, read=7)
        assert "Nothing is lost" in press(as_("ops"), "sync_stop")
        run.refresh_from_db()
        assert run.status == "stopped"
        assert "goes on from where it stopped" in press(as_("ops"), "sync_resume")
        run.refresh_from_db()
        assert run.status == "queued"

    def test_one_that_is_over_is_not_stopped(self, sandbox, now):
        kit.run(sandbox, now, status="done", finished_at=now)
        assert "This full sync is over." in press(as_("ops"), "sync_stop")

    def test_the_last_ones_are_listed_with_what_they_found(self, sandbox, now):
        kit.run(sandbox, now, status="done", read=44_107, finished_at=now)
        shown = page(as_("auditor"))
        assert "44,107" in shown
        assert "done, nothing differed" in shown


class TestPausing:
    def test_a_pause_needs_a_reason_and_keeps_it(self, sandbox):
        client = as_("ops")
        assert "Write why it is paused" in press(client, "sync_pause", reason="  ")
        assert "is paused. Changes gather here" in press(client, "sync_pause", reason="Portal moves tonight.")
        sandbox.refresh_from_db()
        assert (sandbox.state, sandbox.state_by) == ("paused", "Priya Raman")
        assert "Portal moves tonight. Nothing is sent or pulled." in page(as_("auditor"))
        assert sandbox.changes.get().reason == "Portal moves tonight."

    def test_of_two_who_press_at_once_one_is_told_who_was_first(self, sandbox):
        press(as_("ops"), "sync_pause", reason="first")
        assert "is paused already, by Priya Raman" in press(as_("admin"), "sync_pause", reason="second")
        assert sandbox.changes.count() == 1

    def test_it_goes_on(self, sandbox):
        press(as_("ops"), "sync_pause", reason="why")
        assert "is live again" in press(as_("ops"), "sync_go_on")
        sandbox.refresh_from_db()
        assert (sandbox.state, sandbox.state_reason) == ("live", "")

    def test_trying_now_ends_the_waiting(self, now):
        one = kit.live(now, trouble="503", trouble_since=now - timedelta(hours=1), again_at=now + timedelta(minutes=9))
        assert "is being synced" in press(as_("ops"), "sync_now")
        one.refresh_from_db()
        assert one.again_at <= timezone.now()

    @pytest.mark.parametrize("act", ["sync_now", "sync_full"])
    def test_what_is_paused_is_not_synced(self, sandbox, act):
        press(as_("ops"), "sync_pause", reason="why")
        assert "Sandbox is paused:" in press(as_("ops"), act)
        assert not SyncRun.objects.exists()


@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("act", ["pause", "go_on", "now", "full", "stop", "resume"])
def test_buttons_work_for_those_who_may_and_are_not_shown_to_others(sandbox, role, act):
    client = as_(role)
    allowed = role in ("admin", "ops")
    assert ("Sync now" in page(client)) == allowed
    status = client.post(reverse(f"rules:sync_{act}", args=[SLUG]), {"reason": "why"}).status_code
    assert status == (302 if allowed else 403)
    assert client.get(reverse(f"rules:sync_{act}", args=[SLUG])).status_code == (405 if allowed else 403)


def test_the_list_shows_each_connection_with_its_state(sandbox, now):
    kit.push(sandbox, 1, now - timedelta(minutes=48))
    shown = " ".join(as_("sales").get(reverse("rules:connections")).content.decode().split())
    assert "live</span>" in shown
    assert "48 min" in shown
    assert "1 waits" in shown


def test_the_polled_part_is_the_same_without_the_frame(sandbox):
    client = as_("ops")
    part = client.get(reverse("rules:connection", args=[SLUG]), headers={"HX-Request": "true"}).content.decode()
    assert "What it did" in part
    assert "<html" not in part


@pytest.mark.parametrize(("name", "most"), [("connection", 30), ("hooks", 20), ("connections", 28)])
def test_a_page_costs_the_same_however_much_there_is(sandbox, now, name, most):
    client = as_("ops")
    kit.run(sandbox, now, status="pulling", started_at=now)
    address = reverse(f"rules:{name}", args=[] if name == "connections" else [SLUG])
    client.get(address)  # the menu believes its number of problems for a minute

    def cost() -> int:
        with CaptureQueriesContext(database) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    little = cost()
    for n in range(40):
        kit.push(sandbox, n, now)
        kit.look(sandbox, str(n), now)
        kit.hook(sandbox, f"e{n}", now)
        kit.error(sandbox, n, now)
        kit.count(sandbox, now - timedelta(hours=n), pulled=n)
        kit.run(sandbox, now, status="done", finished_at=now)
    assert little == cost() <= most
