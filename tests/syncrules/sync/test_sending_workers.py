"""Workers at one outbox: our own failures, deaths, lost leases and garbage cost one contact at most its turn."""

from __future__ import annotations

from dataclasses import replace
from threading import Thread

import pytest
from django.db import connections

from contacts.models import Contact
from contacts.services.leases import new_holder
from syncrules.connectors.hubspot import Timing
from syncrules.models import Connection, Link, Look, Push, SyncError
from syncrules.services.sync import outbox, preparing, sending
from tests.patience import comes_to_an_end
from tests.syncrules.connectors.answering import Said, serving
from tests.syncrules.connectors.benches import hubspot
from tests.syncrules.sync.kit import Both, arrives, both
from tests.syncrules.sync.outgoing import later, send, there

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]


@pytest.fixture
def pair() -> Both:
    return both()


# --- workers ---


def test_work_of_ours_that_fails_on_one_contact_sets_that_one_aside_and_no_other(pair, monkeypatch):
    ids = [arrives(pair, number) for number in range(8)]
    judge = preparing.judge_record

    def fails_on_one(terms, whom, told):
        if whom.id == ids[3]:
            raise ValueError("this one is odd")
        return judge(terms, whom, told)

    monkeypatch.setattr(preparing, "judge_record", fails_on_one)
    send(pair)
    assert len(pair.map.everybody()) == 7
    assert [(e.cause, e.contact_id) for e in SyncError.objects.all()] == [("poison", ids[3])]
    assert [int(row.subject) for row in Push.objects.filter(parked=True)] == [ids[3]]


def test_a_contact_on_which_workers_die_is_set_aside_after_the_third(pair):
    ids = [arrives(pair, number) for number in range(3)]
    at = pair.clock()
    for _ in range(3):
        outbox.lease(pair.connection.pk, "elsewhere:1:a", at, 1)
        at += outbox.LEASE * 2
    pair.world.now = at
    send(pair)
    assert [(e.cause, e.contact_id) for e in SyncError.objects.all()] == [("poison", ids[0])]
    assert {link.contact_id for link in pair.links()} == set(ids[1:])


def test_a_change_while_the_old_value_is_under_way_is_sent_after_it(pair):
    one = arrives(pair, 1)
    send(pair)
    pair.world.edit(one, job_title="A")
    write = pair.map.write

    def meanwhile(changes):
        done = write(changes)
        if changes[0][1] == {"title": "A"}:
            pair.world.edit(one, job_title="B")
        return done

    pair.map.write = meanwhile
    send(pair)
    assert (there(pair, one)["title"], Push.objects.get().tries) == ("A", 0)
    later(pair)
    assert there(pair, one)["title"] == "B"
    assert Push.objects.count() == 0


def test_a_worker_that_lost_its_lease_has_the_record_looked_at(pair):
    one = arrives(pair, 1)
    send(pair)
    pair.world.edit(one, job_title="A")
    write = pair.map.write

    def slow(changes):
        Push.objects.update(lease_holder=new_holder())
        return write(changes)

    pair.map.write = slow
    send(pair)
    assert Push.objects.count() == 1
    assert Look.objects.get().record_id == Link.objects.get().record_id


def test_what_the_map_showed_after_our_write_is_newer_than_the_answer_to_it(pair):
    one = arrives(pair, 1)
    send(pair)
    pair.world.edit(one, job_title="A")
    write = pair.map.write

    def overtaken(changes):
        Link.objects.update(stamp="2026-03-02T10:00:05Z")  # a pull stored what somebody changed there since
        return [replace(written, changed_at="2026-03-02T10:00:04Z") for written in write(changes)]

    pair.map.write = overtaken
    send(pair)
    assert Look.objects.get().record_id == Link.objects.get().record_id


@pytest.mark.django_db(transaction=True)
def test_four_workers_leave_the_last_value_of_every_contact_in_the_map():
    pair = both()
    ids = [arrives(pair, number) for number in range(60)]
    workers = [Thread(target=_work, args=(pair,)) for _ in range(4)]
    for round_ in range(10):
        for ident in ids[round_::5]:
            Contact.objects.filter(pk=ident).update(job_title=f"T{round_}")
            outbox.enqueue([pair.connection.pk], [ident], pair.clock())
        if round_ == 2:
            for worker in workers:
                worker.start()
    for worker in workers:
        worker.join()
    later(pair)
    assert len(pair.map.everybody()) == 60
    titles = dict(Contact.objects.values_list("pk", "job_title"))
    assert all(there(pair, ident).get("title", "") == titles[ident] for ident in ids)
    assert Push.objects.filter(parked=False).count() == 0


def _work(pair: Both) -> None:
    try:
        for _ in range(5):
            connection = Connection.objects.get(pk=pair.connection.pk)
            sending.drain(connection, pair.connector, pair.clock, threads=2)
    finally:
        connections.close_all()


# --- garbage ---

GARBAGE = {
    "a web page": Said(200, b"<html><body>Sign in</body></html>", {"Content-Type": "text/html"}),
    "nothing": Said(200, b""),
    "wrong types": Said(200, b'{"results": {"id": 7}}'),
    "records without ids": Said(200, b'{"results": [{"properties": {}}, {"id": {}}]}'),
    "values that are objects": Said(200, b'{"results": [{"id": "1", "properties": {"email": {"a": 1}}}]}'),
    "nested a thousand deep": Said(200, b"[" * 1000 + b"]" * 1000),
    "deep inside": Said(200, b'{"results": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "huge": Said(200, b'{"results": [' + b" " * 6_000_000 + b"]}"),
    "half": Said(200, b'{"results": [{"id": "1", "prop'),
    "others' records": Said(200, b'{"results": [{"id": "991"}, {"id": "992"}, {"id": "993"}]}'),
    "an error without a shape": Said(500, b"\xff\xfe\x00"),
    "a refusal without a shape": Said(400, b"no"),
    "a list of errors that are numbers": Said(207, b'{"results": [], "numErrors": 2, "errors": [1, 2]}'),
}


@pytest.mark.parametrize("kind", sorted(GARBAGE))
def test_garbage_instead_of_answers_kills_no_worker_and_stores_no_half(pair, kind):
    ids = [arrives(pair, number) for number in range(3)]
    send(pair)
    for ident in ids:
        pair.world.edit(ident, job_title="VP")
    before = list(Link.objects.order_by("pk").values())
    with serving(lambda asked: GARBAGE[kind]) as server:
        connector = hubspot(server.url, Timing(sleep=lambda _: None), tries=2)
        with comes_to_an_end():
            send(pair, connector)
        connector.close()
    left = Push.objects.filter(lease_holder="")
    assert left.count() == 3
    assert [row["seen"] for row in Link.objects.order_by("pk").values()] == [row["seen"] for row in before]
    outbox.unpark(pair.connection.pk, pair.clock())
    later(pair)
    assert all(there(pair, ident)["title"] == "VP" for ident in ids)
