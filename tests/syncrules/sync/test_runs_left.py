"""A full sync is stopped, resumed, killed, taken over or kept waiting: one works on it, and no step is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contacts.models import Contact
from contacts.services import leases
from syncrules.models import Connection, SyncRun
from syncrules.services.sync import pulling, runs
from syncrules.services.sync.runs import AlreadyRunning
from tests.syncrules.sync.faults import Fault
from tests.syncrules.sync.full import after, work
from tests.syncrules.sync.kit import Both, both, person
from tests.syncrules.syncing import START

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]
Status = SyncRun.Status


@pytest.fixture
def pair() -> Both:
    return both()


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    """Pages and chunks of a few, so that there are several."""
    monkeypatch.setattr(pulling, "PAGE", 3)
    monkeypatch.setattr(runs, "CHUNK", 4)


def test_it_is_stopped_between_two_steps_and_resumed_where_it_was(pair):
    for n in range(9):
        pair.map.create(**person(n))
    run = runs.start(pair.connection, "Priya", pair.clock())

    def stop_now() -> bool:
        runs.stop(run)
        return False

    assert work(pair, run, until=stop_now).status == Status.STOPPED
    assert run.read == 3
    assert work(pair, run).status == Status.STOPPED  # nobody works on one that was stopped
    pages = pair.connector.calls.count("changes")
    assert runs.resume(run, pair.clock())
    assert work(pair, run).status == Status.DONE
    assert run.read >= 9
    assert Contact.objects.count() == 9
    assert pair.connector.calls.count("changes") - pages <= 3


def test_only_an_open_one_is_stopped_and_only_a_stopped_one_resumed(pair):
    run = work(pair, runs.start(pair.connection, "Priya", pair.clock()))
    assert not runs.stop(run)
    assert not runs.resume(run, pair.clock())


def test_a_connection_has_one_at_a_time(pair):
    runs.start(pair.connection, "Priya", START)
    with pytest.raises(AlreadyRunning, match="A full sync of Our MAP is under way already"):
        runs.start(pair.connection, "Olu", START)
    assert SyncRun.objects.count() == 1


def test_nobody_works_on_one_that_a_living_process_holds(pair):
    run = runs.start(pair.connection, "Priya", pair.clock())
    SyncRun.objects.update(lease_holder=leases.new_holder(), lease_until=pair.clock() + timedelta(minutes=1))
    assert work(pair, run).status == Status.QUEUED
    assert runs.open_runs(pair.clock(), Connection.objects.values("pk")) == []
    with pytest.raises(AlreadyRunning):
        runs.run_here(pair.connection, "Olu", pair.connector, pair.clock)


def test_one_whose_worker_was_killed_is_found_and_goes_on(pair):
    for n in range(9):
        pair.map.create(**person(n))
    run = runs.start(pair.connection, "Priya", pair.clock())
    work(pair, run, until=after(0))
    dead = f"{leases.HOST}:999999999:ab"  # no process has this number
    SyncRun.objects.update(lease_holder=dead, lease_until=pair.clock() + timedelta(minutes=1))
    assert runs.open_runs(pair.clock(), Connection.objects.values("pk")) == [run.pk]
    assert work(pair, run).status == Status.DONE
    assert Contact.objects.count() == 9


def test_a_worker_that_was_thought_dead_stores_nothing_any_more(pair):
    for n in range(9):
        pair.map.create(**person(n))
    run = runs.start(pair.connection, "Priya", pair.clock())

    def taken_over() -> bool:
        SyncRun.objects.update(lease_holder="elsewhere.example:1:aaaa", cursor="as the other one left it")
        return False

    work(pair, run, until=taken_over)
    assert (run.status, run.cursor, run.read) == (Status.PULLING, "as the other one left it", 3)


def test_a_map_that_does_not_answer_makes_it_wait_and_not_fail(pair):
    pair.map.create(**person(1))
    run = runs.start(pair.connection, "Priya", pair.clock())
    pair.connector.draw = lambda call: Fault.DOWN if call == "changes" else None
    assert work(pair, run).status == Status.PULLING
    assert "could not be reached" in Connection.objects.get().trouble
    assert runs.open_runs(pair.clock(), Connection.objects.filter(again_at=None).values("pk")) == []
    pair.settle(rounds=0)
    pair.world.now += timedelta(minutes=20)
    assert work(pair, run).status == Status.DONE
