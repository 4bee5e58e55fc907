"""A merge is taken back: both people as they were, what came since on its side, and what has no side is asked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied

from contacts.domain.origins import origin_of
from contacts.models import Address, Arrival, Contact, Merge, NotSame, Review
from contacts.services import listeners, merging
from contacts.services.addresses import add_address, make_primary, remove_alias
from contacts.services.people import Invalid
from tests.contacts.deciding import NOW, held, person, seed, send
from tests.contacts.merging import (
    LATER,
    LATEST,
    addresses,
    check_sound,
    edit,
    fresh,
    his_other,
    history,
    hub,
    merge,
    sean,
    unmerge,
)

pytestmark = pytest.mark.django_db
SINCE = LATER + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _hub() -> None:
    seed()


def together(**more: str) -> tuple[Contact, Contact, Merge]:
    """Two contacts, and their merge."""
    kept, lost = sean(), his_other(**more)
    return kept, lost, merge(kept, lost)[0]


class TestBothAreAsTheyWere:
    def test_with_nothing_in_between_it_is_as_if_the_merge_had_never_been(self):
        kept, lost = sean(), his_other(occurred_at="2026-02-01")
        edit(lost, lifecycle_stage="SQL", lead_score="7")
        add_address(lost.pk, "third@home.example", user=person("sales"), at=NOW)
        send(email="sob@home.example", first_name="Zoe", last_name="Quist")
        before = hub()
        unmerge(merge(kept, lost)[0])
        assert hub() == before
        check_sound()

    @pytest.mark.parametrize("turned", [False, True])
    def test_also_where_one_of_them_has_no_address(self, turned):
        both = [sean(), send(first_name="Sean", last_name="Ray", company="Acme", phone="+12125550101").contact]
        kept, lost = reversed(both) if turned else both
        before = hub()
        unmerge(merge(kept, lost)[0])
        assert hub() == before

    def test_also_after_picks(self):
        kept, lost = sean(), his_other(country="FR")
        before = hub()
        unmerge(merge(kept, lost, country=lost, email=lost, job_title=kept)[0])
        assert hub() == before

    def test_also_where_cases_name_them(self):
        kept = held().review.candidates.get().contact
        lost = his_other()
        pair = Review.objects.create(kind="pair", waiting_key=f"d:{kept.pk}-{lost.pk}", rule="x", opened_at=NOW)
        for contact in (kept, lost):
            pair.candidates.create(contact=contact)
        before = hub()
        unmerge(merge(kept, lost)[0], apart=False)
        assert hub() == before

    def test_a_chain_comes_apart_link_by_link(self):
        first, second, third = sean(), his_other(), send(email="third@x.example", job_title="Buyer").contact
        states, done = [], []
        for kept, lost in ((second, third), (first, second)):
            states.append(hub())
            done += merge(kept, lost)
        for merged, before in zip(reversed(done), reversed(states), strict=True):
            unmerge(merged)
            assert hub() == before

    def test_histories_say_so_and_who_listens_hears_of_it(self, monkeypatch):
        kept, lost, done = together()
        told = []
        monkeypatch.setattr(listeners, "_ALL", [told.append])
        unmerge(done)
        assert history(kept.pk)[-1] == ("~", f"merge {done.pk} taken back")
        assert history(lost.pk)[-1] == ("+", f"merge {done.pk} taken back")
        assert [(sorted(one.contacts), list(one.removed)) for one in told] == [(sorted([kept.pk, lost.pk]), [])]

    def test_it_remembers_that_they_are_two(self):
        kept, lost, done = together()
        unmerge(done)
        said = NotSame.objects.get()
        assert ({said.low_id, said.high_id}, said.merge_id) == ({kept.pk, lost.pk}, done.pk)
        again = merge(kept, lost)[0]
        unmerge(again)
        assert NotSame.objects.count() == 1

    def test_undoing_a_decision_says_nothing_about_the_two(self):
        unmerge(together()[2], apart=False)
        assert not NotSame.objects.exists()

    def test_a_form_that_was_open_before_the_merge_finds_another_version(self):
        _, lost, done = together()
        unmerge(done)
        assert fresh(lost).version == lost.version + 1

    def test_the_second_time_it_says_who_did_it(self):
        _, _, done = together()
        unmerge(done)
        with pytest.raises(merging.MergeRefused, match="taken back already, by Tomasz Zieliński"):
            unmerge(done)


class TestWhatCameSince:
    def test_an_arrival_goes_to_whom_its_address_belongs_with_what_it_filled(self):
        kept, lost, done = together()
        theirs = send(email="sob@home.example", phone="+12125550101", occurred_at="2026-03-18", at=SINCE)
        mine = send(email="sean@acme.example", lead_score="9", at=SINCE)
        unmerge(done)
        kept, lost = fresh(kept), fresh(lost)
        assert ((kept.phone, kept.lead_score), (lost.phone, lost.lead_score)) == (("", 9), ("+12125550101", None))
        assert origin_of(lost.origins, "phone").writer.arrival == theirs.pk
        assert [fresh_arrival(a).contact_id for a in (theirs, mine)] == [lost.pk, kept.pk]
        assert (kept.last_activity, lost.last_activity.day) == (None, 18)

    def test_what_came_before_the_merge_stays_where_it_was_whosever_the_address_is_by_now(self):
        kept, lost = sean(), his_other()
        add_address(kept.pk, "moved@x.example", user=person("sales"), at=NOW)
        arrival = send(email="moved@x.example")
        remove_alias(kept.pk, Address.objects.get(key="moved@x.example").pk, user=person("sales"), at=NOW)
        add_address(lost.pk, "moved@x.example", user=person("sales"), at=NOW)
        unmerge(merge(kept, lost)[0])
        assert fresh_arrival(arrival).contact_id == kept.pk

    def test_what_a_person_wrote_stays_is_listed_and_asked(self):
        kept, lost, done = together()
        edit(kept, job_title="CTO", at=SINCE)
        plan = merging.plan_unmerge(done.pk)
        assert [(p.name, p.now, p.kept, p.lost, p.side) for p in plan.unplaced] == [
            ("job_title", "CTO", "CTO", "VP", "kept")
        ]
        unmerge(done)
        assert (fresh(kept).job_title, fresh(lost).job_title) == ("CTO", "VP")
        assert Merge.objects.get().unplaced == [["job_title", "CTO", "kept"]]

    def test_a_person_may_say_that_it_is_about_the_other_one(self):
        kept, lost, done = together()
        edit(kept, job_title="CTO", at=SINCE)
        unmerge(done, place={"job_title": "lost"})
        assert (fresh(kept).job_title, fresh(lost).job_title) == ("", "CTO")
        assert origin_of(fresh(lost).origins, "job_title").writer.name == "Dana Whitfield"

    def test_many_edits_on_top_stay_with_the_one_that_stayed(self):
        kept, lost, done = together()
        for n in range(20):
            edit(kept, job_title=f"Title {n}", country="NO" if n % 2 else "DE", at=SINCE)
        unmerge(done)
        assert (fresh(kept).job_title, fresh(kept).country) == ("Title 19", "Norway")
        assert (fresh(lost).job_title, fresh(lost).country) == ("VP", "")
        assert {name for name, _, _ in Merge.objects.get().unplaced} == {"job_title", "country"}

    def test_a_new_address_is_asked_and_its_arrivals_go_with_it(self):
        kept, lost, done = together()
        add_address(kept.pk, "new@x.example", user=person("sales"), at=SINCE)
        arrival = send(email="new@x.example", phone="+12125550101", at=SINCE)
        assert [p.name for p in merging.plan_unmerge(done.pk).unplaced] == ["address:new@x.example"]
        unmerge(done, place={"address:new@x.example": "lost"})
        assert addresses(lost) == [("sob@home.example", True), ("new@x.example", False)]
        assert (fresh(lost).phone, fresh(kept).phone) == ("+12125550101", "")
        assert fresh_arrival(arrival).contact_id == lost.pk

    def test_an_address_taken_away_since_stays_away(self):
        kept, lost, done = together()
        alias = Address.objects.get(key="sob@home.example")
        remove_alias(kept.pk, alias.pk, user=person("sales"), at=SINCE)
        unmerge(done)
        assert (addresses(kept), addresses(lost), fresh(lost).email) == ([("sean@acme.example", True)], [], "")
        check_sound()

    def test_an_address_made_primary_since_is_its_owners_primary(self):
        kept, lost = sean(), his_other()
        add_address(lost.pk, "third@home.example", user=person("sales"), at=NOW)
        done = merge(kept, lost)[0]
        alias = Address.objects.get(key="third@home.example")
        make_primary(kept.pk, alias.pk, user=person("sales"), at=SINCE)
        unmerge(done)
        assert (fresh(kept).email, fresh(lost).email) == ("sean@acme.example", "third@home.example")
        check_sound()

    def test_a_mailbox_that_strangers_wrote_from_goes_with_its_address(self):
        kept, lost, done = together()
        case = send(email="sob@home.example", first_name="Zoe", last_name="Quist", at=SINCE).review
        unmerge(done)
        case.refresh_from_db()
        assert (fresh(kept).shared_mailbox, fresh(lost).shared_mailbox) == (False, True)
        assert (case.waiting_key, case.candidates.get().contact_id) == (f"m:{lost.pk}", lost.pk)

    def test_places_must_make_sense(self):
        kept, _, done = together()
        edit(kept, job_title="CTO", at=SINCE)
        for place, said in (({"job_title": "both"}, "no place"), ({"country": "lost"}, "nothing new about country")):
            with pytest.raises(merging.MergeRefused, match=said):
                unmerge(done, place=place)
        assert not Contact.objects.filter(pk=done.lost_id).exists()


class TestConsent:
    def test_each_has_its_own_again(self):
        kept, lost = sean(), his_other()
        edit(lost, lifecycle_stage="Unsubscribed")
        done = merge(kept, lost)[0]
        assert kept.lifecycle_stage_id == "unsubscribed"
        unmerge(done)
        assert (fresh(kept).lifecycle_stage_id, fresh(lost).lifecycle_stage_id) == ("new-lead", "unsubscribed")

    def test_an_unsubscribe_since_the_merge_stands_for_both(self):
        kept, lost, done = together()
        edit(kept, lifecycle_stage="Unsubscribed", at=SINCE)
        unmerge(done)
        assert {fresh(c).lifecycle_stage_id for c in (kept, lost)} == {"unsubscribed"}

    def test_no_place_takes_the_others_unsubscribe_away(self):
        kept, lost = sean(), his_other()
        edit(lost, lifecycle_stage="Unsubscribed")
        done = merge(kept, lost)[0]
        with pytest.raises(Invalid, match="only the person"):
            edit(kept, lifecycle_stage="SQL", at=SINCE)
        assert "lifecycle_stage" not in {p.name for p in merging.plan_unmerge(done.pk).unplaced}
        unmerge(done)
        assert fresh(lost).lifecycle_stage_id == "unsubscribed"
        edit(kept, lifecycle_stage="SQL", at=SINCE)
        assert fresh(kept).lifecycle_stage_id == "sql"


class TestTheOrder:
    def test_a_merge_below_others_names_the_ones_to_take_back_first(self):
        first, second, third, fourth = sean(), his_other(), *(send(email=f"{n}@x.example").contact for n in "ab")
        low = merge(second, third)[0]
        mid = merge(first, second)[0]
        top = merge(first, fourth)[0]
        with pytest.raises(merging.MergeRefused) as caught:
            unmerge(low)
        assert f"Take merge {top.pk} back first, then merge {mid.pk}; after that this one." in str(caught.value)
        for done in (top, mid, low):
            unmerge(done)
        assert Contact.objects.count() == 4

    def test_one_whose_contact_is_gone_says_so(self):
        kept, _, done = together()
        Address.objects.all().delete()
        Arrival.objects.update(contact=None)
        Contact.objects.filter(pk=kept.pk)._raw_delete("default")
        with pytest.raises(merging.MergeRefused, match="is gone from the hub"):
            unmerge(done)

    def test_what_the_hub_no_longer_has_stays_empty_and_is_named(self):
        kept, lost = sean(), his_other()
        leaver = User.objects.create(username="leaver", is_staff=True)
        edit(lost, owner=str(leaver.pk))
        done = merge(kept, lost)[0]
        Contact.objects.update(owner=None)
        leaver.delete()
        assert merging.plan_unmerge(done.pk).gone == {"owner": str(done.before["lost"]["values"]["owner"])}
        unmerge(done)
        assert fresh(lost).owner is None
        assert origin_of(fresh(lost).origins, "owner") is None, "nobody left it blank on purpose"

    def test_it_takes_the_right(self):
        _, _, done = together()
        with pytest.raises(PermissionDenied):
            unmerge(done, "sales")


def fresh_arrival(arrival: Arrival) -> Arrival:
    return Arrival.objects.get(pk=arrival.pk)


def test_the_plan_writes_nothing() -> None:
    kept, _, done = together()
    edit(kept, job_title="CTO", at=SINCE)
    before = hub()
    merging.plan_unmerge(done.pk)
    assert hub() == before
    assert LATEST > SINCE
