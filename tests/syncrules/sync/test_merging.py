"""Merges, unmerges and deletions of the hub are carried out in the MAP, with the values written explicitly."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from contacts.models import Arrival, Contact, Merge
from syncrules.models import Link, Push, SyncError
from syncrules.services.sync import outbox, sending
from tests.syncrules.sync.faults import Fault, once
from tests.syncrules.sync.kit import Both, address, arrives, both

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]


@pytest.fixture(params=[False, True], ids=["the id stays", "a new id"])
def pair(request: pytest.FixtureRequest) -> Both:
    return both(renumbers=request.param)


def send(pair: Both) -> None:
    pair.world.now += timedelta(minutes=20)
    pair.connection.refresh_from_db()
    now = pair.clock()
    sending.drain(pair.connection, pair.connector, lambda: now, threads=0)


def two(pair: Both, **values: str) -> tuple[int, int, str, str]:
    """Two contacts with a record each: their ids, and those of the records."""
    kept, lost = arrives(pair, 1, **values), arrives(pair, 2, job_title="CTO", phone="+14155550123")
    send(pair)
    records = {link.contact_id: link.record_id for link in pair.links()}
    return kept, lost, records[kept], records[lost]


def left(pair: Both) -> Mapping[str, str]:
    (only,) = pair.map.everybody().values()
    return only.values


def test_a_merge_here_is_a_merge_there_and_the_record_holds_what_the_contact_does(pair):
    kept, lost, *_ = two(pair, job_title="VP")
    pair.merge(kept, lost)
    send(pair)
    shown = left(pair)
    assert (shown["email"], shown["firstname"], shown["title"]) == (address(1), "First1", "VP")
    assert shown["phone"] == "+14155550123"
    link = pair.links()[0]
    assert (link.contact_id, link.record_id) == (kept, next(iter(pair.map.everybody())))
    assert Push.objects.count() == 0


def test_the_ids_of_both_records_lead_to_the_one_that_is_left(pair):
    kept, lost, ours, theirs = two(pair)
    pair.merge(kept, lost)
    send(pair)
    (record,) = pair.map.everybody()
    merged = {link.record_id: link.into for link in pair.links(Link.State.MERGED)}
    assert merged == dict.fromkeys({ours, theirs} - {record}, record)


def test_a_second_record_that_finds_a_contact_becomes_one_with_its_first(pair):
    """Also where neither side has any other news of the two."""
    contact = arrives(pair, 1)
    pair.edit_email(contact, address(10))
    pair.round()
    pair.map.create(email=address(1), firstname="First1", lastname="Last1", stage="lead")
    pair.settle(2)
    assert [link.contact_id for link in pair.links()] == [contact]
    assert len(pair.map.everybody()) == 1


def test_every_value_that_the_hub_answers_for_is_written_out(pair):
    """Which values survive is the MAP's affair: here the other record's would."""
    kept, lost, *_ = two(pair, job_title="VP")
    join = pair.map.join

    def the_other_way(primary, other):
        values = dict(pair.map.read([other])[other].values)
        record = join(primary, other)
        pair.map.edit(record, **{n: t for n, t in values.items() if n in ("title", "firstname", "lastname")})
        return record

    pair.map.join = the_other_way
    pair.merge(kept, lost)
    send(pair)
    assert (left(pair)["title"], left(pair)["firstname"]) == ("VP", "First1")


def test_what_the_map_keeps_fresh_is_what_the_record_that_is_left_says(pair):
    """The two records said different things: the contact has the last of them, and the merge may leave the other."""
    kept, lost, ours, theirs = two(pair)
    pair.map.edit(ours, score="1")
    pair.round()
    pair.merge(kept, lost)
    pair.map.edit(theirs, score="40")
    for _ in range(3):
        pair.round()
    assert str(int(Contact.objects.get(pk=kept).lead_score)) == left(pair)["score"]


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNSENT, Fault.DOWN])
def test_a_merge_with_an_unknown_outcome_is_done_once(pair, fault):
    kept, lost, *_ = two(pair)
    pair.merge(kept, lost)
    pair.connector.draw = once("merge", fault)
    send(pair), send(pair)
    assert len(pair.map.everybody()) == 1
    assert len(pair.links()) == 1
    assert Push.objects.count() == 0


def test_a_merge_of_somebody_who_unsubscribed_opts_all_their_addresses_out_first(pair):
    kept, lost, *_ = two(pair)
    pair.world.edit(lost, lifecycle_stage="unsubscribed")
    pair.merge(kept, lost)
    assert Contact.objects.get(pk=kept).lifecycle_stage_id == "unsubscribed"
    pair.connector.calls.clear()
    send(pair)
    before = pair.connector.calls[: pair.connector.calls.index("merge")]
    assert set(before) == {"opt_out"}
    assert left(pair)["optout"] == "true"
    assert all(state.opted_out for state in pair.map.subscriptions([address(1), address(2)]).values())


def test_a_merge_of_which_only_one_has_a_record_moves_the_record_and_merges_nothing(pair):
    one = arrives(pair, 1)
    send(pair)
    record = Link.objects.get().record_id
    kept = pair.world.arrive(first_name="Ann", last_name="Lee", company="Acme", phone="+14155550188").person.id
    pair.merge(kept, one)
    send(pair)
    assert "merge" not in pair.connector.calls
    assert (pair.links()[0].contact_id, pair.links()[0].record_id) == (kept, record)


def test_three_records_of_one_contact_become_one(pair):
    ids = [arrives(pair, number) for number in (1, 2, 3)]
    send(pair)
    pair.merge(ids[0], ids[1])
    pair.merge(ids[0], ids[2])
    send(pair)
    assert len(pair.map.everybody()) == 1
    assert [link.contact_id for link in pair.links()] == [ids[0]]


def test_a_merge_taken_back_before_the_map_heard_of_it_changes_nothing_there(pair):
    kept, lost, ours, theirs = two(pair)
    merge = pair.merge(kept, lost)
    pair.unmerge(merge.pk)
    send(pair)
    assert set(pair.map.everybody()) == {ours, theirs}
    assert {link.contact_id: link.record_id for link in pair.links()} == {kept: ours, lost: theirs}


def test_a_merge_taken_back_after_it_was_done_there_needs_a_person_and_crosses_no_link(pair):
    kept, lost, *_ = two(pair)
    merge = pair.merge(kept, lost)
    send(pair)
    pair.unmerge(merge.pk)
    assert Merge.objects.get().undone_at
    send(pair), send(pair)
    assert len(pair.map.everybody()) == 1
    assert [link.contact_id for link in pair.links()] == [kept]
    assert [(e.cause, e.contact_id) for e in SyncError.objects.filter(solved_at=None)] == [("merged-there", lost)]
    assert left(pair)["firstname"] == "First1"


def test_a_contact_that_was_merged_while_it_was_made_there_leaves_its_record_to_the_one_that_is_left(pair):
    kept = arrives(pair, 1)
    send(pair)
    lost = arrives(pair, 2)
    upsert = pair.map.upsert

    def meanwhile(records):
        made = upsert(records)
        if not Merge.objects.exists():
            pair.merge(kept, lost)
        return made

    pair.map.upsert = meanwhile
    send(pair)
    send(pair), send(pair)
    assert len(pair.map.everybody()) == 1
    assert [link.contact_id for link in pair.links()] == [kept]


def test_a_record_that_was_made_for_a_contact_that_is_no_more_goes_again(pair):
    one = arrives(pair, 1)
    upsert = pair.map.upsert

    def meanwhile(records):
        made = upsert(records)
        Arrival.objects.update(contact=None)
        Contact.objects.filter(pk=one).delete()
        return made

    pair.map.upsert = meanwhile
    send(pair), send(pair)
    assert not pair.map.everybody()
    assert not Link.objects.exists()
    assert not Push.objects.exists()


def test_a_deletion_is_carried_out_and_deleting_what_is_gone_is_done_too(pair):
    arrives(pair, 1), arrives(pair, 2)
    send(pair)
    first, second = [link.record_id for link in pair.links()]
    outbox.delete_records(pair.connection.pk, [first, second], pair.clock())
    pair.map.remove(second)
    send(pair)
    assert not pair.map.everybody()
    assert Push.objects.count() == 0
    assert len(pair.links(Link.State.GONE)) == 2
