"""What workers are told to look at, and what they do then: every task may run twice, late or never."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery import current_app
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from kombu.exceptions import OperationalError

from contacts.models import Contact
from syncrules import tasks
from syncrules.models import Connection, Link, Look, Push, SyncRun, WorksheetVersion
from syncrules.services import calling
from syncrules.services.sync import inbox, rounds, runs, waking
from tests.syncrules.sync.faults import Fault
from tests.syncrules.sync.kit import Both, arrives, both, person
from tests.syncrules.syncing import START, connect

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]


@pytest.fixture
def told(monkeypatch) -> list[tuple[str, int]]:
    """The messages that workers would get."""
    messages: list[tuple[str, int]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args, **_: messages.append((name, args[0])))
    monkeypatch.setattr(waking, "_told", {})
    return messages


@pytest.fixture
def pair(monkeypatch) -> Both:
    made = both()
    monkeypatch.setitem(calling._MAKERS, "memory", lambda _: made.connector)
    return made


def due(pair: Both) -> rounds.Due:
    return rounds.due(pair.world.now)


# --- what waits ---


def test_a_live_connection_is_pulled_when_its_time_has_come(pair):
    here = [pair.connection.pk]
    assert due(pair).pulls == here
    Connection.objects.update(pulled_at=pair.world.now - timedelta(seconds=59))
    assert due(pair).pulls == []
    Connection.objects.update(poll_every=30)
    assert due(pair).pulls == here


def test_rows_that_are_due_are_found_and_parked_or_later_ones_are_not(pair):
    arrives(pair, 1)
    inbox.enqueue(pair.connection.pk, ["7"], pair.world.now)
    here = [pair.connection.pk]
    assert (due(pair).outboxes, due(pair).inboxes) == (here, here)
    Push.objects.update(due_at=pair.world.now + timedelta(minutes=1))
    Look.objects.update(parked=True)
    assert (due(pair).outboxes, due(pair).inboxes) == ([], [])


@pytest.mark.parametrize("state", ["draft", "paused"])
def test_nothing_of_a_connection_that_is_off_is_due(pair, state):
    arrives(pair, 1)
    runs.start(pair.connection, "Priya", pair.world.now)
    Connection.objects.update(state=state)
    assert due(pair) == rounds.Due([], [], [], [])


def test_nothing_of_a_connection_that_rests_is_due_until_it_has_rested(pair):
    arrives(pair, 1)
    Connection.objects.update(again_at=pair.world.now + timedelta(seconds=1))
    assert due(pair) == rounds.Due([], [], [], [])
    assert rounds.due(pair.world.now + timedelta(seconds=1)).outboxes == [pair.connection.pk]


def test_while_a_full_sync_reads_nobody_else_pulls(pair):
    run = runs.start(pair.connection, "Priya", pair.world.now)
    assert (due(pair).pulls, due(pair).runs) == ([], [run.pk])
    SyncRun.objects.update(status=SyncRun.Status.STOPPED)
    assert (due(pair).pulls, due(pair).runs) == ([pair.connection.pk], [])


def test_looking_for_work_costs_the_same_whatever_the_number_of_connections(pair):
    def queries() -> int:
        with CaptureQueriesContext(
            database,
        ) as found:
            rounds.due(START)
        return len(found)

    one = queries()
    for n in range(3):
        connect(f"map-{n}", f"MAP {n}")
    assert queries() == one


# --- telling ---


def test_a_change_tells_a_worker_once_it_is_committed(pair, told, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        arrives(pair, 1)
        assert told == []
    assert told == [("syncrules.tasks.work_outbox", pair.connection.pk)]


def test_many_changes_at_once_are_two_messages_the_later_of_which_comes_after_them_all(monkeypatch):
    sent, now = [], [100.0]
    monkeypatch.setattr(waking, "_told", {})
    monkeypatch.setattr(waking.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(
        current_app, "send_task", lambda name, args, countdown, **_: sent.append(now[0] + (countdown or 0))
    )
    last = 0.0
    for _ in range(30):
        waking._send("task", 1)
        last, now[0] = now[0], now[0] + 0.001
    assert len(sent) == 2
    assert sent[-1] >= last
    waking._send("task", 2)
    assert len(sent) == 3


def test_without_a_broker_the_change_stands_and_the_sweep_finds_it(
    pair, monkeypatch, django_capture_on_commit_callbacks
):
    def away(*_, **__):
        raise OperationalError("no broker")

    monkeypatch.setattr(current_app, "send_task", away)
    monkeypatch.setattr(waking, "_told", {})
    with django_capture_on_commit_callbacks(execute=True):
        arrives(pair, 1)
    assert due(pair).outboxes == [pair.connection.pk]


def test_the_sweep_tells_of_everything_that_waits(pair, told, django_capture_on_commit_callbacks):
    arrives(pair, 1)
    inbox.enqueue(pair.connection.pk, ["7"], START)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep()
    names = {name.rpartition(".")[2] for name, _ in told}
    assert names == {"work_outbox", "work_inbox", "pull"}
    assert {row for _, row in told} == {pair.connection.pk}


# --- working ---


def test_the_tasks_bring_both_sides_in_line_and_do_nothing_the_second_time(pair):
    arrives(pair, 1)
    ident = pair.map.create(**person(2))
    here = pair.connection.pk
    for _ in range(2):
        tasks.pull(here)
        tasks.work_outbox(here)
        inbox.enqueue(here, [ident], START)
        tasks.work_inbox(here)
        written, history = len(pair.connector.sent), Contact.history.count()
    tasks.work_outbox(here)
    assert (len(pair.connector.sent), Contact.history.count()) == (written, history)
    assert (len(pair.map.everybody()), Contact.objects.count(), Link.objects.count()) == (2, 2, 2)


def test_a_full_sync_is_worked_on_by_its_task(pair):
    pair.map.create(**person(2))
    run = runs.start(pair.connection, "Priya", START)
    tasks.work_run(run.pk)
    run.refresh_from_db()
    assert (run.status, Contact.objects.count()) == (SyncRun.Status.DONE, 1)
    tasks.work_run(run.pk + 1)  # one that is not there


def test_a_turn_that_is_over_asks_for_another(pair, told, monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr(tasks, "TURN", -1)
    arrives(pair, 1)
    told.clear()
    waking._told.clear()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.work_outbox(pair.connection.pk)
    assert told == [("syncrules.tasks.work_outbox", pair.connection.pk)]
    assert Push.objects.count() == 1


@pytest.mark.parametrize("state", ["draft", "paused"])
def test_a_late_message_about_a_connection_that_is_off_calls_nobody(pair, state):
    arrives(pair, 1)
    for kind in ("memory", "hubspot"):  # which has no token
        Connection.objects.update(state=state, kind=kind)
        for task in (tasks.pull, tasks.work_inbox, tasks.work_outbox):
            task(pair.connection.pk)
    assert pair.connector.calls == []
    assert Connection.objects.get().trouble == ""


def test_a_connection_that_lacks_its_token_rests_and_says_what_to_do(pair):
    Connection.objects.update(kind="hubspot")
    tasks.pull(pair.connection.pk)
    found = Connection.objects.get()
    assert "set MAP_TOKEN_OUR_MAP" in found.trouble
    assert found.again_at is not None


def test_without_a_worksheet_in_force_nothing_is_called_and_nothing_breaks(pair):
    arrives(pair, 1)
    WorksheetVersion.objects.update(state="past")
    for task in (tasks.pull, tasks.work_inbox, tasks.work_outbox):
        task(pair.connection.pk)
    assert pair.connector.calls == []
    assert Push.objects.count() == 1


def test_a_map_that_is_away_makes_the_connection_rest_and_loses_nothing(pair):
    arrives(pair, 1)
    pair.connector.draw = lambda _: Fault.DOWN
    tasks.work_outbox(pair.connection.pk)
    assert Connection.objects.get().again_at is not None
    assert Push.objects.get().lease_holder == ""
    pair.world.now = timezone.now()
    pair.settle()
    assert len(pair.map.everybody()) == 1
