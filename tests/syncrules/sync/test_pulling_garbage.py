"""Pulling what is no record or no answer: no other record pays for it, and the next pull goes on from there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from contacts.models import Contact
from syncrules.connectors.base import Page, Record
from syncrules.connectors.trouble import Garbled
from syncrules.models import Connection, Link
from syncrules.services.sync import pulling
from tests.syncrules.sync.incoming import Map, pull, told
from tests.syncrules.sync.kit import Both, address, both, person
from tests.syncrules.syncing import contact

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]


@pytest.fixture
def sides() -> Both:
    return both()


def test_a_record_that_makes_us_fail_is_set_aside_and_the_others_go_on(sides, monkeypatch):
    for n in range(20):
        sides.map.create(**person(n))
    shown = pulling.links.shown_of

    def failing(record: Record) -> dict[str, str]:
        if record.values["email"] == address(13):
            raise RecursionError("nested too deep")
        return shown(record)

    monkeypatch.setattr(pulling.links, "shown_of", failing)
    done = pull(sides)
    assert (done.pulled, done.errors) == (19, 1)
    assert told(sides) == ["poison"]
    sides.connection.refresh_from_db()
    assert sides.connection.pulled_at is not None


GARBAGE: Sequence[Any] = (
    {"email": "a" * 100_000},
    {"email": "x@y.example", "title": "\x00\ud800"},
    {"score": "9" * 5000},
    {"stage": "[" * 1000 + "]" * 1000},
    {"email": "<html><body>502</body></html>"},
    {"email": "b@c.example", "score": "NaN", "optout": "perhaps", "phone": "☎"},
    {"title": "x" * 2_000_000, "email": "long@firm.example"},
    {"": "", "email": "nameless@firm.example"},
    {"email": "nested@firm.example", "title": {"a": [1, {"b": None}]}},
    {"email": 17, "score": [1]},
    {"email": None, "title": None},
)


@pytest.mark.parametrize("values", GARBAGE)
def test_garbage_from_a_map_costs_no_other_record_anything_and_leaves_nothing_half_written(sides, values):
    class Garbage(Map):
        def changes(self, cursor: str, limit: int) -> Page:
            good = Record("900", person(1))
            bad = Record("901", values)
            return Page([Record("899", person(2)), bad, good], "1", more=False)

        def read(self, ids: Any) -> Any:
            return {}

    pull(sides, Garbage(sides.map))
    assert contact(address(1))
    assert contact(address(2))
    sides.connection.refresh_from_db()
    assert sides.connection.cursor == "1"
    for link in Link.objects.all():
        assert link.contact.history.exists()


def test_an_answer_that_is_no_answer_makes_the_connection_rest_and_loses_nothing(sides):
    class Broken(Map):
        def changes(self, cursor: str, limit: int) -> Page:
            raise Garbled("HubSpot answered with a web page.")

    sides.map.create(**person(1))
    pull(sides, Broken(sides.map))
    sides.connection.refresh_from_db()
    assert (sides.connection.failures, sides.connection.trouble) == (1, "HubSpot answered with a web page.")
    Connection.objects.update(again_at=sides.world.now + timedelta(minutes=1))
    assert pull(sides).pulled == 0  # it rests
    sides.world.now += timedelta(minutes=20)
    assert pull(sides).pulled == 1
    sides.connection.refresh_from_db()
    assert (sides.connection.failures, sides.connection.trouble) == (0, "")


def test_what_was_pulled_before_the_map_failed_stays_and_the_next_pull_goes_on_from_there(sides):
    class Breaks(Map):
        def changes(self, cursor: str, limit: int) -> Page:
            if cursor:
                raise Garbled("cut off")
            return self.behind.changes(cursor, 3)

    for n in range(6):
        sides.map.create(**person(n))
    pull(sides, Breaks(sides.map))
    sides.connection.refresh_from_db()
    assert (Contact.objects.count(), sides.connection.cursor) == (3, "3")
