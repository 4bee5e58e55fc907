"""Reviewers decide what the hub could not: once, whole, and with their name on it."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from contacts.domain.origins import origin_of
from contacts.models import Address, Arrival, Contact, ImportBatch, Review
from contacts.services import review
from contacts.services.stored import custom_types, received_of
from tests.contacts.deciding import NOW, dump, held, person, seed, send, source

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _hub(db):
    seed()


def same(arrival: Arrival, contact: Contact | None = None, by: str = "reviewer") -> Review:
    contact = contact or Contact.objects.get()
    return review.decide_same(arrival.review_id, contact.pk, user=person(by), at=LATER)


class TestSamePerson:
    def test_it_fills_gaps_and_keeps_what_is_there(self):
        arrival = held(job_title="vp eng", company="Acme Tooling Ltd", phone="+1 212 555 0123")
        same(arrival)
        contact = Contact.objects.get()
        assert (contact.job_title, contact.phone) == ("vp eng", "+12125550123")
        assert contact.company == "Acme Tooling"

    def test_the_address_becomes_an_alias_and_later_records_find_the_contact(self):
        arrival = held()
        same(arrival)
        contact = Contact.objects.get()
        assert contact.email == "sean@acme-tooling.com"
        assert set(contact.addresses.values_list("key", "primary")) == {
            ("sean@acme-tooling.com", True),
            ("s.obrien@acme-tooling.com", False),
        }
        assert send(email="S.OBrien@acme-tooling.com", first_name="Sean").contact_id == contact.pk

    def test_a_contact_without_an_address_gets_its_first(self):
        send(first_name="Sean", last_name="O'Brien", domain="acme-tooling.com", company="Acme Tooling")
        arrival = send("trade-show-scan", email="s@acme-tooling.com", first_name="Sean", last_name="O'Brien")
        same(arrival)
        contact = Contact.objects.get()
        assert contact.email == "s@acme-tooling.com"
        assert Address.objects.get().primary
        assert origin_of(contact.origins, "email").rule == "alias"
        assert origin_of(contact.origins, "email").writer.name == "Tomasz Zieliński"

    def test_the_log_keeps_what_it_said_and_gains_the_contact_and_the_verdicts(self):
        arrival = held(job_title="vp eng")
        said = (arrival.outcome, arrival.reason, arrival.raw, arrival.received_at)
        same(arrival)
        arrival.refresh_from_db()
        assert (arrival.outcome, arrival.reason, arrival.raw, arrival.received_at) == said
        assert arrival.contact_id == Contact.objects.get().pk
        assert ["job_title", "written", "gap"] in [v[:3] for v in arrival.verdicts]
        assert ["email", "written", "alias"] in [v[:3] for v in arrival.verdicts]

    def test_history_names_the_reviewer_the_case_and_the_arrival(self):
        arrival = held(job_title="vp eng")
        case = same(arrival)
        row = Contact.history.latest("history_id")
        assert (row.actor, row.history_change_reason) == ("Tomasz Zieliński", f"same person, case {case.pk}")
        assert (row.arrival_id, row.job_title) == (arrival.pk, "vp eng")
        assert (case.status, case.decided_by_name, case.contact_id) == ("same", "Tomasz Zieliński", row.id)

    def test_an_owner_stays_in_the_history_row(self):
        arrival = held(job_title="vp eng")
        Contact.objects.update(owner=person("sales"))
        same(arrival)
        assert Contact.history.latest("history_id").owner_id == person("sales").pk

    def test_every_arrival_that_joined_the_case_is_taken_in_order(self):
        first = held(job_title="vp eng")
        second = send("webinar-registration", email="s.obrien@acme-tooling.com", job_title="VP", country="Ireland")
        assert second.review_id == first.review_id
        same(first)
        contact = Contact.objects.get()
        assert (contact.job_title, contact.country) == ("vp eng", "Ireland")
        assert set(Arrival.objects.exclude(review=None).values_list("contact_id", flat=True)) == {contact.pk}
        assert Address.objects.filter(key="s.obrien@acme-tooling.com").count() == 1

    def test_what_was_changed_meanwhile_is_not_overwritten(self):
        arrival = held(job_title="vp eng")
        Contact.objects.update(job_title="VP of Engineering")
        same(arrival)
        assert Contact.objects.get().job_title == "VP of Engineering"

    def test_a_stage_never_moves_by_it(self):
        arrival = held()
        same(arrival)
        assert Contact.objects.get().lifecycle_stage_id == "new-lead"

    def test_an_address_that_another_contact_has_by_now_is_refused_and_nothing_is_written(self):
        arrival = held(job_title="vp eng")
        known = Contact.objects.get()
        other = Contact.objects.create(first_name="Sheila", created_at=NOW, updated_at=NOW)
        Address.objects.create(
            contact=other, shown="s.obrien@acme-tooling.com", key="s.obrien@acme-tooling.com", added_at=NOW
        )
        before = dump()
        with pytest.raises(review.Refused, match=f"belongs to Sheila .#{other.pk}. by now"):
            same(arrival, known)
        assert dump() == before
        assert same(arrival, other).contact_id == other.pk  # whoever has the address is a candidate by then

    def test_a_contact_that_is_no_candidate_is_refused(self):
        arrival = held()
        stranger = Contact.objects.create(created_at=NOW, updated_at=NOW)
        with pytest.raises(review.Refused, match="no candidate"):
            same(arrival, stranger)

    def test_a_file_row_is_read_through_its_own_columns(self):
        batch = ImportBatch.objects.create(
            source=source(), filename="a.csv", created_at=NOW, columns=["Mail", "Vorname", "Notiz"],
            mapping={"Mail": "email", "Vorname": "first_name"},
        )  # fmt: skip
        arrival = Arrival(raw=["a@b.com", "Ann", "x", "more"], batch=batch, row=1)
        received = received_of(arrival, custom_types())
        assert received.values == {"email": "a@b.com", "first_name": "Ann"}
        assert (received.columns, received.delivery_key) == ({"email": "Mail", "first_name": "Vorname"}, None)


class TestDifferentPeople:
    def different(self, arrival: Arrival) -> Review:
        return review.decide_different(arrival.review_id, user=person("reviewer"), at=LATER)

    def test_a_contact_is_made_with_the_source_of_the_first_arrival(self):
        arrival = held(job_title="Buyer")
        case = self.different(arrival)
        made = Contact.objects.get(pk=case.contact_id)
        assert Contact.objects.count() == 2
        assert (made.email, made.job_title, made.source) == (
            "s.obrien@acme-tooling.com", "Buyer", source("trade-show-scan"),
        )  # fmt: skip
        assert made.lifecycle_stage_id == "event-lead"
        row = made.history.get()
        assert (row.actor, row.history_change_reason) == (
            "Tomasz Zieliński", f"created: different people, case {case.pk}",
        )  # fmt: skip

    def test_later_arrivals_of_the_case_fill_the_contact_that_the_first_made(self):
        first = held()
        send("webinar-registration", email="s.obrien@acme-tooling.com", country="Ireland")
        case = self.different(first)
        made = Contact.objects.get(pk=case.contact_id)
        assert (made.country, made.source) == ("Ireland", source("trade-show-scan"))
        assert Contact.objects.count() == 2
        assert set(case.arrivals.values_list("outcome", "contact_id")) == {("held", made.pk)}

    def test_two_arrivals_without_an_address_but_of_one_name_make_one_contact(self):
        send(email="sean@acme-tooling.com", first_name="Sean", last_name="O'Brien", company="Acme Tooling")
        one = send("partner-referral", first_name="Sean", last_name="O'Brien", domain="acme-tooling.com")
        two = send("partner-referral", first_name="Sean", last_name="O'Brien", domain="acme-tooling.com",
                   country="Ireland")  # fmt: skip
        assert one.review_id == two.review_id
        case = self.different(one)
        assert Contact.objects.count() == 2
        assert Contact.objects.get(pk=case.contact_id).country == "Ireland"

    def test_the_log_still_says_held(self):
        arrival = held()
        self.different(arrival)
        reason = arrival.reason
        arrival.refresh_from_db()
        assert (arrival.outcome, arrival.reason) == ("held", reason)

    def test_the_same_person_is_not_asked_about_again(self):
        self.different(held())
        assert send(email="s.obrien@acme-tooling.com", first_name="Sean").outcome == "unchanged"
        assert not Review.objects.filter(status="open").exists()

    def test_an_address_that_a_contact_has_by_now_fills_that_contact(self):
        arrival = held(job_title="Buyer")
        other = Contact.objects.create(first_name="Sean", created_at=NOW, updated_at=NOW)
        Address.objects.create(
            contact=other, shown="s.obrien@acme-tooling.com", key="s.obrien@acme-tooling.com", added_at=NOW
        )
        assert self.different(arrival).contact_id == other.pk
        other.refresh_from_db()
        assert other.job_title == "Buyer"


class TestTheOtherDecisions:
    def test_not_a_lead_writes_the_case_alone_and_keeps_the_arrival(self):
        arrival = held(job_title="vp eng")
        before = dump()
        review.decide_not_a_lead(arrival.review_id, user=person("ops"), at=LATER, note="a student")
        after = dump()
        changed = [name for name in before if before[name] != after[name]]
        assert changed == ["Review"]
        assert Review.objects.get().note == "a student"

    def test_not_a_lead_needs_a_reason(self):
        arrival = held()
        with pytest.raises(review.Refused, match="in a few words"):
            review.decide_not_a_lead(arrival.review_id, user=person("ops"), at=LATER, note="  ")

    def test_a_shared_mailbox_is_seen_and_nothing_else(self):
        send(email="info@acme-tooling.com", first_name="Sean", last_name="O'Brien")
        send(email="info@acme-tooling.com", first_name="Petra", last_name="Novak")
        case = Review.objects.get(kind="mailbox")
        with pytest.raises(review.Refused, match="marked as seen"):
            review.decide_different(case.pk, user=person("reviewer"), at=LATER)
        assert review.mark_seen(case.pk, user=person("reviewer"), at=LATER).status == "seen"
        assert Contact.objects.count() == 1

    def test_a_case_that_is_decided_is_never_decided_again(self):
        arrival = held()
        same(arrival)
        before = dump()
        for again in (
            lambda: same(arrival, by="ops"),
            lambda: review.decide_different(arrival.review_id, user=person("ops"), at=LATER),
            lambda: review.decide_not_a_lead(arrival.review_id, user=person("ops"), at=LATER, note="no"),
        ):
            with pytest.raises(review.AlreadyDecided, match=r"Tomasz Zieliński decided .* same person, 17 March 10:40"):
                again()
        assert dump() == before


@pytest.mark.django_db(transaction=True)
class TestTwoReviewersAtOnce:
    def test_exactly_one_decides_and_the_other_is_told(self):
        arrivals = []
        for n in range(6):
            send(email=f"a{n}@firm{n}.com", first_name="Ann", last_name=f"Lee{n}")
            arrivals.append(send(email=f"b{n}@firm{n}.com", first_name="Ann", last_name=f"Lee{n}"))
        for arrival in arrivals:
            told = self._both(arrival.review_id)
            assert sorted(told) == ["decided", "told"]
        assert Contact.objects.count() in range(6, 13)
        assert not Review.objects.filter(status="open").exists()
        for case in Review.objects.all():
            assert Address.objects.filter(contact=case.contact_id).exists()

    @staticmethod
    def _both(case: int) -> list[str]:
        start, told = Barrier(2), []
        candidate = Review.objects.get(pk=case).candidates.get().contact_id

        def one(user, act):
            try:
                start.wait()
                act(user)
                told.append("decided")
            except review.AlreadyDecided:
                told.append("told")
            finally:
                connection.close()

        acts = [
            (person("reviewer"), lambda u: review.decide_same(case, candidate, user=u, at=LATER)),
            (person("ops"), lambda u: review.decide_different(case, user=u, at=LATER)),
        ]
        threads = [Thread(target=one, args=pair) for pair in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return told
