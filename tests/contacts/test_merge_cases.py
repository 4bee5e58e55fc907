"""Cases that name the contacts of a merge: they go on with the one that stays, or are settled."""

from __future__ import annotations

import pytest

from contacts.models import Contact, Review
from contacts.services import merging, review
from tests.contacts.deciding import NOW, held, person, seed, send
from tests.contacts.merging import LATER, LATEST, edit, his_other, merge, sean, unmerge

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hub() -> None:
    seed()


class TestCases:
    def test_a_case_that_is_held_against_the_other_goes_on_with_the_one_that_stayed(self):
        arrival = held()
        lost = arrival.review.candidates.get().contact
        kept = send(email="other@x.example").contact
        merge(kept, lost)
        assert arrival.review.candidates.get().contact_id == kept.pk

    def test_a_case_that_names_both_keeps_one_of_them(self):
        phone = {"phone": "+12125550101"}
        kept, lost = send(email="a@x.example").contact, send(email="b@x.example").contact
        for contact in (kept, lost):
            edit(contact, **phone)
        case = send(**phone).review
        merge(kept, lost)
        assert [c.contact_id for c in case.candidates.all()] == [kept.pk]
        assert fresh_case(case).status == "open"

    def test_a_shared_mailbox_is_asked_about_once(self):
        kept, lost = sean(), his_other()
        first = send(email="sob@home.example", first_name="Zoe", last_name="Quist").review
        merge(kept, lost)
        assert fresh_case(first).waiting_key == f"m:{kept.pk}"
        assert send(email="sob@home.example", first_name="Xavier", last_name="Ott").review_id == first.pk

    def test_two_mailbox_cases_become_one(self):
        kept, lost = sean(), his_other()
        cases = [send(email=e, first_name="Zoe", last_name="Quist").review for e in ("sean@acme.example", lost.email)]
        number = merge(kept, lost)[0].pk
        assert [fresh_case(c).status for c in cases] == ["open", "settled"]
        assert fresh_case(cases[1]).note == f"merge {number} made its contacts one"

    def test_a_pair_that_became_one_is_settled_and_a_larger_one_goes_on(self):
        kept, lost, third = sean(), his_other(), send(email="third@x.example").contact
        pair, three = pair_case(kept, lost), pair_case(kept, lost, third)
        merge(kept, lost)
        assert fresh_case(pair).status == "settled"
        assert fresh_case(three).waiting_key == "d:" + "-".join(map(str, sorted([kept.pk, third.pk])))

    def test_the_case_that_decides_it_is_left_to_whoever_decides(self):
        kept, lost = sean(), his_other()
        case = pair_case(kept, lost)
        done = merging.merge(kept.pk, [lost.pk], user=person("reviewer"), at=LATER, review=case)
        assert (fresh_case(case).status, done[0].review_id) == ("open", case.pk)


def key_of(*contacts: Contact) -> str:
    return "d:" + "-".join(map(str, sorted(c.pk for c in contacts)))


def pair_case(*contacts: Contact) -> Review:
    case = Review.objects.create(kind="pair", waiting_key=key_of(*contacts), rule="likely", opened_at=NOW, score=90)
    for contact in contacts:
        case.candidates.create(contact=contact)
    return case


def fresh_case(case: Review) -> Review:
    return Review.objects.get(pk=case.pk)


class TestDecisionsTakenBackAfterMerges:
    """A case that waits again asks about the contacts of today, under their numbers."""

    def test_a_pair_asks_about_the_contact_that_stayed_and_later_about_the_one_that_came_back(self):
        lost, other, kept = sean(), his_other(), send(email="third@x.example").contact
        case = pair_case(lost, other)
        review.decide_different(case.pk, user=person("reviewer"), at=LATER)
        done = merge(kept, lost)[0]
        review.take_back(case.pk, user=person("reviewer"), at=LATEST)
        assert fresh_case(case).waiting_key == key_of(kept, other)
        unmerge(done)
        assert fresh_case(case).waiting_key == key_of(lost, other)

    def test_a_pair_that_is_one_contact_by_now_stays_decided(self):
        kept, lost = sean(), his_other()
        case = pair_case(kept, lost)
        review.decide_different(case.pk, user=person("reviewer"), at=LATER)
        merge(kept, lost)
        with pytest.raises(review.Refused, match="take that merge back instead"):
            review.take_back(case.pk, user=person("reviewer"), at=LATEST)
        assert fresh_case(case).status == "different"

    def test_a_shared_mailbox_is_asked_about_once(self):
        kept, lost = sean(), his_other()
        case = send(email="sob@home.example", first_name="Zoe", last_name="Quist").review
        review.mark_seen(case.pk, user=person("reviewer"), at=LATER)
        done = merge(kept, lost)[0]
        review.take_back(case.pk, user=person("reviewer"), at=LATEST)
        assert send(email="sob@home.example", first_name="Xavier", last_name="Ott").review_id == case.pk
        unmerge(done)
        assert fresh_case(case).waiting_key == f"m:{lost.pk}"
