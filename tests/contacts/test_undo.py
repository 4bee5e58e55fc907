"""An import can be taken back: what it made and nobody touched goes, and what people did since stays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contacts.domain.origins import origin_of
from contacts.models import Address, Arrival, Contact, Review, ReviewCandidate
from contacts.services import review
from contacts.services.addresses import add_address
from tests.contacts.deciding import person, seed, send
from tests.contacts.undoing import (
    ANN,
    BOB,
    LATER,
    LATEST,
    counts,
    edit,
    history,
    imported,
    reasons,
    take_back,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hub() -> None:
    seed()


class TestCreated:
    def test_a_contact_nobody_touched_goes_with_its_address_and_leaves_its_history(self):
        batch = imported(ANN, BOB)
        ann = Contact.objects.get(email=ANN[0])
        plan = take_back(batch)
        assert counts(plan) == (2, 0, 0)
        assert (ann.pk, "Ann Lee") in plan.removed
        assert not Contact.objects.exists()
        assert not Address.objects.exists()
        made, gone = history(ann.pk)
        assert (made.history_type, gone.history_type) == ("+", "-")
        assert (gone.actor, gone.history_change_reason) == ("Olga Ops", f"import {batch.pk} taken back")
        assert (gone.email, gone.job_title, gone.history_date) == (ANN[0], "Buyer", LATEST)

    def test_the_log_stays_with_its_outcomes_and_gives_up_its_delivery_keys(self):
        batch = imported(ANN, ("no address", "", "", "", "", ""))
        before = list(Arrival.objects.order_by("pk").values())
        take_back(batch)
        after = list(Arrival.objects.order_by("pk").values())
        given_up = {"delivery_key": None, "contact_id": None}
        assert after == [row | given_up for row in before]

    def test_one_that_a_person_edited_stays_with_its_values(self):
        batch = imported(ANN, BOB)
        ann = edit(ANN[0], country="Norway")
        plan = take_back(batch)
        assert counts(plan) == (1, 0, 1)
        assert plan.left == [(ann.pk, "Ann Lee", "", "edited by Dana Whitfield since")]
        ann.refresh_from_db()
        assert (ann.job_title, ann.country, ann.email) == ("Buyer", "Norway", ANN[0])
        assert Arrival.objects.get(row=1).contact_id == ann.pk

    def test_one_that_got_another_address_stays(self):
        batch = imported(ANN)
        add_address(Contact.objects.get().pk, "a@harbor.example", user=person("ops"), at=LATER)
        assert counts(take_back(batch)) == (0, 0, 1)

    def test_one_that_has_an_owner_stays(self):
        batch = imported(ANN)
        Contact.objects.update(owner=person("sales"))
        assert reasons(take_back(batch)) == [("", "Dana Whitfield owns it")]

    def test_one_that_a_later_record_filled_or_only_named_stays(self):
        batch = imported(ANN, BOB)
        send(email=ANN[0], country="Norway", at=LATER)
        send("webinar-registration", email=BOB[0], at=LATER)
        assert reasons(take_back(batch)) == [
            ("", "filled by Website contact form since"),
            ("", "a later record from Webinar registration led to it"),
        ]

    def test_the_same_file_sent_twice_does_not_keep_it(self):
        batch = imported(ANN)
        again = imported(ANN, at=LATER + timedelta(minutes=5))
        assert again.counts == {"repeated": 1}
        assert counts(take_back(batch)) == (1, 0, 0)
        assert not Arrival.objects.exclude(contact=None).exists()

    def test_taking_back_the_repeat_removes_nothing(self):
        imported(ANN)
        again = imported(ANN, at=LATER + timedelta(minutes=5))
        assert counts(take_back(again)) == (0, 0, 0)
        assert Contact.objects.exists()

    def test_several_rows_about_one_new_contact_are_all_the_imports_own(self):
        batch = imported((*ANN[:4], "", ""), ANN, (*ANN[:3], "Other", "", ""))
        assert set(batch.counts) == {"created", "filled", "unchanged"}
        assert counts(take_back(batch)) == (1, 0, 0)

    def test_two_imports_taken_back_one_after_the_other_leave_nothing(self):
        first = imported((*ANN[:3], "", "", ""))
        second = imported(ANN, ("ann@harbor.example", "Zoe", "Quist", "", "", ""), slug="partner-referral")
        assert counts(take_back(second))[0] == 0
        assert counts(take_back(first)) == (1, 0, 0)
        assert not Contact.objects.exists()


class TestFilled:
    def test_what_it_filled_is_empty_again_and_may_be_filled_again(self):
        send(email=ANN[0], first_name="Ann", last_name="Lee", company="Harbor Works")
        batch = imported(ANN)
        plan = take_back(batch)
        contact = Contact.objects.get()
        assert {(e.field, e.value) for e in plan.emptied} == {("job_title", "Buyer"), ("phone", "+12125550101")}
        assert (contact.job_title, contact.phone, contact.company) == ("", "", "Harbor Works")
        assert origin_of(contact.origins, "job_title") is None
        assert origin_of(contact.origins, "company").writer.name == "Website contact form"
        assert send(email=ANN[0], job_title="Head buyer").outcome == "filled"

    def test_history_says_who_took_it_back_and_why_and_the_version_goes_up(self):
        send(email=ANN[0])
        batch = imported(ANN)
        version = Contact.objects.get().version
        take_back(batch)
        row = history(Contact.objects.get().pk)[-1]
        assert (row.history_type, row.actor, row.job_title, row.email) == ("~", "Olga Ops", "", ANN[0])
        assert row.history_change_reason.startswith("import-undone: ")
        assert Contact.objects.get().version == version + 1

    def test_keys_follow_so_that_records_no_longer_match_by_what_is_gone(self):
        send(email="x@gmail.com")
        batch = imported(("x@gmail.com", *ANN[1:]))
        assert Contact.objects.get().sort_key
        take_back(batch)
        contact = Contact.objects.get()
        assert (contact.person_key, contact.sort_key, contact.company_key) == ("", "", "")
        assert send("partner-referral", email="y@gmail.com", phone=ANN[5]).outcome == "created"

    def test_what_a_person_changed_or_blanked_since_is_left_and_named(self):
        send(email=ANN[0], first_name="Ann", last_name="Lee", company="Harbor Works")
        batch = imported(ANN)
        contact = edit(ANN[0], job_title="Head buyer", phone="")
        plan = take_back(batch)
        assert sorted(reasons(plan)) == [
            ("job_title", "edited by Dana Whitfield since"),
            ("phone", "edited by Dana Whitfield since"),
        ]
        assert counts(plan) == (0, 0, 2)
        before = contact.origins
        contact.refresh_from_db()
        assert (contact.job_title, contact.phone, contact.origins) == ("Head buyer", "", before)

    def test_an_edit_of_one_field_does_not_keep_the_others(self):
        send(email=ANN[0], first_name="Ann", last_name="Lee", company="Harbor Works")
        batch = imported(ANN)
        edit(ANN[0], job_title="Head buyer")
        assert counts(take_back(batch)) == (0, 1, 1)
        assert Contact.objects.get().phone == ""

    def test_what_was_there_before_and_the_latest_activity_stay(self):
        send(email=ANN[0], job_title="Director")
        header = ("Email", "Job title", "Country", "Occurred at")
        batch = imported((ANN[0], "Buyer", "Norway", "2026-03-18T10:00:00Z"), header=header)
        activity = Contact.objects.get().last_activity
        assert counts(take_back(batch)) == (0, 1, 0)
        contact = Contact.objects.get()
        assert (contact.job_title, contact.country, contact.last_activity) == ("Director", "", activity)
        assert activity is not None


class TestReviews:
    def test_a_case_of_its_records_alone_is_closed_and_keeps_nobody(self):
        batch = imported(ANN, ("other@harbor.example", "Ann", "Lee", "Harbor Works", "", ""))
        assert batch.counts == {"created": 1, "held": 1}
        plan = take_back(batch)
        case = Review.objects.get()
        assert (counts(plan), plan.cases_closed, plan.cases_left) == ((1, 0, 0), 1, 0)
        assert (case.status, case.note) == ("not_a_lead", "the import was taken back")
        assert (case.decided_by_name, case.decided_by, case.decided_at) == ("Olga Ops", person("ops"), LATEST)
        assert Arrival.objects.get(row=2).review_id == case.pk
        assert not ReviewCandidate.objects.exists()
        step = case.steps.get()
        assert (step.actor, step.act, step.at, step.detail) == ("Olga Ops", "not_a_lead", LATEST, case.note)

    def test_a_contact_that_another_record_is_held_against_stays_and_so_does_the_case(self):
        batch = imported(ANN)
        held = send(email="other@harbor.example", first_name="Ann", last_name="Lee", company="Harbor Works", at=LATER)
        plan = take_back(batch)
        assert reasons(plan) == [("", f"another record is held against it, case {held.review_id}")]
        assert Review.objects.get().status == "open"

    def test_a_case_in_which_others_wait_too_stays_open(self):
        send(email=ANN[0], first_name="Ann", last_name="Lee", company="Harbor Works")
        batch = imported(("other@harbor.example", "Ann", "Lee", "Harbor Works", "", ""))
        send("partner-referral", email="other@harbor.example", first_name="Ann", last_name="Lee", at=LATER)
        plan = take_back(batch)
        assert (plan.cases_closed, plan.cases_left) == (0, 1)
        assert Review.objects.get().status == "open"

    def test_a_contact_that_a_reviewer_made_from_its_record_stays(self):
        send(email=ANN[0], first_name="Ann", last_name="Lee", company="Harbor Works")
        batch = imported(("other@harbor.example", "Ann", "Lee", "Harbor Works", "", ""))
        review.decide_different(Review.objects.get().pk, user=person("reviewer"), at=LATER)
        plan = take_back(batch)
        assert reasons(plan) == [("", "Tomasz Zieliński decided a review that led to it")]
        assert Contact.objects.count() == 2

    def test_what_a_reviewer_let_it_fill_is_emptied_and_the_address_stays(self):
        send(email=ANN[0], first_name="Ann", last_name="Lee", company="Harbor Works")
        batch = imported(("other@harbor.example", "Ann", "Lee", "Harbor Works", "Buyer", ""))
        contact = Contact.objects.get()
        review.decide_same(Review.objects.get().pk, contact.pk, user=person("reviewer"), at=LATER)
        plan = take_back(batch)
        assert [e.field for e in plan.emptied] == ["job_title"]
        said = "Tomasz Zieliński gave it the address other@harbor.example, which stays"
        assert reasons(plan) == [("email", said)]
        assert contact.addresses.count() == 2

    def test_a_shared_mailbox_that_only_it_told_of_counts_as_seen_and_keeps_its_mark(self):
        send(email=ANN[0], first_name="Ann", last_name="Lee")
        batch = imported((ANN[0], "Zoe", "Quist", "", "", ""))
        plan = take_back(batch)
        assert reasons(plan) == [("", "it stays marked as a shared mailbox")]
        assert (Review.objects.get().status, Contact.objects.get().shared_mailbox) == ("seen", True)


class TestLikelyPairs:
    """Cases that a search for duplicates opened: nobody said anything yet."""

    def pair(self, *contacts: Contact, status: str = "open", by: str = "") -> Review:
        case = Review.objects.create(
            kind="pair", status=status, waiting_key=f"d:{len(contacts)}", rule="likely", opened_at=LATER,
            decided_by_name=by, taken_by=person("reviewer"), taken_until=LATEST,
        )  # fmt: skip
        ReviewCandidate.objects.bulk_create(ReviewCandidate(review=case, contact=c) for c in contacts)
        return case

    def test_an_open_one_keeps_nobody_and_is_settled_when_one_contact_is_left(self):
        send(email="a.lee@harbor.example", first_name="Ann", last_name="Leigh")
        batch = imported(ANN)
        case = self.pair(*Contact.objects.all())
        assert counts(take_back(batch)) == (1, 0, 0)
        case.refresh_from_db()
        assert (case.status, case.note, case.taken_by) == ("settled", "the import was taken back", None)
        assert case.steps.get().act == "settled"

    def test_one_that_two_others_are_left_in_stays_open(self):
        send(email="a.lee@harbor.example", first_name="Ann", last_name="Leigh")
        send(email="an.lee@harbor.example", first_name="An", last_name="Li")
        batch = imported(ANN)
        case = self.pair(*Contact.objects.all())
        assert counts(take_back(batch)) == (1, 0, 0)
        case.refresh_from_db()
        assert (case.status, case.candidates.count()) == ("open", 2)

    def test_one_that_somebody_decided_keeps_the_contact(self):
        send(email="a.lee@harbor.example", first_name="Ann", last_name="Leigh")
        batch = imported(ANN)
        case = self.pair(*Contact.objects.all(), status="different", by="Tomasz Zieliński")
        assert reasons(take_back(batch)) == [("", f"Tomasz Zieliński decided case {case.pk} about it")]
