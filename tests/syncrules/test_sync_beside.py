"""Connections on other pages: a contact's card, the front page, and a deleted record that is made again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contacts.models import Contact
from contacts.roles import ROLES
from syncrules.models import Connection, Link, Push, SyncCount
from syncrules.services.shown.states import STATES, STUCK
from syncrules.services.sync import budget, counting
from tests.syncrules import standing as kit
from tests.syncrules.standing import as_

pytestmark = pytest.mark.django_db
SLUG = "sandbox"


@pytest.fixture
def now() -> Any:
    return timezone.now()


@pytest.fixture
def sandbox(now: Any) -> Connection:
    return kit.live(now)


@pytest.fixture
def marta(sandbox: Connection) -> Contact:
    return kit.people(1)[0]


def card(contact: Contact, role: str = "ops") -> str:
    """What the contact's page says of connections."""
    shown = as_(role).get(reverse("hub:contact", args=[contact.pk])).content.decode()
    return " ".join(shown.split('id="connections"')[1].split("</section>")[0].split())


def front(role: str = "ops") -> str:
    return " ".join(as_(role).get(reverse("hub:front")).content.decode().split())


def again(contact: Contact, role: str = "ops") -> str:
    """What is said after the button was pressed."""
    answer = as_(role).post(reverse("rules:make_again", args=[SLUG, contact.pk]), follow=True)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def deleted(connection: Connection, contact: Contact, now: Any) -> Link:
    return kit.link(connection, contact, "103", state=Link.State.GONE, left_at=now)


class TestCard:
    def test_a_contact_in_step_says_so(self, sandbox, marta, now):
        kit.link(sandbox, marta, "103", agreed_at=now, version=marta.version)
        Push.objects.all().delete()
        assert "In step" in card(marta)
        assert "103" in card(marta)

    def test_what_waits_says_since_when_and_why(self, sandbox, marta, now):
        kit.link(sandbox, marta, "103", agreed_at=now, version=marta.version)
        Push.objects.all().delete()
        kit.push(sandbox, marta.pk, now)
        assert "A change is on its way since" in card(marta)
        Connection.objects.update(state="paused")
        assert "Sandbox is paused" in card(marta)
        Connection.objects.update(state="live", trouble="503")
        assert "Sandbox can’t be reached now" in card(marta)

    def test_an_error_stands_there_with_what_was_sent(self, sandbox, marta, now):
        kit.link(sandbox, marta, "103", agreed_at=now, version=marta.version)
        one = kit.error(sandbox, marta, now, text="It wants a number.")
        assert "It wants a number." in card(marta)
        assert reverse("rules:error_sent", args=[SLUG, one.pk]) in card(marta)

    def test_why_somebody_is_not_there(self, sandbox, marta):
        Push.objects.all().delete()
        Connection.objects.update(takes_part={"all": [{"field": "country", "op": "is", "value": "Chile"}]})
        assert "below its threshold" in card(marta)

    def test_it_costs_the_same_whatever_there_is_to_say(self, sandbox, marta, now):
        client, address = as_("ops"), reverse("hub:contact", args=[marta.pk])
        client.get(address)

        def cost() -> int:
            with CaptureQueriesContext(database) as captured:
                assert client.get(address).status_code == 200
            return len(captured)

        little = cost()
        for n in range(20):
            kit.link(sandbox, marta, f"r{n}", state=Link.State.GONE, left_at=now)
            kit.error(sandbox, marta, now, field=f"f{n}")
        assert cost() <= little


class TestMadeAgain:
    def test_a_record_that_was_deleted_there_is_made_again_when_somebody_says_so(self, sandbox, marta, now):
        deleted(sandbox, marta, now)
        Push.objects.all().delete()
        assert "the hub does not make it again by itself" in card(marta)
        assert "Make it again in Sandbox" in card(marta)
        assert "is made in Sandbox again." in again(marta)
        assert Push.objects.filter(subject=str(marta.pk)).exists()
        assert not Link.objects.exists()
        assert "somebody was faster" in again(marta)

    def test_who_is_below_the_threshold_is_not_made(self, sandbox, marta, now):
        deleted(sandbox, marta, now)
        Connection.objects.update(takes_part={"all": [{"field": "country", "op": "is", "value": "Chile"}]})
        assert "is below the threshold of Sandbox" in again(marta)
        assert Link.objects.get().state == Link.State.GONE

    @pytest.mark.parametrize(
        ("state", "said"), [("paused", "once Sandbox is live again"), ("draft", "is not turned on")]
    )
    def test_a_connection_that_is_not_live_says_what_that_means(self, sandbox, marta, now, state, said):
        deleted(sandbox, marta, now)
        Connection.objects.update(state=state)
        assert said in again(marta)

    @pytest.mark.parametrize("role", sorted(ROLES))
    def test_only_those_who_may_run_a_sync_are_offered_it(self, sandbox, marta, now, role):
        deleted(sandbox, marta, now)
        allowed = role in ("admin", "ops")
        assert ("Make it again" in card(marta, role)) == allowed
        status = as_(role).post(reverse("rules:make_again", args=[SLUG, marta.pk])).status_code
        assert status == (302 if allowed else 403)


