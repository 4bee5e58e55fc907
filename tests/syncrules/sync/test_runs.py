"""A full sync can be left, stopped, resumed and killed; both sides end in line, and a second one writes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contacts.models import Contact
from syncrules.models import Connection, Link, Push, SyncError, SyncRun, WorksheetVersion
from syncrules.services.sync import pulling, runs
from tests.syncrules.sync.faults import Fault
from tests.syncrules.sync.full import after, before_it_was_on, work
from tests.syncrules.sync.kit import Both, address, arrives, both, person
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


def test_it_reads_the_whole_map_and_tells_it_of_everybody_who_takes_part(pair):
    before_it_was_on(pair, 10)
    for n in range(20, 27):
        pair.map.create(**person(n))
    run = work(pair, runs.start(pair.connection, "Priya", pair.clock()))
    assert (run.status, run.read, run.to_tell, run.started_by_name) == (Status.DONE, 7, 10, "Priya")
    assert (run.counts["pulled"], run.counts["pushed"]) == (7, 17)  # those that were read get a stage there
    assert run.started_at < run.finished_at
    assert len(pair.map.everybody()) == Contact.objects.count() == Link.objects.count() == 17


def test_a_second_one_with_nothing_changed_writes_nothing_on_either_side(pair):
    before_it_was_on(pair, 5)
    for n in range(4, 9):
        pair.map.create(**person(n, title="Buyer"))
    pair.round(full=True)
    pair.settle()
    written, history = len(pair.connector.sent), Contact.history.count()
    counts = pair.round(full=True)
    assert len(pair.connector.sent) == written
    assert Contact.history.count() == history
    assert (counts.pulled, counts.pushed, counts.echoes) == (0, 0, 9)


def test_what_changed_while_a_connection_was_a_draft_is_told(pair):
    one = arrives(pair, 1)
    pair.round()
    Connection.objects.update(state="draft")
    pair.world.edit(one, company="Kestrel")
    Connection.objects.update(state="live")
    assert pair.round().pushed == 0
    assert pair.round(full=True).pushed == 1
    assert pair.world.record(Contact.objects.get(pk=one))["firm"] == "Kestrel"


def test_who_does_not_take_part_is_not_told_of_unless_there_is_a_record_of_them(pair):
    before_it_was_on(pair, 3)
    pair.map.create(**person(1))
    Connection.objects.update(takes_part={"all": [{"field": "job_title", "op": "is", "value": "CTO"}]})
    pair.round(full=True)
    assert {r.values["email"] for r in pair.map.everybody().values()} == {address(1)}


def test_a_turn_that_is_over_leaves_the_rest_to_the_next(pair):
    before_it_was_on(pair, 10)
    for n in range(20, 30):
        pair.map.create(**person(n))
    run = runs.start(pair.connection, "Priya", pair.clock())
    for _ in range(30):
        if work(pair, run, until=after(2)).status == Status.DONE:
            break
        assert run.lease_holder == ""
    assert (run.status, run.read, run.to_tell) == (Status.DONE, 10, 10)
    assert len(pair.map.everybody()) == 20


def test_it_is_not_over_while_something_waits_to_be_sent(pair):
    before_it_was_on(pair, 3)
    pair.connector.draw = lambda call: Fault.DOWN if call == "upsert" else None
    run = work(pair, runs.start(pair.connection, "Priya", pair.clock()))
    assert (run.status, run.finished_at) == (Status.PUSHING, None)
    pair.settle(rounds=0)
    pair.world.now += timedelta(minutes=20)
    assert work(pair, run).status == Status.DONE
    assert len(pair.map.everybody()) == 3


def test_without_a_worksheet_in_force_it_fails_and_says_why(pair):
    WorksheetVersion.objects.update(state="past")
    run = work(pair, runs.start(pair.connection, "Priya", pair.clock()))
    assert (run.status, run.problem) == (Status.FAILED, "Our MAP has no worksheet in force.")
    runs.start(pair.connection, "Priya", pair.clock())  # it stands in nobody's way


def test_a_paused_connection_reads_no_further(pair):
    for n in range(9):
        pair.map.create(**person(n))

    def pause() -> bool:
        Connection.objects.update(state="paused")
        return False

    run = work(pair, runs.start(pair.connection, "Priya", pair.clock()), until=pause)
    assert (run.status, run.read) == (Status.PULLING, 3)


def test_a_place_that_the_map_does_not_know_is_read_again_from_the_start(pair):
    pair.map.create(**person(1))
    run = runs.start(pair.connection, "Priya", pair.clock())
    SyncRun.objects.update(cursor="nonsense")
    assert work(pair, run).cursor == ""
    assert work(pair, run).status == Status.DONE
    assert Contact.objects.count() == 1


def test_pulls_go_on_from_where_it_ended(pair):
    pair.map.create(**person(1))
    pair.round(full=True)
    pair.map.create(**person(2))
    seen = pair.connector.calls.count("changes")
    assert pair.round().pulled == 1
    assert pair.connector.calls.count("changes") == seen + 1
    assert not SyncError.objects.exists()  # the place was not lost


def test_a_record_that_left_the_map_unnoticed_is_found_out(pair):
    ident = pair.map.create(**person(1))
    pair.map.create(**person(2))
    pair.round()
    pair.map.remove(ident)
    Connection.objects.update(departures="")
    pair.round(full=True)
    assert Link.objects.get(record_id=ident).state == Link.State.GONE


def test_what_the_map_refuses_does_not_keep_it_from_ending(pair):
    before_it_was_on(pair, 6)
    pair.connector.refuse = lambda key, values: "refused" if key == address(2) else None
    pair.round(full=True)
    pair.round()
    pair.round()
    run = SyncRun.objects.get()
    runs.work(run.pk, pair.connector, pair.clock)
    run.refresh_from_db()
    assert run.status == Status.DONE
    assert Push.objects.get().parked


def test_its_progress_says_how_far_how_fast_and_when_it_ends(pair):
    before_it_was_on(pair, 10)
    run = runs.start(pair.connection, "Priya", START)
    assert runs.progress(run, START) == runs.Progress(0, 0, 0, None, 0.0, None)
    run.status, run.started_at, run.read, run.to_tell = Status.PUSHING, START, 20, 10
    waits = [
        Push(connection=pair.connection, subject=str(n), priority=9, changed_at=START, due_at=START) for n in "1234"
    ]
    Push.objects.bulk_create(waits)
    found = runs.progress(run, START + timedelta(seconds=13))
    assert (found.read, found.told, found.to_tell, found.share) == (20, 6, 10, 0.6)
    assert found.rate == 2.0
    assert found.ends_at == START + timedelta(seconds=15)


def test_the_time_that_it_was_stopped_does_not_count(pair):
    run = runs.start(pair.connection, "Priya", START)
    SyncRun.objects.update(started_at=START, read=100, status=Status.STOPPED)
    assert runs.resume(run, START + timedelta(hours=1))
    run.refresh_from_db()
    run.read = 130
    assert runs.progress(run, START + timedelta(hours=1, seconds=10)).rate == 3.0


def test_this_process_goes_on_with_one_that_nobody_works_on(pair):
    for n in range(9):
        pair.map.create(**person(n))
    run = runs.start(pair.connection, "Priya", pair.clock())
    work(pair, run, until=after(0))
    runs.stop(run)
    counts = runs.run_here(pair.connection, "Olu", pair.connector, pair.clock)
    run.refresh_from_db()
    assert (run.status, SyncRun.objects.count(), counts.pulled) == (Status.DONE, 1, 6)


def test_trouble_that_passes_costs_no_contact(pair):
    before_it_was_on(pair, 6)
    draws = iter([Fault.LOST, Fault.BUSY])
    pair.connector.draw = lambda call: next(draws, None) if call == "upsert" else None
    pair.round(full=True)
    pair.settle()
    assert len(pair.map.everybody()) == 6
    assert not Push.objects.exists()


def test_whom_the_map_refused_is_not_tried_again_by_a_full_sync(pair):
    """It waits for a change or for a person; one who is unsubscribed would be opted out again each time."""
    [made] = before_it_was_on(pair, 1)
    Push.objects.create(
        connection=pair.connection, kind=Push.Kind.RECORD, subject=str(made), priority=Push.Priority.FULL,
        changed_at=START, due_at=START, parked=True,
    )  # fmt: skip
    pair.round(full=True)
    assert pair.connector.sent == []
