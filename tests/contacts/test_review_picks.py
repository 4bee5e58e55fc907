"""The result is shown before it is chosen, and a reviewer may pick another value, which is recorded as theirs."""

from __future__ import annotations

import pytest

from contacts.domain import rules
from contacts.domain.origins import origin_of
from contacts.models import Address, Contact, Review
from contacts.services import review
from contacts.services.people import edit_contact
from tests.contacts.deciding import NOW, dump, person, seed, send
from tests.contacts.reviewing import (
    decide_same,
    effect,
    known,
    look_alike,
    opened,
    post,
    row,
    seen,
    signed_in,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hub(db):
    seed()


def differing() -> tuple[Contact, Review]:
    """Ann is a buyer without a phone; the record says otherwise."""
    contact = known(job_title="Buyer", company="Firm")
    return contact, look_alike(job_title="CTO", company="Firm Ltd", phone="+1 212 555 0123", country="IE")


def pick_of(found: Review, label: str, text: str) -> str:
    """The key under which a page offers this value."""
    for cell in row(seen(found), label).cells:
        for value in cell.values:
            if value.pick and "".join(part for part, _ in value.parts) == text:
                return value.pick
    raise AssertionError(f"{label}: {text} can't be picked")


class TestWhatIsShown:
    def test_differences_are_marked_and_empty_stands_beside_filled(self):
        _, found = differing()
        shown = seen(found)
        arrival, contact = row(shown, "Company").cells
        assert arrival.values[0].parts == [("Firm", False), (" Ltd", True)]
        assert [v.parts for v in row(shown, "Phone").cells[1].values] == [[]]
        assert "".join(text for text, _ in contact.values[0].parts) == "Firm"

    def test_each_value_says_where_it_came_from_and_when(self):
        _, found = differing()
        shown = seen(found)
        assert row(shown, "Job title").cells[1].values[0].note == "Website contact form, 17 Mar"
        assert row(shown, "Country").cells[0].values[0].note == "from “IE”"
        assert row(shown, "Lifecycle stage").cells[0].values[0].note == "entry stage of the source"

    def test_what_hangs_on_a_contact_is_told(self):
        contact, found = differing()
        send(email=contact.email)
        assert seen(found).chosen.hangs == ["2 arrivals", "1 address", "1 open case"]

    def test_what_would_happen_is_counted_and_each_field_says_by_which_rule(self):
        _, found = differing()
        shown = seen(found)
        assert shown.summary == ["1 address added, 2 gaps filled", "3 values kept"]
        assert (effect(shown, "Phone").words, effect(shown, "Phone").sign) == ("fill +12125550123", "fill")
        assert (effect(shown, "Job title").words, effect(shown, "Job title").why) == (
            "keep “Buyer”", "arrivals only fill gaps",
        )  # fmt: skip
        assert effect(shown, "First name").sign == "same"

    def test_the_likeliest_candidate_is_compared_first_and_each_says_how_sure_and_why(self):
        other = known("Zoe Lee", "else.com", phone="+1 212 555 0123")
        contact = known()
        found = look_alike(phone="+1 212 555 0123")
        found.candidates.create(contact=other)
        shown = seen(found)
        assert [(c.contact, c.sure) for c in shown.columns] == [(contact, "very likely"), (other, "unlikely")]
        assert shown.evidence == [
            "A has the same first name, last name and company domain.",
            "B has the same last name and phone, but another first name and company domain.",
        ]
        page = opened(signed_in(), found, candidate=other.pk)
        assert page.context["table"].chosen.contact == other

    def test_every_value_that_the_arrivals_bring_can_be_picked_once(self):
        _, found = differing()
        send("webinar-registration", email="ann.lee@firm.com", job_title="Head of IT")
        send("webinar-registration", email="ann.lee@firm.com", job_title="cto")
        texts = ["".join(t for t, _ in v.parts) for v in row(seen(found), "Job title").cells[0].values]
        assert texts == ["CTO", "Head of IT"]

    def test_consent_that_a_record_claims_is_shown_and_changes_nothing(self):
        contact = known()
        found = look_alike(opt_in="yes")
        assert effect(seen(found), "Opt-in").words == "stays with the arrival"
        decide_same(found, contact)
        assert Contact.objects.get().lifecycle_stage_id == "new-lead"


class TestPicking:
    def test_a_picked_value_replaces_the_one_that_is_there_and_is_the_reviewers(self):
        contact, found = differing()
        decide_same(found, contact, picks={"job_title": pick_of(found, "Job title", "CTO")})
        contact.refresh_from_db()
        assert (contact.job_title, contact.company, contact.phone) == ("CTO", "Firm", "+12125550123")
        origin = origin_of(contact.origins, "job_title")
        assert (origin.writer.kind, origin.writer.name, origin.rule) == ("person", "Tomasz Zieliński", "picked")
        assert origin.writer.arrival == found.arrivals.get().pk
        assert origin_of(contact.origins, "phone").rule == "gap"

    def test_history_and_the_arrival_say_so(self):
        contact, found = differing()
        decide_same(found, contact, picks={"job_title": pick_of(found, "Job title", "CTO")})
        newest, filled = Contact.history.filter(id=contact.pk).order_by("-history_id")[:2]
        assert (newest.actor, newest.job_title) == ("Tomasz Zieliński", "CTO")
        assert newest.history_change_reason == f"{rules.words(rules.PICKED)}: same person, case {found.pk}"
        assert (filled.job_title, filled.phone) == ("Buyer", "+12125550123")
        assert ["job_title", "written", "picked"] in [v[:3] for v in found.arrivals.get().verdicts]

    def test_a_gap_can_be_left_empty_and_stays_so(self):
        contact, found = differing()
        decide_same(found, contact, picks={"phone": "kept"})
        contact.refresh_from_db()
        assert contact.phone == ""
        assert not Contact.history.filter(phone="+12125550123").exists()
        send(email=contact.email, phone="+1 212 555 0123")
        contact.refresh_from_db()
        assert contact.phone == ""

    def test_what_the_rules_do_anyway_is_no_pick(self):
        contact, found = differing()
        decide_same(found, contact, picks={"job_title": "kept", "phone": pick_of(found, "Phone", "+12125550123")})
        contact.refresh_from_db()
        assert origin_of(contact.origins, "phone").rule == "gap"
        assert Contact.history.filter(id=contact.pk).count() == 2

    def test_another_address_can_become_the_primary_one(self):
        contact, found = differing()
        decide_same(found, contact, picks={"email": pick_of(found, "E-mail", "ann.lee@firm.com")})
        contact.refresh_from_db()
        assert contact.email == "ann.lee@firm.com"
        assert dict(Address.objects.values_list("key", "primary")) == {"ann@firm.com": False, "ann.lee@firm.com": True}

    def test_the_page_shows_each_choice_with_its_result_and_sends_it(self):
        contact, found = differing()
        client = signed_in()
        page = opened(client, found).content.decode()
        key = pick_of(found, "Job title", "CTO")
        assert f'name="pick.job_title" value="{key}"' in page
        assert "write “CTO”" in page
        post(client, found, "same", **{"pick.job_title": key, "pick.phone": "kept"})
        contact.refresh_from_db()
        assert (contact.job_title, contact.phone) == ("CTO", "")

    def test_a_value_that_nobody_offers_can_not_be_picked_and_nothing_is_written(self):
        contact, found = differing()
        before = dump()
        for picks in ({"job_title": "a999999"}, {"owner": "a1"}, {"source": "a1"}, {"id": "a1"}):
            with pytest.raises(review.Refused, match="no longer offered"):
                decide_same(found, contact, picks=picks)
        assert dump() == before


class TestPickingAStage:
    def ready(self, stage: str) -> tuple[Contact, Review]:
        contact = known()
        edit_contact(contact.pk, {"lifecycle_stage": stage}, user=person("admin"), version=1, at=NOW)
        return contact, look_alike()

    def test_only_sales_may_pick_one_that_is_less_far(self):
        _, found = self.ready("sql")
        assert not any(v.pick for v in row(seen(found, "reviewer"), "Lifecycle stage").cells[0].values)
        assert any(v.pick for v in row(seen(found, "admin"), "Lifecycle stage").cells[0].values)

    def test_nothing_leads_away_from_unsubscribed(self):
        contact, found = self.ready("unsubscribed")
        assert not any(v.pick for v in row(seen(found, "admin"), "Lifecycle stage").cells[0].values)
        with pytest.raises(review.Refused):
            decide_same(found, contact, "admin", picks={"lifecycle_stage": f"a{found.arrivals.get().pk}"})
