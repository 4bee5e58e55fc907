"""Simulating a draft: what would be different and why, from the log, with nothing written."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from contacts.models import Source
from syncrules.services import simulate as simulating
from syncrules.services.catalogue import worksheet_of
from syncrules.services.simulate import Simulated, simulate
from tests import factories
from tests.syncrules.syncing import ROWS, World, connect, contact, dump, force, with_row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]
EMAIL = "sean@acme.example"
FRESH = with_row("job_title", "both", "fresh")
NEVER = with_row("job_title", "both", "never")


@pytest.fixture
def world() -> World:
    return connect(rows=NEVER)


def sean(world: World, **values: str) -> str:
    ident = world.map.create(email=EMAIL, firstname="Sean", lastname="O'Brien", **values)
    world.exchange()
    return ident


def draft(world: World, rows: Any, **given: Any) -> Simulated:
    """The simulation of a draft with these rows."""
    world.connection.versions.filter(state="draft").delete()
    version = force(world.connection, rows, world.now, draft=True)
    return simulate(world.connection, worksheet_of(world.connection, version), **given)


def told(done: Simulated) -> list[tuple[str, str, str, str, int]]:
    return [(d.name, d.field, d.now, d.then, d.row) for d in done.differences]


def test_a_looser_rule_shows_which_value_would_be_another_and_because_of_which_row(world):
    ident = sean(world, title="Engineer")
    world.map.edit(ident, title="Chief Engineer")
    world.exchange()
    done = draft(world, FRESH)
    assert told(done) == [("Sean O'Brien", "job_title", "Engineer", "Chief Engineer", 4)]
    assert done.by_field == {"job_title": 1}
    assert "row 4" in done.differences[0].because


def test_a_persons_value_stays_and_is_told_as_kept(world):
    ident = sean(world, title="Engineer")
    world.edit(contact(EMAIL), job_title="VP of Engineering")
    world.map.edit(ident, title="vp eng")
    world.exchange()
    done = draft(world, FRESH)
    assert done.differences == []
    [kept] = done.kept
    assert (kept.field, kept.now, kept.then) == ("job_title", "VP of Engineering", "VP of Engineering")
    assert "vp eng" in kept.because


def test_the_same_rows_make_no_difference(world):
    ident = sean(world, title="Engineer")
    world.map.edit(ident, title="Chief")
    world.exchange()
    done = draft(world, NEVER)
    assert (done.arrivals, done.contacts, done.differences) == (2, 1, [])  # as an arrival first, then as a pull


def test_arrivals_of_sources_that_feed_the_map_count_as_what_it_holds(world):
    world.connection.fed_by.add(Source.objects.get(slug=factories.FORM))
    world.arrive(email=EMAIL, first_name="Sean", job_title="Engineer", lead_score="5")
    world.arrive(email=EMAIL, first_name="Sean", job_title="Chief", lead_score="50", lifecycle_stage="mql")
    world.arrive(factories.PAID, email=EMAIL, job_title="Boss")
    done = draft(world, FRESH)
    assert (done.arrivals, done.contacts) == (2, 1)
    assert ("Sean", "job_title", "Engineer", "Chief", 4) in told(done)
    assert [d.field for d in done.differences] == ["job_title"]  # the score is the same row under both


def test_only_the_newest_events_are_looked_at(world):
    for n in range(6):
        world.map.create(email=f"p{n}@acme.example", title="Engineer")
        world.exchange()
    assert [(d.arrivals, d.contacts) for d in (draft(world, FRESH, last=n) for n in (2, 6, 100))] == [
        (2, 2), (6, 6), (6, 6),
    ]  # fmt: skip


def test_nothing_is_written(world):
    ident = sean(world, title="Engineer", stage="mql")
    world.map.edit(ident, title="Chief", optout="true")
    world.exchange()
    version = force(world.connection, FRESH, world.now, draft=True)
    before = dump()
    assert simulate(world.connection, worksheet_of(world.connection, version)).differences
    assert dump() == before


def test_it_tells_what_putting_in_force_and_exchanging_again_does(world):
    ids = [world.map.create(email=f"p{n}@acme.example", title="Engineer", score=str(n)) for n in range(8)]
    world.exchange()
    for n, ident in enumerate(ids):
        world.map.edit(ident, title=f"Chief {n}", score=str(n + 50))
        if n % 3 == 0:
            world.edit(contact(f"p{n}@acme.example"), job_title="VP")
    world.exchange()
    expected = {(d.contact, d.then) for d in draft(world, FRESH).differences}
    before = {c: c.job_title for c in map(contact, (f"p{n}@acme.example" for n in range(8)))}
    world.connection.versions.all().filter(state="draft").delete()
    force(world.connection, FRESH, world.later())
    world.exchange(full=True)
    after = {c: contact(c.email).job_title for c in before}
    assert {(c.pk, after[c]) for c in before if after[c] != before[c]} == expected
    assert len(expected) == 5


def test_a_connection_without_a_worksheet_in_force_is_held_against_none(world):
    world.connection.fed_by.add(Source.objects.get(slug=factories.FORM))
    world.connection.versions.all().delete()
    world.arrive(email=EMAIL, first_name="Sean")
    world.arrive(email=EMAIL, first_name="Sean", job_title="Engineer")
    assert draft(world, ROWS).differences == []


def test_more_contacts_of_a_chunk_need_no_more_queries(world, monkeypatch):
    counts = []
    for n in (3, 30):
        for m in range(n):
            world.map.create(email=f"p{n}.{m}@acme.example", title="Engineer")
        world.exchange()
        version = force(world.connection, FRESH, world.now, draft=True)
        sheet = worksheet_of(world.connection, version)
        with CaptureQueriesContext(database) as queries:
            simulate(world.connection, sheet)
        version.delete()
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_chunks_change_nothing(world, monkeypatch):
    for n in range(7):
        ident = world.map.create(email=f"p{n}@acme.example", title="Engineer")
        world.exchange()
        world.map.edit(ident, title=f"Chief {n}")
        world.exchange()
    whole = told(draft(world, FRESH))
    monkeypatch.setattr(simulating, "CHUNK", 2)
    assert told(draft(world, FRESH)) == whole
    assert len(whole) == 7