class TestFront:
    def test_one_that_paused_itself_is_late_and_says_why(self, now):
        kit.live(now, trouble="HubSpot answered 503.", trouble_since=now - timedelta(minutes=48), failures=9,
                 again_at=now + timedelta(minutes=5))  # fmt: skip
        shown = front()
        assert "connection fails" in shown
        assert "Sandbox paused itself: HubSpot answered 503." in shown

    def test_one_that_a_person_paused_says_who_and_why(self, now):
        kit.live(now, state="paused", state_by="Priya Raman", state_at=now, state_reason="Portal moves.")
        assert "connection is paused" in front()
        assert "Portal moves." in front()

    def test_errors_that_need_a_person_are_told_and_those_that_pass_are_not(self, sandbox, now):
        kit.error(sandbox, 1, now, cause="unavailable")
        assert "sync error" not in front()
        kit.error(sandbox, 2, now, cause="taken")
        assert "Another record in Sandbox has this address" in front()
        for n in (3, 4):
            kit.error(sandbox, n, now, cause="option-unknown", field="interest", value="Fräsen")
        assert "A value is no choice in Sandbox: 2 of them." in front()

    def test_an_unsubscribe_that_is_not_confirmed_in_time_is_told_first(self, sandbox, now):
        kit.push(sandbox, "a@firm.example", now - timedelta(minutes=48), kind="opt-out", priority=0)
        shown = front()
        assert "unsubscribe straggler" in shown
        assert "has not confirmed for 48 min; the limit is 15 min." in shown

    def test_who_paused_and_who_turned_on_is_among_what_was_done_last(self, sandbox):
        as_("ops").post(reverse("rules:sync_pause", args=[SLUG]), {"reason": "Portal moves."})
        assert "Priya Raman paused <a" in front()
        as_("ops").post(reverse("rules:sync_go_on", args=[SLUG]))
        assert "Priya Raman turned on <a" in front()

    def test_a_full_sync_is_shown_with_its_progress(self, sandbox, now):
        kit.run(sandbox, now, status="pulling", started_at=now, read=7)
        assert "full sync at work" in front()
        sandbox.runs.update(status="stopped")
        assert "full sync stopped" in front()


@pytest.mark.parametrize("state", [*Connection.State.values, STUCK])
def test_every_state_has_its_words_and_its_sign(state):
    assert STATES[state].words
    assert STATES[state].sign in ("dot", "ring", "pause")


@pytest.mark.parametrize("state", Connection.State.values)
def test_the_pages_of_a_connection_open_in_every_state(now, state):
    kit.live(now, state=state, state_at=now)
    for name in ("connection", "errors", "hooks", "threshold", "connection_settings", "connection_changes"):
        shown = as_("ops").get(reverse(f"rules:{name}", args=[SLUG]))
        assert shown.status_code == 200
        assert STATES[state].words in shown.content.decode()
    assert STATES[state].words in front()


def test_a_page_whose_state_has_changed_is_loaded_anew(sandbox):
    client, address = as_("ops"), reverse("rules:connection", args=[SLUG])
    asked = {"HX-Request": "true"}
    assert "HX-Refresh" not in client.get(address, {"as": "live"}, headers=asked)
    assert client.get(address, {"as": "stuck"}, headers=asked)["HX-Refresh"] == "true"


def test_every_call_that_is_booked_is_counted_once(sandbox, now):
    gate = budget.gate_of(sandbox)
    gate.take(search=False)
    gate.take(search=True)
    counting.note(sandbox.pk, counting.Counts(pushed=3, calls=2), now)
    counted = SyncCount.objects.filter(connection=sandbox)
    assert sum(row.calls for row in counted) == 2
    assert sum(row.pushed for row in counted) == 3


@pytest.mark.parametrize("name", ["threshold", "connection_settings", "connection_changes"])
def test_the_other_pages_cost_the_same_however_much_there_is(sandbox, now, name):
    client, address = as_("ops"), reverse(f"rules:{name}", args=[SLUG])
    client.get(address)

    def cost() -> int:
        with CaptureQueriesContext(database) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    little = cost()
    for n, one in enumerate(kit.people(5)):
        kit.link(sandbox, one, f"r{n}")
        kit.error(sandbox, one, now)
        sandbox.changes.create(
            what="state", before={"state": "live"}, after={"state": "paused"}, by="P", reason="", at=now
        )
    assert cost() <= little <= 30
