"""The errors of a connection: by cause in words, tried again, as a file, and with what was sent."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contacts.roles import ROLES
from syncrules.models import Connection, Push, SyncError
from syncrules.services.shown import causes
from syncrules.services.sync.errors import Cause
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


def page(client: Client, **query: str) -> str:
    answer = client.get(reverse("rules:errors", args=[SLUG]), query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def retry(client: Client, **said: Any) -> str:
    answer = client.post(reverse("rules:errors_retry", args=[SLUG]), said, follow=True)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def file(client: Client, **query: Any) -> list[list[str]]:
    answer = client.get(reverse("rules:errors_file", args=[SLUG]), query)
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


class TestGroups:
    def test_where_nothing_is_wrong_the_page_says_so(self, sandbox):
        shown = page(as_("auditor"))
        assert "No error" in shown
        assert "Checked again every 60 s." in shown

    def test_errors_are_grouped_by_cause_with_what_to_do(self, sandbox, now):
        for one in kit.people(3):
            kit.error(sandbox, one, now, cause=Cause.OPTION_UNKNOWN, field="interest", value="Fräsen")
        kit.error(sandbox, 77, now, cause=Cause.TAKEN)
        shown = page(as_("ops"))
        assert "4</span> errors, 2 causes" in shown
        assert "“Fräsen” is no choice of “interest” in Sandbox" in shown
        assert "Add the choice in Sandbox, or map it in the worksheet" in shown
        assert "Merge the two in Sandbox, or correct the address here." in shown

    @pytest.mark.parametrize("cause", sorted(Cause))
    def test_each_cause_has_words_of_its_own(self, sandbox, now, cause):
        kit.error(sandbox, 1, now, cause=cause)
        (group,) = causes.groups(sandbox)
        assert group.title != causes.OTHER.title
        assert "{" not in group.title + group.text

    def test_what_concerns_consent_comes_first_and_is_marked(self, sandbox, now):
        kit.error(sandbox, 1, now, cause=Cause.TAKEN)
        kit.error(sandbox, "a@firm.example", now, cause=Cause.UNAVAILABLE, kind="opt-out")
        first, _ = causes.groups(sandbox, "most")
        assert first.consent
        assert first.title == "Sandbox has not taken an unsubscribe"
        assert ">consent</span>" in page(as_("ops"))

    def test_the_first_group_is_open_and_another_opens_in_its_place(self, sandbox, now):
        marta, erik = kit.people(2)
        kit.error(sandbox, marta, now, cause=Cause.TAKEN)
        kit.error(sandbox, erik, now, cause=Cause.UNAVAILABLE)
        assert "Marta Núñez" in page(as_("ops"))
        second = causes.groups(sandbox)[1]
        shown = page(as_("ops"), open=second.key)
        assert "Erik Lund" in shown
        assert "Marta Núñez" not in shown

    def test_further_contacts_are_read_when_they_are_asked_for(self, sandbox, now):
        errors = [kit.error(sandbox, f"s{n}", now, text=f"said {n}.") for n in range(30)]
        shown = page(as_("ops"))
        assert "said 24." in shown
        assert "said 25." not in shown
        after = shown.split("after=")[1].split('"')[0]
        assert int(after) == errors[24].pk
        key = causes.groups(sandbox)[0].key
        assert "said 29." in page(as_("ops"), open=key, after=after)

    @pytest.mark.parametrize("query", [{"open": "x"}, {"open": "a:b:c:d:e"}, {"after": "-1"}, {"sort": "nonsense"}])
    def test_nonsense_in_the_address_is_no_error(self, sandbox, now, query):
        kit.error(sandbox, 1, now)
        page(as_("ops"), **query)

    def test_those_who_may_not_see_people_see_no_link_to_them(self, sandbox, now):
        one = kit.error(sandbox, kit.people(1)[0], now)
        address = reverse("rules:error_sent", args=[SLUG, one.pk])
        assert address in page(as_("ops"))
        watcher = User.objects.create(username="watcher", is_staff=True)
        watcher.user_permissions.add(Permission.objects.get(codename="view_connection"))
        client = Client()
        client.force_login(watcher, backend="django.contrib.auth.backends.ModelBackend")
        assert address not in page(client)
        assert client.get(address).status_code == 403


class TestRetry:
    def test_one_some_a_group_or_all_that_may_work(self, sandbox, now):
        people = kit.people(4)
        errors = [kit.error(sandbox, one, now, cause=Cause.UNAVAILABLE) for one in people]
        client = as_("ops")
        assert "1 is tried again now." in retry(client, one=errors[0].pk)
        assert "2 are tried again now." in retry(client, error=[errors[1].pk, errors[2].pk])
        assert "4 are tried again now." in retry(client, group=causes.groups(sandbox)[0].key)
        assert "4 are tried again now." in retry(client)
        assert Push.objects.filter(parked=False).count() == 4

    def test_all_leaves_out_what_trying_again_can_not_mend(self, sandbox, now):
        kit.error(sandbox, kit.people(1)[0], now, cause=Cause.TAKEN)
        assert "Nothing was left to try again" in retry(as_("ops"))

    def test_a_paused_connection_tries_when_it_is_live_again(self, now):
        paused = kit.live(now, state="paused", state_reason="a move")
        one = kit.error(paused, kit.people(1)[0], now, cause=Cause.UNAVAILABLE)
        assert "1 is tried again once Sandbox is live again." in retry(as_("ops"), one=one.pk)

    def test_a_script_is_answered_in_json_and_told_what_is_solved(self, sandbox, now):
        here = kit.error(sandbox, 1, now)
        gone = kit.error(sandbox, 2, now, solved_at=now)
        client = as_("ops")
        said = client.post(
            reverse("rules:errors_retry", args=[SLUG]), {"one": "x"}, headers={"Accept": "application/json"}
        )
        assert said.json()["count"] == 0
        asked = client.get(reverse("rules:error_states", args=[SLUG]), {"ids": f"{here.pk},{gone.pk},x"})
        assert asked.json() == {"solved": [gone.pk], "open": 1}

    @pytest.mark.parametrize("role", sorted(ROLES))
    def test_only_those_who_may_run_a_sync_try_again(self, sandbox, now, role):
        kit.error(sandbox, 1, now, cause=Cause.UNAVAILABLE)
        client = as_(role)
        allowed = role in ("admin", "ops")
        assert ("Retry" in page(client)) == allowed
        status = client.post(reverse("rules:errors_retry", args=[SLUG]), {}).status_code
        assert status == (302 if allowed else 403)


class TestFile:
    def test_all_a_group_or_some_come_as_a_file_without_formulas(self, sandbox, now):
        marta, erik = kit.people(2)
        first = kit.error(sandbox, marta, now, cause=Cause.TAKEN, value="=1+1")
        kit.error(sandbox, erik, now, cause=Cause.UNAVAILABLE)
        head, *rows = file(as_("ops"))
        assert head[:5] == ["Way", "Cause", "Contact", "Name", "E-mail"]
        assert len(rows) == 2
        chosen = file(as_("ops"), error=first.pk)[1:]
        assert [row[3] for row in chosen] == ["Marta Núñez"]
        assert "'=1+1" in chosen[0]
        assert len(file(as_("ops"), group=causes.groups(sandbox)[0].key)) == 2

    def test_errors_that_are_solved_are_in_no_file(self, sandbox, now):
        one = kit.error(sandbox, 1, now, solved_at=now)
        assert len(file(as_("ops"), error=one.pk)) == 1


class TestSent:
    def test_what_was_sent_and_answered_stands_side_by_side(self, sandbox, now):
        sent, answered = {"properties": {"email": "m@firm.example"}}, {"message": "no such property"}
        one = kit.error(sandbox, kit.people(1)[0], now, sent=sent, answered=answered)
        answer = as_("ops").get(reverse("rules:error_sent", args=[SLUG, one.pk]))
        shown = answer.content.decode()
        assert "m@firm.example" in shown
        assert "no such property" in shown
        assert "Kept without tokens and other secrets." in shown

    def test_what_failed_before_it_was_sent_says_so(self, sandbox, now):
        one = kit.error(sandbox, 1, now)
        part = as_("ops").get(reverse("rules:error_sent", args=[SLUG, one.pk]), headers={"HX-Request": "true"})
        assert "Nothing: it failed before anything was sent." in part.content.decode()
        assert "<html" not in part.content.decode()

    def test_an_error_of_another_connection_is_not_found_here(self, sandbox, now):
        assert as_("ops").get(reverse("rules:error_sent", args=[SLUG, 999_999])).status_code == 404


def test_a_page_of_errors_costs_the_same_however_many_there_are(sandbox, now):
    client, address = as_("ops"), reverse("rules:errors", args=[SLUG])
    people = kit.people(2)
    kit.error(sandbox, people[0], now, cause=Cause.TAKEN)
    client.get(address)  # the menu believes its number of problems for a minute

    def cost() -> int:
        with CaptureQueriesContext(database) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    little = cost()
    kit.error(sandbox, people[1], now, cause=Cause.TAKEN)
    for n in range(40):
        kit.error(sandbox, f"s{n}", now - timedelta(minutes=n), cause=Cause.TAKEN, field=f"f{n % 5}")
        kit.push(sandbox, f"s{n}", now)
    assert SyncError.objects.count() == 42
    assert cost() <= little <= 26
