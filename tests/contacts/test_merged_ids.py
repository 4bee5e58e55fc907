"""Old numbers lead home: pages, searches, the API, commands and histories of a contact that was merged away."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.list_search import search_contacts
from contacts.models import Contact, SourceToken
from contacts.services import story
from contacts.services.explain import explain_contact, find_contact
from contacts.services.merged import lived_as, living_id, living_ids, way_out
from contacts.services.timeline import counts, timeline
from tests.contacts.deciding import NOW, person, seed, send
from tests.contacts.merging import LATER, answered, edit, fresh, his_other, merge, sean, unmerge

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hub() -> None:
    seed()


def chain() -> tuple[Contact, Contact, Contact]:
    """Three who became one, the last by way of the second; the first stays."""
    first, second, third = sean(), his_other(), send(email="third@x.example", lead_score="7").contact
    merge(second, third)
    merge(first, second)
    return first, second, third


def sign_in(name: str = "sales") -> Client:
    client = Client()
    client.force_login(person(name))
    return client


def body(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


class TestTheWayHome:
    def test_each_number_leads_to_the_one_that_stayed_however_often_it_went_on(self):
        first, second, third = chain()
        everybody = [first.pk, second.pk, third.pk]
        assert living_ids([*everybody, 900]) == dict.fromkeys(everybody, first.pk)
        assert sorted(lived_as(first.pk)) == sorted(everybody)
        assert living_id(2**70) is None

    def test_in_one_query_however_long_the_way(self):
        first, _, third = chain()
        with CaptureQueriesContext(connection) as queries:
            assert living_id(third.pk) == first.pk
        assert len(queries) == 1

    def test_after_it_was_taken_back_the_number_is_its_own_again(self):
        kept, lost = sean(), his_other()
        unmerge(merge(kept, lost)[0])
        assert living_ids([kept.pk, lost.pk]) == {kept.pk: kept.pk, lost.pk: lost.pk}
        assert (lived_as(kept.pk), way_out(lost.pk)) == ([kept.pk], None)


class TestPages:
    @pytest.mark.parametrize("name", ["contact", "contact_edit", "contact_history"])
    def test_a_page_leads_to_the_same_page_of_the_one_that_stayed_and_says_so(self, name):
        first, _, third = chain()
        response = sign_in().get(reverse(f"hub:{name}", args=[third.pk]), follow=True)
        assert response.redirect_chain == [(reverse(f"hub:{name}", args=[first.pk]), 302)]
        assert f"#{third.pk} third@x.example was merged into this contact by Tomasz Zieliński" in body(response)

    def test_what_is_sent_to_an_old_form_is_not_stored(self):
        kept, lost = sean(), his_other()
        merge(kept, lost)
        before = fresh(kept)
        response = sign_in().post(reverse("hub:contact_edit", args=[lost.pk]), {"job_title": "CTO"}, follow=True)
        assert "Nothing of what you sent was stored." in body(response)
        assert fresh(kept).version == before.version

    def test_the_one_that_stayed_names_who_became_part_of_it(self):
        kept, lost = sean(), his_other()
        done = merge(kept, lost)[0]
        page = body(sign_in("reviewer").get(reverse("hub:contact", args=[kept.pk])))
        assert f'<a href="{reverse("hub:merge_show", args=[done.pk])}">merge {done.pk} · take it back</a>' in page

    def test_searching_for_the_number_finds_the_one_that_stayed(self):
        first, second, _ = chain()
        for typed in (f"#{second.pk}", str(second.pk)):
            assert first.pk in [i for way in search_contacts(typed).ways for i in way.ids]

    def test_the_list_of_its_arrivals_is_the_list_of_all(self):
        first, second, _ = chain()
        client = sign_in()
        pages = [client.get(reverse("hub:arrivals"), {"contact": c.pk}) for c in (first, second)]
        assert [len(p.context["shown"].rows) for p in pages] == [3, 3]


class TestTheApi:
    @pytest.fixture
    def reader(self) -> Client:
        token = SourceToken(source_slug="website-contact-form", may_read=True)
        secret = token.issue()
        token.save()
        return Client(headers={"Authorization": f"Bearer {secret}"})

    def test_an_old_number_answers_with_the_one_that_stayed(self, reader):
        first, second, third = chain()
        for old in (second, third):
            for path in ("", "/explain"):
                found = reader.get(f"/api/v1/contacts/{old.pk}{path}")
                assert found.json() == reader.get(f"/api/v1/contacts/{first.pk}{path}").json()
        assert reader.get("/api/v1/contacts", {"email": "third@x.example"}).json()["id"] == first.pk


class TestExplaining:
    def test_a_number_or_an_address_of_the_other_finds_the_one_that_stayed(self):
        first, _, third = chain()
        for text in (f"#{third.pk}", str(third.pk), "third@x.example"):
            assert find_contact(text) == first
        assert answered("explain", third.pk)["contact"]["id"] == first.pk

    def test_a_value_says_with_whom_it_came(self):
        kept, lost = sean(), his_other()
        done = merge(kept, lost)[0]
        title = explain_contact(kept)["fields"]["job_title"]
        assert (title["origin"], title["arrival"]) == ("Trade show scan", lost.arrivals.model.objects.last().pk)
        assert title["merge"] == {"number": done.pk, "contact": lost.pk, "name": str(lost)}
        edit(kept, job_title="CTO")
        assert explain_contact(fresh(kept))["fields"]["job_title"]["merge"] is None

    def test_a_value_that_was_not_taken_is_told_with_its_rule(self):
        kept, lost = sean(), his_other()
        done = merge(kept, lost)[0]
        told = explain_contact(kept)["fields"]["first_name"]["refused"][0]
        assert (told["value"], told["origin"], told["merge"]) == ("Shaun", "Trade show scan", done.pk)
        assert told["rule"] == "the contact that is kept has it, and keeps it"
        assert "Shaun" in body(sign_in().get(reverse("hub:contact", args=[kept.pk]) + "?why=first_name"))

    def test_a_picked_value_is_told_as_picked(self):
        kept, lost = sean(), his_other()
        merge(kept, lost, first_name=lost)
        page = body(sign_in().get(reverse("hub:contact", args=[kept.pk])))
        assert "Tomasz Zieliński picked it on 17 March 2026 at 12:40." in page


class TestTheStory:
    def test_history_and_timeline_tell_what_each_of_them_lived_through(self):
        first, second, third = chain()
        edit(first, job_title="CTO", at=LATER + timedelta(hours=1))
        events, older = story.events(first.pk, story.load_names(), 50)
        assert {e.contact for e in events} == {first.pk, second.pk, third.pk}
        assert [e.created for e in events].count(True) == 3
        lines = timeline(first.pk, story.load_names(), None, None).lines
        assert [line.lived_as for line in lines if line.words.startswith("Created")] == [third.pk, second.pk, None]
        assert not any("merged into" in line.words for line in lines)
        assert (older, counts(first.pk)) == (None, "3 arrivals, 3 edits")

    def test_a_page_of_it_compares_each_row_with_the_one_before_of_the_same_contact(self):
        kept, lost = sean(), his_other()
        for n in range(4):
            edit(kept, job_title=f"Mine {n}")
            edit(lost, job_title=f"Theirs {n}")
        merge(kept, lost)
        names, pages, before = story.load_names(), [], None
        while True:
            shown, before = story.events(kept.pk, names, 3, before)
            pages.append(shown)
            if before is None:
                break
        whole, _ = story.events(kept.pk, names, 50)
        assert [e for page in pages for e in page] == whole
        told = [c.old for e in whole for c in e.changes if c.new == "Theirs 3"]
        assert told == ["Theirs 2"]

    @pytest.mark.parametrize("arrivals", [0, 25])
    def test_the_timeline_leads_on_through_all_of_it(self, arrivals):
        kept, lost = sean(), his_other()
        for n in range(25):
            edit(kept, job_title=f"Mine {n}")
            edit(lost, job_title=f"Theirs {n}")
        for n in range(arrivals):
            send(email="sob@home.example", at=NOW + timedelta(days=n + 1))
        merge(kept, lost, at=NOW + timedelta(days=30))
        client, address, words = sign_in(), "", []
        for _ in range(10):
            shown = client.get(reverse("hub:contact", args=[kept.pk]) + f"?{address}").context["timeline"]
            words += [e["line"].words for e in shown["lines"]]
            address = shown["older"]
            if not address:
                break
        assert sum("Theirs" in w for w in words) == sum("Mine" in w for w in words) == 25
        assert sum("came again" in w for w in words) == arrivals
        assert len([w for w in words if w.startswith("Created")]) == 2
