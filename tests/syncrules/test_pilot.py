"""A pilot: only its contacts are written, it stops by itself, it ends clean, and it is taken back on both sides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contacts.models import Contact, Source
from syncrules.domain.pilot import MEASURES, BadLimits, limits_of, over
from syncrules.models import Connection, Link, Override, Pilot, PilotWrite
from syncrules.services.going_live import gates, steps
from syncrules.services.going_live.basis import basis_of
from syncrules.services.pilot import starting, taking_back, watching
from syncrules.services.sync import errors
from syncrules.services.sync.errors import Cause, Fault
from tests import factories
from tests.syncrules.sync.faults import Died
from tests.syncrules.sync.kit import AFTER_ANY_REST, Both, address, arrives, both, person

pytestmark = pytest.mark.django_db(transaction=True)
State, Status = Connection.State, Pilot.Status
LIMITS = {m.slug: m.limit for m in MEASURES} | {"lag": 100_000}


def prepared(state: str = State.TESTING) -> Both:
    factories.rules()
    sides = both()
    Connection.objects.update(state=state)
    sides.connection.refresh_from_db()
    lift(sides)
    return sides


def lift(sides: Both) -> None:
    """Every gate that is red is passed, as two people would."""
    connection = sides.connection
    for gate in gates.red(connection, State.LIVE, sides.clock()):
        Override.objects.create(
            connection=connection, gate=gate.slug, said=gate.said, reason="a test", basis=basis_of(connection),
            asked_by_name="One", asked_at=sides.clock(), agreed_by_name="Two", agreed_at=sides.clock(),
        )  # fmt: skip


def begin(sides: Both, size: int = 500, **limits: int) -> Pilot:
    source = Source.objects.get(slug=factories.FORM)
    return starting.start(sides.connection, source, size, LIMITS | limits, "Ops", sides.clock())


def rows(sides: Both) -> dict[str, dict[str, str]]:
    return {r.values.get("email", ""): dict(r.values) for r in sides.map.everybody().values()}


def test_a_pilot_writes_its_contacts_and_nobody_else() -> None:
    sides = prepared()
    arrives(sides, 1)
    arrives(sides, 2)
    sides.world.arrive(factories.PAID, email=address(3), first_name="Third", last_name="Person")
    theirs = sides.map.create(**person(4))
    pilot = begin(sides, size=1)
    sides.round()
    sides.round(full=True)
    assert set(rows(sides)) == {address(2), address(4)}  # the newest of the source, and the MAP's own
    assert not Link.objects.filter(record_id=theirs).exists()
    assert Contact.objects.count() == 3
    assert pilot.size == 1


def test_what_changes_outside_the_segment_waits_until_it_is_live() -> None:
    sides = prepared()
    first = arrives(sides, 1)
    arrives(sides, 2)
    begin(sides, size=1)
    sides.round()
    sides.world.edit(first, job_title="Boss")
    sides.round()
    assert set(rows(sides)) == {address(2)}
    Connection.objects.update(state=State.LIVE)
    sides.round(full=True)
    assert rows(sides)[address(1)]["title"] == "Boss"


def test_an_unsubscribe_outside_the_segment_goes_first_once_it_is_live() -> None:
    sides = prepared()
    out = arrives(sides, 1)
    sides.map.create(**person(1))
    arrives(sides, 2)
    begin(sides, size=1)
    sides.round()
    sides.world.edit(out, lifecycle_stage="unsubscribed")
    sides.round()
    assert not sides.map.subscriptions([address(1)])[address(1)].opted_out
    sides.connection.refresh_from_db()
    watching.look(Pilot.objects.get(), sides.clock() + timedelta(hours=1))
    steps.forward(sides.connection, State.LIVE, "Ops", sides.clock())
    sides.round()
    assert sides.map.subscriptions([address(1)])[address(1)].opted_out


def test_a_pilot_that_ran_its_time_with_everybody_in_step_is_clean() -> None:
    sides = prepared()
    arrives(sides, 1)
    pilot = begin(sides)
    assert watching.look(pilot, sides.clock()).status == Status.RUNNING
    sides.round()
    pilot = watching.look(Pilot.objects.get(), sides.clock() + timedelta(minutes=30))
    assert (pilot.status, pilot.seen["linked"]) == (Status.CLEAN, 1)
    assert "pilot" not in {g.slug for g in gates.gates(sides.connection, State.LIVE, sides.clock()) if not g.good}


@pytest.mark.parametrize("what", ["errors", "duplicates", "lag"])
def test_a_pilot_over_a_limit_stops_by_itself_with_the_reason(what: str) -> None:
    sides = prepared()
    one = arrives(sides, 1)
    pilot = begin(sides, errors=0, duplicates=0, **({"lag": 5} if what == "lag" else {}))
    if what == "errors":
        fault = Fault(str(one), Cause.REFUSED, "It was refused.", contact=one)
        errors.record(sides.connection.pk, [fault], sides.clock())
    elif what == "duplicates":
        Link.objects.create(connection=sides.connection, contact_id=one, record_id="1")
        Link.objects.create(connection=sides.connection, contact_id=one, record_id="2")
    else:
        sides.world.now += timedelta(minutes=1)
    pilot = watching.look(pilot, sides.clock())
    assert pilot.status == Status.STOPPED
    assert "limit" in pilot.reason
    sides.connection.refresh_from_db()
    assert sides.connection.state == State.TESTING
    assert "pilot" in sides.connection.state_reason


def test_taking_back_undoes_what_was_written_on_both_sides() -> None:
    sides = prepared()
    met, new = arrives(sides, 1), arrives(sides, 2)
    record = sides.map.create(**person(1, firstname="Theirs", title="Boss", phone="+442071838750"))
    before = rows(sides)
    pilot = begin(sides)
    for _ in range(3):
        sides.round()
    assert rows(sides) != before
    assert Contact.objects.get(pk=met).job_title == "Boss"
    taking_back.ask(pilot, factories.user("ops"), sides.clock())
    assert taking_back.work(pilot.pk, sides.map, sides.clock)
    pilot.refresh_from_db()
    assert (pilot.status, pilot.left) == (Status.TAKEN_BACK, [])
    assert rows(sides) == before
    contact = Contact.objects.get(pk=met)
    assert (contact.job_title, contact.phone) == ("", "")
    assert contact.history.first().actor == "Ops"
    assert not Link.objects.filter(contact=new).exists()
    assert sides.map.read([record])
    sides.connection.refresh_from_db()
    assert sides.connection.state == State.TESTING


def test_what_somebody_changed_since_stays_and_is_named() -> None:
    sides = prepared()
    met = arrives(sides, 1)
    record = sides.map.create(**person(1, firstname="Theirs", title="Boss"))
    pilot = begin(sides)
    for _ in range(3):
        sides.round()
    sides.world.edit(met, job_title="Chief")
    sides.map.edit(record, firstname="Newer")
    taking_back.ask(pilot, factories.user("ops"), sides.clock())
    taking_back.work(pilot.pk, sides.map, sides.clock)
    pilot.refresh_from_db()
    assert Contact.objects.get(pk=met).job_title == "Chief"
    assert sides.map.read([record])[record].values["firstname"] == "Newer"
    assert any("changed there since" in words for _, words in pilot.left)


class Dies:
    """A MAP in front of which the process is killed at the second call of a kind."""

    def __init__(self, behind: Any, at: str) -> None:
        self._behind, self._at = behind, at

    def __getattr__(self, name: str) -> Any:
        if name == self._at:
            raise Died
        return getattr(self._behind, name)


@pytest.mark.parametrize("call", ["read", "delete", "write"])
def test_a_killed_process_costs_the_taking_back_nothing(call: str) -> None:
    sides = prepared()
    arrives(sides, 1)
    arrives(sides, 2)
    sides.map.create(**person(1, firstname="Theirs", title="Boss"))
    before = rows(sides)
    pilot = begin(sides)
    for _ in range(3):
        sides.round()
    taking_back.ask(pilot, factories.user("ops"), sides.clock())
    with pytest.raises(Died):
        taking_back.work(pilot.pk, Dies(sides.map, call), sides.clock)
    sides.world.now += AFTER_ANY_REST
    assert taking_back.unfinished(sides.clock()) == [pilot.pk]
    assert taking_back.work(pilot.pk, sides.map, sides.clock)
    assert rows(sides) == before
    assert not PilotWrite.objects.filter(undone_at=None).exists()


def test_an_unsubscribe_is_not_taken_back() -> None:
    sides = prepared()
    met = arrives(sides, 1)
    sides.map.create(**person(1))
    pilot = begin(sides)
    sides.round()
    sides.map.unsubscribe(address(1))
    for _ in range(3):
        sides.round()
    assert Contact.objects.get(pk=met).lifecycle_stage_id == "unsubscribed"
    taking_back.ask(pilot, factories.user("ops"), sides.clock())
    taking_back.work(pilot.pk, sides.map, sides.clock)
    pilot.refresh_from_db()
    assert Contact.objects.get(pk=met).lifecycle_stage_id == "unsubscribed"
    assert sides.map.subscriptions([address(1)])[address(1)].opted_out
    assert any("Unsubscribed" in words for _, words in pilot.left)


def test_a_pilot_needs_contacts_a_size_and_the_gates() -> None:
    sides = prepared()
    with pytest.raises(starting.Refused, match="passes the threshold"):
        begin(sides)
    arrives(sides, 1)
    with pytest.raises(starting.Refused, match="between 1 and 500"):
        begin(sides, size=501)
    Override.objects.all().delete()
    with pytest.raises(steps.NotMoved, match="Eight checks"):
        begin(sides)
    assert not Pilot.objects.exists()


def test_limits_are_whole_numbers_and_blank_ones_are_the_usual() -> None:
    assert limits_of({"errors": " 3 ", "lag": ""})["errors"] == 3
    assert limits_of({})["lag"] == 300
    with pytest.raises(BadLimits, match="Errors"):
        limits_of({"errors": "-1"})


def test_each_measure_over_its_limit_is_named() -> None:
    seen = {m.slug: m.limit + 1 for m in MEASURES}
    assert len(over(seen, {m.slug: m.limit for m in MEASURES})) == len(MEASURES)
    assert over({m.slug: m.limit for m in MEASURES}, {}) == []
