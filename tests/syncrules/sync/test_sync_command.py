"""``manage.py sync``: one round with a real sandbox, its figures as JSON, and an exit status that scripts can trust."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from contacts.models import Contact
from contacts.services.leases import new_holder
from syncrules.models import Connection, Link, SyncError, SyncRun, WorksheetVersion
from syncrules.services import calling
from syncrules.services.sync import runs
from tests.syncrules.connectors.benches import hubspot
from tests.syncrules.sync.kit import Both, address, arrives, person
from tests.syncrules.sync.real import real, sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("seeded")]
KEYS = {"pulled", "pushed", "echoes", "kept", "refused", "held", "conflicts", "errors"}


@pytest.fixture
def pair(monkeypatch):
    with sandbox() as server:
        made = real(server)
        monkeypatch.setitem(calling._MAKERS, "memory", lambda _: made.connector)
        yield made


def sync(*words: str) -> tuple[int, dict]:
    """Exit status and JSON."""
    out = StringIO()
    try:
        call_command("sync", *words, "--json", stdout=out)
    except CommandError as problem:
        return problem.returncode, json.loads(out.getvalue() or "{}")
    return 0, json.loads(out.getvalue())


def test_a_round_brings_both_sides_in_line_and_counts(pair: Both):
    arrives(pair, 1)
    pair.map.create(**person(2))
    status, done = sync("our-map")
    assert status == 0
    assert set(done) == KEYS
    assert (done["pulled"], done["errors"]) == (1, 0)
    assert done["pushed"] >= 1
    assert {r.values["email"] for r in pair.map.everybody().values()} == {address(1), address(2)}
    assert Link.objects.count() == Contact.objects.count() == 2


def test_a_further_round_writes_nothing(pair: Both):
    arrives(pair, 1)
    pair.map.create(**person(2))
    sync("our-map")
    sync("our-map")
    written, history = len(pair.connector.sent), Contact.history.count()
    assert sync("our-map")[1]["pushed"] == sync("our-map", "--full")[1]["pushed"] == 0
    assert (len(pair.connector.sent), Contact.history.count()) == (written, history)


def test_full_tells_of_everybody_who_was_there_before(pair: Both):
    Connection.objects.update(state="draft")
    arrives(pair, 1)
    Connection.objects.update(state="live")
    assert sync("our-map")[1]["pushed"] == 0
    assert sync("our-map", "--full") == (0, dict.fromkeys(KEYS, 0) | {"pushed": 1})
    assert SyncRun.objects.get().status == SyncRun.Status.DONE


def test_without_json_the_figures_are_words(pair: Both):
    out = StringIO()
    call_command("sync", "our-map", stdout=out)
    assert out.getvalue().split()[:4] == ["pulled", "0", "pushed", "0"]


def test_what_did_not_go_through_is_status_one_and_the_rest_is_done(pair: Both):
    arrives(pair, 1)
    arrives(pair, 2)
    pair.connector.refuse = lambda key, _: "refused" if key == address(1) else None
    status, done = sync("our-map")
    assert (status, done["errors"], done["pushed"]) == (1, 1, 1)
    assert SyncError.objects.count() == 1


@pytest.mark.parametrize("words", [("nowhere",), ("nowhere", "--full")])
def test_an_unknown_name_is_status_two(pair: Both, words):
    assert sync(*words) == (2, {})


@pytest.mark.parametrize("state", ["draft", "paused"])
def test_a_connection_that_is_off_is_status_two_and_nothing_is_called(pair: Both, state):
    Connection.objects.update(state=state)
    pair.connector.calls.clear()
    assert sync("our-map") == (2, {})
    assert pair.connector.calls == []


def test_a_map_that_can_not_be_reached_is_status_two_and_nothing_is_written(pair: Both):
    arrives(pair, 1)
    with sandbox() as other:
        gone = hubspot(other.url)
    calling._MAKERS["memory"] = lambda _: gone
    assert sync("our-map") == (2, {})
    assert not Link.objects.exists()
    calling._MAKERS["memory"] = lambda _: pair.connector
    assert sync("our-map")[0] == 0  # a person asked, so the rest after the failure is not waited for


def test_without_a_token_or_a_worksheet_it_is_status_two(pair: Both):
    WorksheetVersion.objects.update(state="past")
    assert sync("our-map") == (2, {})
    assert sync("our-map", "--full") == (2, {})
    Connection.objects.update(kind="hubspot")
    assert sync("our-map") == (2, {})


def test_a_full_sync_that_a_worker_is_at_is_status_two(pair: Both):
    runs.start(pair.connection, "Priya", timezone.now())
    SyncRun.objects.update(lease_holder=new_holder(), lease_until=timezone.now() + runs.leases.LEASE)
    assert sync("our-map", "--full") == (2, {})
