"""A case that is not what the reviewer saw any more is worked out again before it can be decided."""

from __future__ import annotations

import pytest
from django.urls import reverse

from contacts.models import Address, Contact, Review
from contacts.services import merging, review
from contacts.services.people import edit_contact
from tests.contacts.deciding import dump, person, seed, send
from tests.contacts.reviewing import (
    LATER,
    decide_same,
    known,
    look_alike,
    opened,
    post,
    seen,
    signed_in,
    two_alike,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hub(db):
    seed()


def edited(contact: Contact, **changes: str) -> None:
    contact.refresh_from_db()
    edit_contact(contact.pk, changes, user=person("sales"), version=contact.version, at=LATER)


def merged(kept: Contact, lost: Contact) -> None:
    merging.merge(kept.pk, [lost.pk], user=person("ops"), at=LATER)


class TestWhatChangedIsTold:
    def told(self, found: Review, basis: str, decide=None) -> str:
        """Nothing is written, and the reason names what happened."""
        before = dump()
        with pytest.raises(review.Changed) as error:
            review.decide_different(found.pk, user=person("reviewer"), at=LATER, basis=basis)
        assert dump() == before
        return " ".join(error.value.news)

    def test_a_record_that_joined_the_case(self):
        known()
        found = look_alike()
        basis = seen(found).basis
        joined = send("webinar-registration", email="ann.lee@firm.com", job_title="CTO")
        assert self.told(found, basis) == (
            f"Another record of the same person came in, arrival #{joined.pk} from Webinar registration."
        )

    def test_a_candidate_that_was_edited_and_by_whom(self):
        contact = known()
        found = look_alike()
        basis = seen(found).basis
        edited(contact, job_title="CTO")
        assert f"Ann Lee (#{contact.pk}) was changed by Dana Whitfield at " in self.told(found, basis)

    def test_a_candidate_that_was_merged_away(self):
        contact, other = known(job_title="x", country="Ireland"), known("Zoe Moon", "else.com", phone="+12125550199")
        found = look_alike()
        found.candidates.create(contact=other)
        basis = seen(found).basis
        merged(contact, other)
        assert f"#{other.pk} was merged into #{contact.pk}." in self.told(found, basis)

    def test_a_candidate_that_is_gone(self):
        known()
        other = known("Zoe Moon", "else.com")
        found = look_alike()
        found.candidates.create(contact=other)
        basis = seen(found).basis
        found.candidates.filter(contact=other).delete()
        assert self.told(found, basis) == f"#{other.pk} is no candidate any more."
        Address.objects.filter(contact=other).delete()
        other.arrivals.update(contact=None)
        Contact.objects.filter(pk=other.pk).delete()
        assert self.told(found, basis) == f"#{other.pk} was removed."

    def test_somebody_who_has_the_address_by_now(self):
        known()
        found = look_alike()
        basis = seen(found).basis
        other = known("Zoe Moon", "else.com")
        Address.objects.create(
            contact=other, shown="ann.lee@firm.com", key="ann.lee@firm.com", primary=False, added_at=LATER
        )
        assert self.told(found, basis) == f"Zoe Moon (#{other.pk}) belongs to the case now."

    @pytest.mark.parametrize("basis", ["x", "1.2 3", "9.9 9.9", "'; DROP", "1." + "9" * 400, f"1.1 {2**65}.1"])
    def test_a_basis_that_somebody_made_up_decides_nothing(self, basis):
        known()
        found = look_alike()
        assert self.told(found, basis)

    def test_what_changed_nothing_that_was_seen_is_no_hindrance(self):
        contact = known()
        found = look_alike()
        basis = seen(found).basis
        send(email=contact.email)
        assert decide_same(found, contact, basis=basis).status == "same"


class TestOnThePage:
    def test_nothing_is_stored_and_the_new_state_says_what_changed(self):
        contact = known()
        found = look_alike(job_title="CTO")
        client = signed_in()
        basis = opened(client, found).context["table"].basis
        edited(contact, job_title="VP of Engineering")
        before = dump()
        answer = post(client, found, "same", basis=basis, **{"pick.job_title": "a1"})
        assert answer.status_code == 409
        page = answer.content.decode()
        assert "Nothing was stored" in page
        assert "was changed by Dana Whitfield" in page
        assert "VP of Engineering" in page
        assert dump()["Contact"] == before["Contact"]
        found.refresh_from_db()
        assert found.status == "open"
        assert post(client, found, "same").status_code == 302

    def test_who_saw_nothing_decides_nothing(self):
        known()
        found = look_alike()
        answer = signed_in().post(reverse("hub:review_decide", args=[found.pk]), {"act": "different"})
        assert answer.status_code == 409
        assert Contact.objects.count() == 1

    def test_an_error_keeps_what_was_typed(self):
        known()
        found = look_alike()
        client = signed_in()
        basis = opened(client, found).context["table"].basis
        send("webinar-registration", email="ann.lee@firm.com")
        answer = post(client, found, "not_a_lead", basis=basis, note="a student of ours")
        assert 'value="a student of ours"' in answer.content.decode()

    @pytest.mark.parametrize("kind", ["hold", "pair"])
    def test_a_pick_that_is_not_possible_is_told_and_the_case_stays_as_it_is(self, kind):
        if kind == "pair":
            *_, found = two_alike()
        else:
            known()
            found = look_alike()
        answer = post(signed_in(), found, "same", **{"pick.job_title": "a999999", "pick.source": "c999999"})
        assert answer.status_code == 409
        assert 'value="same"' in answer.content.decode()
        assert 'role="alert"' in answer.content.decode()
        found.refresh_from_db()
        assert found.status == "open"

    def test_no_reason_no_lead_and_the_page_says_so(self):
        known()
        found = look_alike()
        answer = post(signed_in(), found, "not_a_lead", note=" ")
        assert (answer.status_code, "Say in a few words" in answer.content.decode()) == (409, True)

    def test_arrivals_that_came_meanwhile_are_in_the_case(self):
        known()
        found = look_alike(job_title="CTO")
        send("webinar-registration", email="ann.lee@firm.com", country="Ireland")
        page = opened(signed_in(), found).content.decode()
        assert "and 1 more" in page
        assert "Ireland" in page


class TestCasesThatSettleThemselves:
    def test_two_that_were_merged_elsewhere_are_no_question_any_more(self):
        robert, bob, found = two_alike()
        merged(robert, bob)
        page = opened(signed_in(), found).content.decode()
        found.refresh_from_db()
        assert (found.status, found.taken_by) == ("settled", None)
        assert "settled by itself" in page
        assert 'name="act"' not in page

    def test_one_of_which_only_one_contact_is_left(self):
        robert, bob, found = two_alike()
        found.candidates.filter(contact=bob).delete()
        page = opened(signed_in(), found).content.decode()
        found.refresh_from_db()
        assert (found.status, found.note, found.contact) == ("settled", f"only #{robert.pk} is left", robert)
        assert f"only #{robert.pk} is left" in page
        assert found.steps.get().act == "settled"

    def test_a_decision_on_it_tells_what_happened(self):
        robert, bob, found = two_alike()
        merged(robert, bob)
        address = reverse("hub:review_decide", args=[found.pk])
        answer = signed_in().post(address, {"act": "same", "candidate": robert.pk}, follow=True)
        assert "decided case" in answer.content.decode()

    def test_a_held_arrival_still_waits_when_its_candidate_is_gone(self):
        contact = known()
        found = look_alike()
        found.candidates.all().delete()
        page = opened(signed_in(), found).content.decode()
        assert 'value="different"' in page
        assert 'value="same"' not in page
        assert contact.pk
