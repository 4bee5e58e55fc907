"""Every decision can be taken back, exactly, as long as nothing has gone on from it; else it says what to do."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from contacts.models import Address, Arrival, Contact, NotSame, Review
from contacts.services import review
from contacts.services.people import edit_contact
from tests.contacts.deciding import dump, person, seed, send
from tests.contacts.reviewing import LATER, decide_same, known, look_alike, opened, post, seen, signed_in, values

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hub(db):
    seed()


def back(found: Review, by: str = "reviewer") -> Review:
    return review.take_back(found.pk, user=person(by), at=LATER)


def world() -> dict[str, Any]:
    """Everything but the history, the log of the case, and versions, which only ever go on."""
    contacts = {c.pk: values(c) for c in Contact.objects.all()}
    rows = {m.__name__: list(m.objects.order_by("pk").values()) for m in (Address, Arrival, Review, NotSame)}
    return {"contacts": contacts, **rows}


def all_of(found: Review) -> list[tuple[str, Any]]:
    """Each decision that a held case may have."""
    contact = found.candidates.first().contact
    who = {"user": person("reviewer"), "at": LATER}
    key = f"a{found.arrivals.first().pk}"
    return [
        ("same", lambda: review.decide_same(found.pk, contact.pk, **who)),
        ("picked", lambda: review.decide_same(found.pk, contact.pk, picks={"job_title": key, "email": key}, **who)),
        ("different", lambda: review.decide_different(found.pk, **who)),
        ("not a lead", lambda: review.decide_not_a_lead(found.pk, note="a student", **who)),
        ("later", lambda: review.put_off(found.pk, **who)),
    ]


class TestExactly:
    @pytest.mark.parametrize("number", range(5))
    def test_everything_is_as_it_was_before(self, number):
        known(job_title="Buyer", product="x")
        found = look_alike(job_title="CTO", phone="+1 212 555 0123", occurred_at="2026-03-18T10:00:00Z")
        send("webinar-registration", email="ann.lee@firm.com", country="Ireland")
        before = world()
        _, decide = all_of(found)[number]
        decide()
        assert world() != before
        back(found)
        assert world() == before

    def test_also_where_the_contact_had_no_address(self):
        contact = send(first_name="Ann", last_name="Lee", domain="firm.com", company="Firm").contact
        found = look_alike()
        before = world()
        decide_same(found, contact)
        back(found)
        assert world() == before

    def test_also_of_a_shared_mailbox(self):
        send(email="info@a.com", first_name="Sean", last_name="Li")
        found = send(email="info@a.com", first_name="Petra", last_name="Novak").review
        before = world()
        review.mark_seen(found.pk, user=person("reviewer"), at=LATER)
        back(found)
        assert world() == before

    def test_it_can_be_decided_again_and_taken_back_again(self):
        contact = known()
        found = look_alike(country="Ireland")
        for _ in range(3):
            decide_same(found, contact)
            back(found)
        review.decide_different(found.pk, user=person("reviewer"), at=LATER)
        assert Contact.objects.count() == 2

    def test_nothing_is_lost_from_the_history_and_the_case_has_a_log(self):
        contact = known()
        found = look_alike(country="Ireland")
        decide_same(found, contact)
        back(found, "ops")
        history = list(Contact.history.filter(id=contact.pk).order_by("history_id"))
        assert [(h.actor, h.country) for h in history[1:]] == [("Tomasz Zieliński", "Ireland"), ("Priya Raman", "")]
        assert history[-1].history_change_reason == f"case {found.pk} taken back"
        steps = list(found.steps.order_by("pk").values_list("actor", "act"))
        assert steps == [("Tomasz Zieliński", "same"), ("Priya Raman", "back")]

    def test_who_looked_at_the_contact_meanwhile_is_told_also_where_only_an_address_went(self):
        contact = known()
        found, other = look_alike(), look_alike(email="al@firm.com")
        decide_same(found, contact)
        basis = seen(other).basis
        back(found)
        with pytest.raises(review.Changed, match="was changed by Tomasz"):
            decide_same(other, contact, basis=basis)

    def test_a_contact_that_was_made_leaves_a_last_line_in_its_history(self):
        known()
        found = look_alike()
        made = review.decide_different(found.pk, user=person("reviewer"), at=LATER).contact_id
        back(found)
        assert not Contact.objects.filter(pk=made).exists()
        assert [h.history_type for h in Contact.history.filter(id=made).order_by("history_id")] == ["+", "-"]
        assert Contact.history.filter(id=made).last().actor

    def test_they_may_be_asked_about_again(self):
        known()
        found = look_alike()
        review.decide_different(found.pk, user=person("reviewer"), at=LATER)
        assert NotSame.objects.count() == 1
        back(found)
        assert not NotSame.objects.exists()


class TestOnlyWhileNothingWentOn:
    def refused(self, found: Review, words: str) -> None:
        before = dump()
        with pytest.raises(review.Refused, match=words):
            back(found)
        assert dump() == before

    def test_not_over_an_edit_and_it_says_whose(self):
        contact = known()
        found = look_alike(country="Ireland")
        decide_same(found, contact)
        contact.refresh_from_db()
        edit_contact(contact.pk, {"job_title": "CTO"}, user=person("sales"), version=contact.version, at=LATER)
        self.refused(found, r"Ann Lee .* was changed since: Dana Whitfield, 17 March 10:40 \(edited: Job title")

    def test_not_over_a_later_decision_about_the_same_contact_which_comes_first(self):
        contact = known()
        one, two = look_alike(country="Ireland"), look_alike(email="al@firm.com", job_title="CTO")
        decide_same(one, contact)
        decide_same(two, contact)
        self.refused(one, f"same person, case {two.pk}")
        back(two)
        back(one)
        contact.refresh_from_db()
        assert (contact.country, contact.job_title, contact.addresses.count()) == ("", "", 1)

    def test_not_where_a_record_came_by_the_address_that_would_go(self):
        contact = known()
        found = look_alike()
        decide_same(found, contact)
        later = send("webinar-registration", email="ann.lee@firm.com")
        assert later.outcome == "unchanged"
        self.refused(found, f"Arrival #{later.pk} came to #{contact.pk} because of this decision")

    def test_a_record_that_came_by_another_address_and_changed_nothing_is_no_hindrance(self):
        contact = known()
        found = look_alike(country="Ireland")
        decide_same(found, contact)
        send(email="ann@firm.com", occurred_at="2026-03-20T10:00:00Z")
        back(found)
        contact.refresh_from_db()
        assert (contact.country, contact.last_activity.day) == ("", 20)

    @pytest.mark.parametrize("what", ["arrival", "case", "address", "owner"])
    def test_a_contact_that_was_made_stays_once_something_hangs_on_it(self, what):
        known()
        found = look_alike(job_title="CTO")
        made = review.decide_different(found.pk, user=person("reviewer"), at=LATER).contact
        if what == "arrival":
            send(email="ann.lee@firm.com")
        elif what == "case":
            look_alike(email="third@firm.com")
        elif what == "address":
            Address.objects.create(contact=made, shown="x@y.com", key="x@y.com", primary=False, added_at=LATER)
        else:
            edit_contact(made.pk, {"owner": str(person("sales").pk)}, user=person("ops"), version=1, at=LATER)
        self.refused(found, "since|because of this decision|stays")

    def test_not_where_the_same_question_was_opened_again_since(self):
        known()
        found = look_alike()
        review.decide_not_a_lead(found.pk, user=person("reviewer"), at=LATER, note="a student")
        again = look_alike(job_title="CTO")
        assert again != found
        self.refused(found, f"opened again since, as case {again.pk}")

    def test_an_open_case_and_one_that_settled_itself_have_no_decision(self):
        known()
        found = look_alike()
        self.refused(found, "is open: there is nothing to take back")
        Review.objects.filter(pk=found.pk).update(status="settled", note="only #1 is left")
        self.refused(found, "Nobody decided case .*: only #1 is left")

    def test_what_was_decided_before_traces_were_kept_says_so(self):
        known()
        found = look_alike()
        Review.objects.filter(pk=found.pk).update(status="same", decided_at=LATER)
        self.refused(found, "Edit the contact by hand")


class TestOnThePage:
    def test_the_last_decision_stands_there_with_its_undo_and_opens_its_case_again(self):
        contact = known()
        found = look_alike(country="Ireland")
        client = signed_in()
        page = client.get(post(client, found, "same").url).content.decode()
        assert f"same person as #{contact.pk}, 1 gap filled, 1 address added" in page
        assert 'data-key="z"' in page
        answer = client.post(reverse("hub:review_undo", args=[found.pk]))
        assert answer.url == reverse("hub:review", args=[found.pk])
        page = client.get(answer.url).content.decode()
        assert "is open again" in page
        assert 'data-key="z"' not in page
        contact.refresh_from_db()
        assert contact.country == ""

    def test_several_go_back_one_after_the_other_the_last_first(self):
        contact = known()
        cases = [look_alike(), look_alike(email="al@firm.com", country="Ireland")]
        client = signed_in()
        for found in cases:
            post(client, found, "same")
        for found in reversed(cases):
            last = client.get(reverse("hub:reviews")).context["last"]
            assert last["case"] == found.pk
            client.post(reverse("hub:review_undo", args=[found.pk]))
        assert set(Review.objects.filter(status="open")) == set(cases)
        contact.refresh_from_db()
        assert (contact.country, contact.addresses.count()) == ("", 1)

    def test_a_refusal_says_why_on_the_page_one_was_on(self):
        contact = known()
        found, other = look_alike(country="Ireland"), look_alike(email="al@firm.com")
        client = signed_in()
        post(client, found, "same")
        edit_contact(contact.pk, {"job_title": "CTO"}, user=person("sales"), version=2, at=LATER)
        answer = client.post(reverse("hub:review_undo", args=[found.pk]), {"here": other.pk}, follow=True)
        assert answer.redirect_chain[-1][0] == reverse("hub:review", args=[other.pk])
        assert "was changed since: Dana Whitfield" in answer.content.decode()

    def test_a_decided_case_offers_it_to_any_reviewer_and_to_no_reader(self):
        contact = known()
        found = look_alike()
        decide_same(found, contact)
        assert "Take this decision back" in opened(signed_in("ops"), found).content.decode()
        assert "Take this decision back" not in opened(signed_in("auditor"), found).content.decode()
        assert signed_in("auditor").post(reverse("hub:review_undo", args=[found.pk])).status_code == 403

    def test_a_get_takes_nothing_back(self):
        contact = known()
        found = look_alike()
        decide_same(found, contact)
        assert signed_in().get(reverse("hub:review_undo", args=[found.pk])).status_code == 405
        found.refresh_from_db()
        assert found.status == "same"
