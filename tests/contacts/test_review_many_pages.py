"""One decision for many cases, on the pages: from the list to the result and back."""

from __future__ import annotations

import pytest
from django.urls import reverse

from contacts import tasks
from contacts.models import BulkDecision, Review
from contacts.services.review import many
from tests.contacts.deciding import dump, seed
from tests.contacts.reviewing import asked, case, known, look_alike, signed_in, some

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hub(db):
    seed()


class TestOnThePages:
    def ask(self, client, **data):
        return client.post(reverse("hub:review_bulk"), data, follow=True)

    def test_from_the_list_to_the_result_and_back(self):
        cases = some()
        client = signed_in()
        page = self.ask(client, case=[c.pk for c in cases[:2]], decision="same")
        assert "Same person: 2 cases now" in page.content.decode()
        bulk = BulkDecision.objects.get()
        page = client.post(reverse("hub:review_bulk_run", args=[bulk.pk]), follow=True)
        assert "2 of 2 cases" in page.content.decode()
        assert Review.objects.filter(status="same").count() == 2
        page = client.post(reverse("hub:review_bulk_back", args=[bulk.pk]), follow=True)
        assert "Take back: 2 cases now" in page.content.decode()

    def test_all_that_match_the_filter_beyond_the_page_too(self):
        some(2)
        case(who="other", kind="mailbox")
        client = signed_in()
        answer = client.post(f"{reverse('hub:review_bulk')}?kind=hold", {"all": "1", "decision": "same"}, follow=True)
        assert BulkDecision.objects.get().which == "all in “held arrival”"
        assert "Same person: 2 cases now" in answer.content.decode()

    def test_what_is_left_is_listed_with_its_reason(self):
        known(job_title="Buyer")
        conflict = look_alike(job_title="CTO")
        page = self.ask(signed_in(), case=conflict.pk, decision="same").content.decode()
        assert "A value conflicts: Job title" in page
        assert "Nothing would be decided" in page

    @pytest.mark.parametrize("data", [{}, {"decision": "same"}, {"decision": "open", "case": "1"}, {"case": "x"}])
    def test_what_makes_no_sense_is_told_and_nothing_is_made(self, data):
        page = self.ask(signed_in(), **data).content.decode()
        assert "Choose" in page
        assert not BulkDecision.objects.exists()

    def test_pressing_the_button_twice_decides_once(self):
        cases = some(2)
        client = signed_in()
        self.ask(client, case=[c.pk for c in cases], decision="same")
        address = reverse("hub:review_bulk_run", args=[BulkDecision.objects.get().pk])
        client.post(address)
        before = dump()
        client.post(address)
        assert dump() == before

    def test_long_work_shows_how_far_it_is(self, monkeypatch):
        monkeypatch.setattr(many, "AT_ONCE", 0)
        cases = some(2)
        client = signed_in()
        page = self.ask(client, case=[c.pk for c in cases], decision="same").content.decode()
        assert 'role="progressbar"' in page
        assert "nothing is decided yet" in page
        bulk = BulkDecision.objects.get()
        tasks.look_at_bulk(bulk.pk)
        answer = client.get(reverse("hub:review_bulk_show", args=[bulk.pk]), headers={"HX-Request": "true"})
        assert answer["HX-Redirect"] == reverse("hub:review_bulk_show", args=[bulk.pk])

    def test_who_may_only_look_sees_it_and_can_do_nothing(self):
        bulk, auditor = asked("same", some(1)), signed_in("auditor")
        assert (
            '<form method="post"' not in auditor.get(reverse("hub:review_bulk_show", args=[bulk.pk])).content.decode()
        )
        for name in ("review_bulk_run", "review_bulk_back"):
            assert auditor.post(reverse(f"hub:{name}", args=[bulk.pk])).status_code == 403
        assert Review.objects.get().status == "open"
