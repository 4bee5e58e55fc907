"""What was not taken: one open row for each thing and field, until it went through or somebody had it tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from syncrules.connectors.base import Why
from syncrules.models import Look, Push, SyncError
from syncrules.services.sync import errors, retrying, sending
from syncrules.services.sync.errors import Cause, Fault, Way
from tests.syncrules.sync.kit import Both, address, arrives, both
from tests.syncrules.syncing import START

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]
LATER = START + timedelta(hours=1)


@pytest.fixture
def pair() -> Both:
    return both()


def fault(subject: str = "7", cause: Cause = Cause.INVALID, **more) -> Fault:
    return Fault(subject, cause, "The MAP does not take it.", **more)


def open_errors() -> list[tuple[str, str, int]]:
    found = SyncError.objects.filter(solved_at=None).order_by("subject", "field")
    return [(e.subject, e.field, e.times) for e in found]


def send(pair: Both) -> None:
    pair.connection.refresh_from_db()
    now = pair.clock()
    sending.drain(pair.connection, pair.connector, lambda: now, threads=0)


def test_the_same_again_counts_up_and_says_what_is_so_now(pair):
    errors.record(pair.connection.pk, [fault(field="phone", value="1")], START)
    errors.record(pair.connection.pk, [fault(field="phone", value="2", sent={"a": 1}), fault("8")], LATER)
    assert open_errors() == [("7", "phone", 2), ("8", "", 1)]
    one = SyncError.objects.get(subject="7")
    assert (one.value, one.first_at, one.last_at, one.sent) == ("2", START, LATER, {"a": 1})


def test_fields_of_one_contact_and_the_two_ways_are_errors_of_their_own(pair):
    faults = [fault(field="phone"), fault(field="title"), fault(way=Way.TO_HUB)]
    errors.record(pair.connection.pk, faults, START)
    assert SyncError.objects.count() == 3


def test_what_went_through_is_solved_but_for_what_still_is_wrong(pair):
    errors.record(pair.connection.pk, [fault(field="phone"), fault(field="title"), fault("8")], START)
    errors.solve(pair.connection.pk, ["7"], LATER, but=[fault(field="title")], by="Olga")
    assert open_errors() == [("7", "title", 1), ("8", "", 1)]
    solved = SyncError.objects.exclude(solved_at=None).get()
    assert (solved.field, solved.solved_by) == ("phone", "Olga")
    errors.record(pair.connection.pk, [fault(field="phone")], LATER)
    assert ("7", "phone", 1) in open_errors()


def test_many_errors_cost_as_many_statements_as_few(pair):
    def statements(number: int) -> int:
        with CaptureQueriesContext(database) as queries:
            errors.record(pair.connection.pk, [fault(str(n)) for n in range(number)], START)
            errors.solve(pair.connection.pk, [str(n) for n in range(number)], START)
        return len(queries)

    assert statements(3) == statements(50)


def test_one_or_all_are_tried_again_and_solved_when_they_go_through(pair):
    ids = [arrives(pair, number) for number in range(3)]
    pair.connector.refuse = lambda key, values: Why.REFUSED
    send(pair)
    assert Push.objects.filter(parked=True).count() == 3
    pair.connector.refuse = lambda key, values: None
    first = SyncError.objects.get(contact_id=ids[0])
    assert retrying.retry(pair.connection, [first.pk], pair.clock()) == 1
    send(pair)
    assert [subject for subject, _, _ in open_errors()] == sorted(map(str, ids[1:]))
    assert retrying.retry(pair.connection, None, pair.clock()) == 2
    send(pair)
    assert open_errors() == []
    assert len(pair.map.everybody()) == 3


def test_what_trying_again_can_not_mend_is_left_alone(pair):
    faults = [fault(cause=Cause.MERGED_THERE), fault("cursor", Cause.CURSOR, way=Way.TO_HUB)]
    errors.record(pair.connection.pk, faults, START)
    assert retrying.retry(pair.connection, None, START) == 0
    assert not Push.objects.exists()


def test_every_kind_is_put_back_to_its_own_work(pair):
    one = arrives(pair, 1)
    Push.objects.all().delete()
    faults = [
        fault(str(one)),
        fault(address(1), kind="opt-out"),
        fault("901", kind="delete"),
        fault("902", way=Way.TO_HUB),
    ]
    errors.record(pair.connection.pk, faults, START)
    assert retrying.retry(pair.connection, None, START) == 4
    assert sorted(Push.objects.values_list("kind", "subject")) == [
        ("delete", "901"), ("opt-out", address(1)), ("record", str(one)),
    ]  # fmt: skip
    assert [look.record_id for look in Look.objects.all()] == ["902"]


def test_what_was_sent_and_answered_is_kept_and_is_of_that_contact_alone(pair):
    ids = [arrives(pair, number) for number in range(2)]
    pair.connector.refuse = lambda key, values: Why.REFUSED if key == address(0) else None
    send(pair)
    one = SyncError.objects.get()
    assert one.contact_id == ids[0]
    assert one.sent["values"]["firstname"] == "First0"
    assert one.answered == {"why": "refused", "said": "the MAP does not take this"}
    assert "First1" not in str(one.sent)
