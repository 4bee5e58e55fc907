"""Taking a pilot back when things go wrong: outages, killed workers, and what others did in the meantime."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contacts.models import Contact
from syncrules.connectors.base import Why, Written
from syncrules.connectors.trouble import Unavailable
from syncrules.models import Connection, Link, Pilot, PilotWrite
from syncrules.services.going_live import steps
from syncrules.services.pilot import starting, taking_back, watching
from syncrules.services.sync import sending
from tests import factories
from tests.syncrules.sync.faults import Died
from tests.syncrules.sync.kit import AFTER_ANY_REST, Both, address, arrives, person
from tests.syncrules.test_pilot import begin, prepared, rows

pytestmark = pytest.mark.django_db(transaction=True)


class Front:
    """A MAP with some calls of its own in front of it."""

    def __init__(self, behind: Any, **own: Any) -> None:
        self._behind = behind
        for name, call in own.items():
            setattr(self, name, call)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)


def run(sides: Both) -> None:
    for _ in range(3):
        sides.round()


def take_back(sides: Both, pilot: Pilot, connector: Any = None) -> Pilot:
    pilot.refresh_from_db()
    if pilot.status != Pilot.Status.TAKING_BACK:
        taking_back.ask(pilot, factories.user("ops"), sides.clock())
    taking_back.work(pilot.pk, connector or sides.map, sides.clock)
    pilot.refresh_from_db()
    return pilot


def test_an_outage_in_the_middle_is_tried_again() -> None:
    sides = prepared()
    arrives(sides, 1)
    pilot = begin(sides)
    run(sides)
    assert rows(sides)

    def delete(ids: list[str]) -> list[Written]:
        return [Written(i, "down", Why.LATER, trouble=Unavailable("down")) for i in ids]

    assert take_back(sides, pilot, Front(sides.map, delete=delete)).status == Pilot.Status.TAKING_BACK
    sides.world.now += AFTER_ANY_REST
    assert take_back(sides, pilot).status == Pilot.Status.TAKEN_BACK
    assert rows(sides) == {}


def test_killed_after_the_map_deleted_no_link_to_nothing_is_left() -> None:
    sides = prepared()
    arrives(sides, 1)
    pilot = begin(sides)
    run(sides)

    def delete(ids: list[str]) -> None:
        sides.map.delete(ids)
        raise Died

    with pytest.raises(Died):
        take_back(sides, pilot, Front(sides.map, delete=delete))
    sides.world.now += AFTER_ANY_REST
    take_back(sides, pilot)
    assert not Link.objects.exists()


def test_what_a_form_brought_meanwhile_is_what_is_put_back() -> None:
    sides = prepared()
    met, record = arrives(sides, 1), sides.map.create(**person(1))
    pilot = begin(sides)
    run(sides)
    sides.world.arrive(email=address(1), job_title="From a form")
    run(sides)
    sides.map.edit(record, title="From the MAP")
    run(sides)
    assert Contact.objects.get(pk=met).job_title == "From the MAP"
    take_back(sides, pilot)
    assert Contact.objects.get(pk=met).job_title == "From a form"


def test_what_a_person_changed_here_is_named() -> None:
    sides = prepared()
    met = arrives(sides, 1)
    sides.map.create(**person(1, title="Boss"))
    pilot = begin(sides)
    run(sides)
    sides.world.edit(met, job_title="Chief")
    assert any("Job title" in words for _, words in take_back(sides, pilot).left)


def test_what_is_paused_from_live_is_not_taken_back() -> None:
    sides = prepared()
    arrives(sides, 1)
    pilot = begin(sides)
    run(sides)
    Connection.objects.update(state="paused", paused_from="live")
    with pytest.raises(starting.Refused, match="is live"):
        taking_back.ask(pilot, factories.user("ops"), sides.clock())


def test_a_clean_pilot_is_watched_until_it_is_live() -> None:
    sides = prepared()
    one = arrives(sides, 1)
    begin(sides)
    run(sides)
    pilot = watching.look(Pilot.objects.get(), sides.clock() + timedelta(hours=1))
    assert pilot.status == Pilot.Status.CLEAN
    Link.objects.create(connection=sides.connection, contact_id=one, record_id="x1")
    watching.watch(sides.clock() + timedelta(hours=2))
    pilot.refresh_from_db()
    assert pilot.status == Pilot.Status.STOPPED


def test_a_pilot_that_stops_while_paused_goes_on_in_testing() -> None:
    sides = prepared()
    arrives(sides, 1)
    pilot = begin(sides)
    steps.pause(Connection.objects.get(), "Ops", "a move", sides.clock())
    starting.end(pilot, "Ops", sides.clock())
    steps.go_on(Connection.objects.get(), "Ops", sides.clock())
    assert Connection.objects.get().state == Connection.State.TESTING


def test_a_member_whose_record_was_deleted_there_does_not_keep_it_from_ending() -> None:
    sides = prepared()
    arrives(sides, 1)
    begin(sides)
    run(sides)
    sides.map.remove(Link.objects.get().record_id)
    run(sides)
    pilot = watching.look(Pilot.objects.get(), sides.clock() + timedelta(hours=1))
    assert pilot.status == Pilot.Status.CLEAN


def test_a_record_that_a_search_did_not_show_is_not_blanked() -> None:
    sides = prepared()
    arrives(sides, 1, phone="+442071838750")
    sides.map.create(**person(1, firstname="Theirs", firm="Their firm"))
    pilot = begin(sides)
    late = Front(sides.map, find=lambda emails: {}, batch=sides.map.batch)
    sides.connection.refresh_from_db()
    sending.drain(sides.connection, late, sides.clock, threads=0)
    assert PilotWrite.objects.exists()
    assert take_back(sides, pilot).left
    assert rows(sides)[address(1)]["lastname"] == "Last1"


def test_a_record_that_was_merged_away_is_named() -> None:
    sides = prepared()
    arrives(sides, 1)
    pilot = begin(sides)
    run(sides)
    record, other = Link.objects.get().record_id, sides.map.create(**person(9))
    sides.map.merge(other, record, {})
    assert take_back(sides, pilot).left


def test_what_is_noted_after_it_was_taken_back_is_taken_back_too() -> None:
    sides = prepared()
    arrives(sides, 1)
    pilot = begin(sides)
    run(sides)
    take_back(sides, pilot)
    record = sides.map.create(**person(5))
    PilotWrite.objects.create(pilot=pilot, contact_id=1, record_id=record, made=True, at=sides.clock())
    assert taking_back.unfinished(sides.clock()) == [pilot.pk]
    take_back(sides, pilot)
    assert rows(sides) == {}
