"""Duplicate audits: of a MAP and of the hub, the plan, carrying it out, stopping, going on, and the command."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contacts.models import Contact, NotSame, Review
from contacts.services import leases
from syncrules.connectors.base import Why, Written
from syncrules.connectors.memory import MemoryMap
from syncrules.connectors.trouble import Unavailable
from syncrules.models import Audit, Link
from syncrules.services import audit
from syncrules.services.audit.deciding import NotNow
from tests import factories

from .proving import ANN, Breaks, anns, audited, carried, steps
from .syncing import PROPERTIES, START, World, connect

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(seeded) -> World:
    return connect()


class TestAMap:
    def test_two_records_of_one_address_are_one_too_many(self, world):
        one, two = anns(world)
        world.map.create(email="else@acme.example", firstname="Else", lastname="Berg")
        found = audited(world)
        assert (found.status, found.contacts, found.groups, found.duplicates) == ("ready", 3, 1, 1)
        group = found.found.get()
        assert (group.by, group.shared, group.master, group.others) == ("address", ANN, two, [one])
        assert (group.state, group.why) == ("open", "the most complete: 6 fields filled, the other has 4")

    def test_one_name_at_one_company_waits_for_a_person(self, world):
        world.map.create(email="a@acme.example", firstname="Ann", lastname="Lee")
        world.map.create(email="b@acme.example", firstname="ann", lastname="LEE")
        found = audited(world)
        assert (found.duplicates, found.found.get().by, found.found.get().state) == (1, "name", "ask")

    def test_what_a_field_is_comes_from_the_worksheet_and_else_from_its_label(self, world):
        world.connection.versions.all().delete()
        anns(world)
        assert audited(world).found.get().by == "address"

    def test_all_pages_are_read_however_many(self, world):
        for n in range(450):
            world.map.create(email=f"p{n}@acme.example")
        anns(world)
        found = audited(world)
        assert (found.contacts, found.duplicates, found.read) == (452, 1, 452)

    def test_a_map_that_can_not_be_reached_ends_it_with_the_reason(self, world):
        started = audit.start(world.connection, "Priya", world.later())

        def refuse(connection):
            raise Unavailable("Our MAP answered 503.")

        assert audit.work(started.pk, clock=world.later, connect=refuse)
        started.refresh_from_db()
        assert (started.status, started.problem) == ("failed", "It stopped: Our MAP answered 503.")
        assert started.finished_at is None

    def test_there_is_never_more_than_one_at_work(self, world):
        first = audit.start(world.connection, "Priya", world.later())
        assert audit.start(world.connection, "Imani", world.later()) == first
        holder = leases.new_holder()
        assert leases.take_lease(first.pk, holder, world.now, "reading", ("queued",), Audit)
        assert not audit.work(first.pk, clock=lambda: world.now)

    def test_an_audit_whose_worker_died_is_taken_up_and_stores_its_groups_once(self, world):
        anns(world)
        started = audit.start(world.connection, "Priya", world.later())
        leases.take_lease(started.pk, "elsewhere:1:x", world.now, "reading", ("queued",), Audit)
        assert audit.unfinished(world.now + timedelta(seconds=30)) == []
        assert audit.unfinished(world.now + leases.LEASE * 2) == [started.pk]
        audited(world)
        started.refresh_from_db()
        assert (started.status, started.found.count()) == ("ready", 1)


class TestCarryingOut:
    def test_the_most_complete_record_stays_with_the_gaps_filled_and_the_rate_falls(self, world):
        one, two = anns(world)
        found = carried(world, audited(world))
        assert (found.status, found.gone, found.after.duplicates, found.after.contacts) == ("merged", 1, 0, 1)
        left = world.map.read([one])[one]
        assert left.id == two
        assert (left.values["title"], left.values["phone"]) == ("CTO", "+14155550100")
        assert steps(found) == [("merge", one, True)]
        assert found.found.get().left_over == two

    def test_an_opt_out_of_any_record_stands_before_they_are_merged(self, world):
        anns(world)
        world.map.unsubscribe(ANN)
        found = carried(world, audited(world))
        assert [act for act, _, _ in steps(found)] == ["opt-out", "merge"]
        (left,) = world.map.everybody().values()
        address = left.values["email"]
        assert world.map.subscriptions([address])[address].opted_out

    def test_without_the_opt_out_nothing_is_merged(self, world):
        class Stubborn(MemoryMap):
            def opt_out(self, changes):
                return [Written(c.address, "not allowed", Why.REFUSED) for c in changes]

        world.map = Stubborn(PROPERTIES)
        anns(world)
        world.map.unsubscribe(ANN)
        found = carried(world, audited(world))
        assert len(world.map.everybody()) == 2
        assert (found.found.get().state, found.gone) == ("failed", 0)
        assert "not allowed" in found.found.get().problem

    def test_what_changed_since_so_that_they_share_nothing_is_left_to_a_person(self, world):
        _, two = anns(world)
        found = audited(world)
        world.map.edit(two, email="somebody.else@acme.example")
        carried(world, found)
        assert len(world.map.everybody()) == 2
        assert found.found.get().state == "ask"

    def test_a_newer_value_is_not_overwritten_by_what_the_audit_read(self, world):
        _, two = anns(world)
        found = audited(world)
        world.map.edit(two, title="CEO")
        carried(world, found)
        assert world.map.read([two])[two].values["title"] == "CEO"

    def test_it_stops_where_the_map_can_not_be_reached_and_goes_on_from_there(self, world):
        for n in range(3):
            world.map.create(email=f"p{n}@xn--bcher-kva.example", firstname=f"P{n}", lastname="Lee")
            world.map.create(email=f"p{n}@bücher.example", firstname=f"P{n}", lastname="Lee", title="x")
        found = audited(world)
        carried(world, found, Breaks(world.map, after=1))
        assert (found.status, found.gone) == ("stopped", 1)
        assert "503" in found.problem
        carried(world, found)
        assert (found.status, found.gone, len(world.map.everybody())) == ("merged", 3, 3)
        assert len(steps(found)) == 3

    def test_a_merge_that_was_done_but_not_noted_is_noted_and_not_done_again(self, world):
        one, two = anns(world)
        found = audited(world)
        world.map.join(two, one)
        writes = world.map.writes
        carried(world, found)
        assert (found.status, found.gone, world.map.writes) == ("merged", 1, writes)

    def test_the_links_follow_also_where_the_map_gives_a_new_id(self, world):
        world.map = MemoryMap(PROPERTIES, renumbers=True)
        one, two = anns(world)
        contact = world.arrive(email=ANN, first_name="Ann", last_name="Lee").person
        Link.objects.create(connection=world.connection, contact_id=contact.id, record_id=one, agreed_at=START)
        found = carried(world, audited(world))
        left = found.found.get().left_over
        assert left not in (one, two)
        states = dict(Link.objects.filter(contact_id=contact.id).values_list("record_id", "state"))
        assert states == {one: "merged", left: "linked"}

    def test_only_the_newest_audit_is_carried_out(self, world):
        anns(world)
        old = audited(world)
        audited(world)
        with pytest.raises(NotNow, match="newer"):
            audit.go_on(old.pk, "Priya", world.later())

    def test_stopping_keeps_what_is_merged_and_says_so(self, world):
        anns(world)
        found = audited(world)
        audit.go_on(found.pk, "Priya", world.later())
        assert audit.stop(found.pk)
        found.refresh_from_db()
        assert (found.status, found.problem) == ("stopped", "Stopped.")
        assert not audit.work(found.pk, clock=world.later)


class TestPeopleDecide:
    @pytest.fixture
    def namesakes(self, world):
        a = world.map.create(email="a@acme.example", firstname="Ann", lastname="Lee", title="CTO")
        b = world.map.create(email="b@acme.example", firstname="Ann", lastname="Lee")
        return a, b, audited(world)

    def test_nothing_is_merged_until_somebody_says_that_they_are_one(self, world, namesakes):
        *_, found = namesakes
        carried(world, found)
        assert (found.status, found.gone, found.found.get().state) == ("merged", 0, "ask")

    def test_the_record_that_a_person_chose_stays(self, world, namesakes):
        a, b, found = namesakes
        audit.decide(found.found.get().pk, b, "Tomasz", world.later())
        carried(world, found)
        assert list(world.map.everybody()) == [b]
        assert world.map.read([a])[a].values["title"] == "CTO"

    def test_different_people_stay_and_no_later_audit_counts_them(self, world, namesakes):
        *_, found = namesakes
        audit.leave(found.found.get().pk, "Tomasz", world.later())
        found.refresh_from_db()
        assert (found.after.duplicates, audited(world).duplicates) == (0, 0)

    def test_records_of_two_contacts_wait_until_those_are_merged_whoever_decides(self, world, namesakes):
        a, b, found = namesakes
        for n, ident in enumerate((a, b)):
            contact = world.arrive(email=f"x{n}@else.example", first_name=f"X{n}", last_name="Lee").person
            Link.objects.create(connection=world.connection, contact_id=contact.id, record_id=ident, agreed_at=START)
        found = audited(world)
        with pytest.raises(NotNow, match="merge those first"):
            audit.decide(found.found.get().pk, a, "Tomasz", world.later())
        Link.objects.update(contact=Contact.objects.first())
        audit.decide(found.found.get().pk, a, "Tomasz", world.later())
        assert carried(world, found).gone == 1

    def test_a_record_of_another_group_can_not_be_chosen(self, world, namesakes):
        *_, found = namesakes
        with pytest.raises(NotNow):
            audit.decide(found.found.get().pk, "999", "Tomasz", world.later())

    def test_a_decided_group_can_not_be_decided_again(self, world, namesakes):
        *_, found = namesakes
        audit.leave(found.found.get().pk, "Tomasz", world.later())
        with pytest.raises(NotNow, match="decided"):
            audit.leave(found.found.get().pk, "Tomasz", world.later())


class TestTheHub:
    @pytest.fixture
    def twins(self, world):
        """Two contacts of one name and company, as a merge of two hubs would leave them."""
        for n in (1, 2):
            world.arrive(email=f"p{n}@acme.example", first_name=f"P{n}", last_name="Lee", company="Acme")
        first, second = Contact.objects.order_by("pk")
        Contact.objects.filter(pk=second.pk).update(first_name="P1", person_key=first.person_key, job_title="CTO")
        return first, second

    def hub(self, world) -> Audit:
        started = audit.start(None, "Priya", world.later())
        assert audit.work(started.pk, clock=world.later)
        started.refresh_from_db()
        return started

    def test_one_name_at_one_company_is_found_by_the_stored_key(self, world, twins):
        found = self.hub(world)
        assert (found.contacts, found.groups, found.duplicates) == (2, 1, 1)
        assert found.found.get().records == [c.pk for c in twins]

    def test_one_address_is_found_although_the_table_of_addresses_forbids_it(self, world, twins):
        Contact.objects.update(email="Same@Acme.example", person_key="")
        assert self.hub(world).found.get().by == "address"

    def test_a_name_without_a_company_is_no_evidence(self, world, twins):
        Contact.objects.update(person_key="ann|lee|")
        assert self.hub(world).duplicates == 0

    def test_who_is_known_to_be_somebody_else_is_no_duplicate(self, world, twins):
        low, high = sorted(c.pk for c in twins)
        NotSame.objects.create(low_id=low, high_id=high, said_by_name="Tomasz", said_at=world.now)
        assert self.hub(world).duplicates == 0

    def test_its_groups_go_to_the_review_queue_once(self, world, twins):
        found = carried(world, self.hub(world))
        case = Review.objects.get(kind="pair")
        assert sorted(case.candidates.values_list("contact_id", flat=True)) == [c.pk for c in twins]
        assert (found.status, found.found.get().state) == ("merged", "review")
        carried(world, self.hub(world))
        assert Review.objects.filter(kind="pair").count() == 1


def test_the_hub_is_audited_by_a_fixed_number_of_queries(seeded, django_assert_max_num_queries):
    def grow(count: int, at: int) -> None:
        for n in range(at, at + count):
            factories.one(email=f"p{n}@acme.example", first_name=f"F{n}", last_name="Lee", company="Acme")
        for n, ident in enumerate(Contact.objects.values_list("pk", flat=True)):
            Contact.objects.filter(pk=ident).update(person_key=f"x{n // 2}|lee|acme.example")

    grow(4, 0)
    for at in (4, 24):
        with django_assert_max_num_queries(32):
            audit.work(audit.start(None, "Priya", START).pk)
        grow(20, at)
