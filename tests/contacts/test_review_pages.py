"""The review queue and its cases as a reviewer sees them, and deciding there by a button."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from contacts.domain.marking import marked
from contacts.models import Arrival, Contact, Review
from contacts.services import review
from contacts.services.review.page import compare
from tests.contacts.deciding import NOW, dump, held, person, seed, send

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _hub(db):
    seed()


def same(arrival: Arrival) -> Review:
    contact = Contact.objects.get()
    return review.decide_same(arrival.review_id, contact.pk, user=person("reviewer"), at=LATER)


class TestWhatAReviewerSees:
    def test_differences_are_marked_inside_the_values(self):
        assert marked("s.obrien@acme.com", "sean.obrien@acme.com") == [("s", True), (".obrien@acme.com", False)]
        assert marked("Acme Tooling Ltd", "Acme Tooling") == [("Acme Tooling", False), (" Ltd", True)]
        assert marked("ACME", "Acme") == [("ACME", False)]

    def test_it_is_shown_what_same_person_would_do(self):
        arrival = held(job_title="vp eng", company="Acme Tooling Ltd")
        table = compare(Review.objects.get(pk=arrival.review_id), None, person("reviewer"), LATER)
        effects = {row.label: row.effects[0] for row in table.rows if row.effects}
        assert effects["E-mail"].sign == "alias"
        effects |= {row.label: row.effects[row.checked] for row in table.rows if row.checked >= 0}
        assert (effects["Job title"].sign, effects["Job title"].words) == ("fill", "fill vp eng")
        assert (effects["Company"].sign, effects["Company"].why) == ("keep", "arrivals only fill gaps")

    def test_a_value_that_could_not_be_taken_is_shown_beside_its_refusal(self):
        arrival = held(company="W" * 300)
        table = compare(Review.objects.get(pk=arrival.review_id), None, person("reviewer"), LATER)
        (row,) = (row for row in table.rows if row.label == "Company")
        assert "WWW" in "".join(text for text, _ in row.cells[0].values[0].parts)
        assert row.effects[0].sign == "refuse"

    def test_what_is_shown_is_what_is_then_done(self):
        arrival = held(job_title="vp eng", country="Ireland", company="Acme Tooling Ltd")
        table = compare(Review.objects.get(), None, person("reviewer"), LATER)
        effects = {row.label: row.effects[max(row.checked, 0)] for row in table.rows if row.effects}
        before = Contact.objects.values().get()
        same(arrival)
        after = Contact.objects.values().get()
        columns = {"Job title": "job_title", "Country": "country", "Company": "company", "First name": "first_name"}
        for label, column in columns.items():
            assert (before[column] != after[column]) == (effects[label].sign == "fill"), label

    def test_a_candidate_shows_todays_values(self, client):
        arrival = held()
        Contact.objects.update(job_title="Head of Tooling")
        client.force_login(person("reviewer"))
        assert "Head of Tooling" in client.get(reverse("hub:review", args=[arrival.review_id])).content.decode()

    def test_the_queue_costs_the_same_however_long_it_is(self, client, django_assert_max_num_queries):
        client.force_login(person("reviewer"))
        for n in range(4):
            send(email=f"a{n}@firm{n}.com", first_name="Ann", last_name=f"Lee{n}")
            send(email=f"b{n}@firm{n}.com", first_name="Ann", last_name=f"Lee{n}")
        with django_assert_max_num_queries(17):  # one of them is the menu's badge
            page = client.get(reverse("hub:reviews")).content.decode()
        assert "4 cases wait" in page

    def test_filters_hold_the_queue_to_one_source(self, client):
        held()
        client.force_login(person("reviewer"))
        assert "O&#x27;Brien" in client.get(reverse("hub:reviews"), {"source": "trade-show-scan"}).content.decode()
        page = client.get(reverse("hub:reviews"), {"source": "partner-referral"}).content.decode()
        assert "No case waits under these filters" in page


class TestDecidingOnThePage:
    def post(self, client, pk: int, **data: str):
        seen = client.get(reverse("hub:review", args=[pk])).context["table"].basis
        return client.post(reverse("hub:review_decide", args=[pk]), {"basis": seen} | data)

    def test_a_decision_opens_the_next_case_and_says_what_was_done(self, client):
        arrival = held()
        send(email="ann@firm.com", first_name="Ann", last_name="Lee")
        following = send(email="a@firm.com", first_name="Ann", last_name="Lee")
        client.force_login(person("reviewer"))
        contact = Contact.objects.get(email="sean@acme-tooling.com")
        answer = self.post(client, arrival.review_id, act="same", candidate=str(contact.pk))
        assert answer.url == reverse("hub:review", args=[following.review_id])
        page = client.get(answer.url).content.decode()
        assert f"same person as #{contact.pk}" in page
        assert reverse("hub:review_undo", args=[arrival.review_id]) in page

    def test_the_slower_reviewer_is_told_who_decided(self, client):
        arrival = held()
        same(arrival)
        client.force_login(person("ops"))
        self.post(client, arrival.review_id, act="different")
        page = client.get(reverse("hub:review", args=[arrival.review_id])).content.decode()
        assert "Tomasz Zieliński decided case" in page
        assert Contact.objects.count() == 1

    def test_a_reader_sees_the_case_and_no_button(self, client):
        arrival = held()
        client.force_login(person("auditor"))
        page = client.get(reverse("hub:review", args=[arrival.review_id])).content.decode()
        assert 'name="act"' not in page
        before = dump()
        assert self.post(client, arrival.review_id, act="different").status_code == 403
        assert dump() == before

    @pytest.mark.parametrize("act", ["same", "different", "seen", "open", ""])
    def test_a_get_decides_nothing(self, client, act):
        arrival = held()
        client.force_login(person("reviewer"))
        client.get(reverse("hub:review_decide", args=[arrival.review_id]), {"act": act})
        assert Review.objects.get().status == "open"
