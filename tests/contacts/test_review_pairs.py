"""Contacts that look like one: merged with the reviewer's picks, kept apart for good, or put off."""

from __future__ import annotations

import pytest
from django.urls import reverse

from contacts.domain.origins import origin_of
from contacts.models import Contact, Merge, NotSame, Review
from contacts.services import review
from contacts.services.people import edit_contact
from tests.contacts.deciding import dump, person, seed, send
from tests.contacts.reviewing import (
    LATER,
    decide_same,
    effect,
    known,
    opened,
    pair,
    post,
    row,
    seen,
    signed_in,
    two_alike,
    values,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hub(db):
    seed()


class TestWhatIsShown:
    def test_both_stand_side_by_side_with_what_one_of_them_would_be(self):
        robert, bob, found = two_alike()
        shown = seen(found)
        assert [c.contact for c in shown.columns] == [robert, bob]
        assert shown.chosen.contact == robert  # of equals the older one
        assert (effect(shown, "Phone").sign, effect(shown, "Job title").words) == ("fill", "keep “Analyst”")
        assert row(shown, "Job title").cells[1].values[0].parts == [("Senior ", True), ("Analyst", False)]
        assert shown.evidence == ["First name: Bob is short for Robert."]
        assert "1 arrival" in shown.columns[1].hangs

    def test_the_other_one_can_stay(self):
        robert, bob, found = two_alike()
        page = opened(signed_in(), found)
        assert f"candidate={bob.pk}" in page.context["swap_address"]
        swapped = opened(signed_in("ops"), found, candidate=bob.pk)
        assert [c.contact for c in swapped.context["table"].columns] == [robert, bob]
        Review.objects.update(taken_by=None)
        shown = opened(signed_in(), found, candidate=bob.pk).context["table"]
        assert shown.chosen.contact == bob
        assert effect(shown, "Job title").words == "keep “Senior Analyst”"

    def test_who_may_only_read_sees_it_and_decides_nothing(self):
        robert, _, found = two_alike()
        page = opened(signed_in("auditor"), found).content.decode()
        assert "Senior" in page
        assert 'name="act"' not in page
        answer = signed_in("auditor").post(reverse("hub:review_decide", args=[found.pk]), {"act": "different"})
        assert answer.status_code == 403
        assert robert.pk

    def test_more_than_two_stand_there_too(self):
        robert, bob, _ = two_alike()
        rob = known("Rob Kowalska", "kestrel.com")
        Review.objects.all().delete()
        shown = seen(pair(robert, bob, rob))
        assert len(shown.columns) == 3


class TestOnePerson:
    def test_they_become_one_and_the_case_says_which(self):
        robert, bob, found = two_alike()
        done = decide_same(found, robert)
        assert (done.status, done.contact_id) == ("same", robert.pk)
        assert done.trace["said"] == f"same person, #{bob.pk} merged into #{robert.pk}"
        assert list(Contact.objects.all()) == [robert]
        assert Merge.objects.get().review == found

    def test_a_pick_is_the_reviewers(self):
        robert, bob, found = two_alike()
        post(signed_in(), found, "same", **{"pick.job_title": f"c{bob.pk}", "pick.country": f"c{robert.pk}"})
        robert.refresh_from_db()
        assert robert.job_title == "Senior Analyst"
        origin = origin_of(robert.origins, "job_title")
        assert (origin.writer.name, origin.writer.kind, origin.rule) == ("Tomasz Zieliński", "person", "picked")
        assert origin_of(robert.origins, "country").rule != "picked"
        found.refresh_from_db()
        assert "1 value picked" in found.trace["said"]

    def test_three_become_one_at_once(self):
        robert, bob, _ = two_alike()
        rob = known("Rob Kowalska", "kestrel.com")
        Review.objects.all().delete()
        found = pair(robert, bob, rob)
        decide_same(found, bob)
        assert list(Contact.objects.all()) == [bob]
        assert Merge.objects.count() == 2

    def test_a_pick_that_the_rules_forbid_is_refused_and_nothing_is_written(self):
        robert, bob, found = two_alike()
        before = dump()
        with pytest.raises(review.Refused):
            decide_same(found, robert, picks={"source": f"c{bob.pk}"})
        assert dump() == before

    def test_it_needs_the_right_to_merge(self):
        robert, _, found = two_alike()
        user = person("reviewer")
        user.groups.get().permissions.remove(*user.groups.get().permissions.filter(codename="merge_contact"))
        answer = post(signed_in(), found, "same")
        assert answer.status_code == 403
        assert Contact.objects.count() == 2
        assert robert.pk


class TestDifferentPeople:
    def test_both_stay_as_they_are_and_the_pair_is_never_flagged_again(self):
        robert, bob, found = two_alike()
        before = [values(robert), values(bob)]
        review.decide_different(found.pk, user=person("reviewer"), at=LATER)
        assert [values(robert), values(bob)] == before
        remembered = NotSame.objects.get()
        assert {remembered.low_id, remembered.high_id} == {robert.pk, bob.pk}
        assert remembered.said_by_name == "Tomasz Zieliński"

    def test_of_three_no_two_are_one(self):
        people = [known(f"{name} Kowalska", "kestrel.com") for name in ("Robert", "Bob", "Rob")]
        review.decide_different(pair(*people).pk, user=person("reviewer"), at=LATER)
        assert NotSame.objects.count() == 3

    def test_a_pair_is_no_arrival_and_can_not_be_no_lead(self):
        *_, found = two_alike()
        with pytest.raises(review.Refused, match="about contacts that look like one"):
            review.decide_not_a_lead(found.pk, user=person("reviewer"), at=LATER, note="x")


class TestTakingItBack:
    def test_one_person_is_two_again_and_the_case_is_open(self):
        robert, bob, found = two_alike()
        before = [values(robert), values(bob), list(found.candidates.order_by("pk").values())]
        decide_same(found, robert, picks={"job_title": f"c{bob.pk}"})
        review.take_back(found.pk, user=person("reviewer"), at=LATER)
        found.refresh_from_db()
        assert [values(robert), values(bob), list(found.candidates.order_by("pk").values())] == before
        assert (found.status, found.contact) == ("open", None)
        assert not NotSame.objects.exists()

    def test_three_are_three_again(self):
        people = [known(f"{name} Kowalska", "kestrel.com", job_title=name) for name in ("Robert", "Bob", "Rob")]
        before = [values(p) for p in people]
        found = pair(*people)
        decide_same(found, people[0])
        review.take_back(found.pk, user=person("reviewer"), at=LATER)
        assert [values(p) for p in people] == before
        assert decide_same(found, people[1]).status == "same"

    def test_not_over_an_edit_that_could_be_about_either(self):
        robert, _, found = two_alike()
        decide_same(found, robert)
        robert.refresh_from_db()
        edit_contact(robert.pk, {"company": "Kestrel"}, user=person("sales"), version=robert.version, at=LATER)
        before = dump()
        with pytest.raises(review.Refused, match="could be about either of the two"):
            review.take_back(found.pk, user=person("reviewer"), at=LATER)
        assert dump() == before

    def test_different_people_are_a_question_again(self):
        *_, found = two_alike()
        review.decide_different(found.pk, user=person("reviewer"), at=LATER)
        review.take_back(found.pk, user=person("reviewer"), at=LATER)
        assert not NotSame.objects.exists()
        found.refresh_from_db()
        assert found.status == "open"

    def test_what_a_record_brought_since_goes_to_whom_it_is_about(self):
        robert, bob, found = two_alike()
        decide_same(found, robert)
        send("webinar-registration", email="bob@kestrel.com", lead_score="42")
        review.take_back(found.pk, user=person("reviewer"), at=LATER)
        robert.refresh_from_db()
        assert (robert.lead_score, Contact.objects.get(pk=bob.pk).lead_score) == (None, 42)
