"""Merging in the browser's words: choosing, looking, picking, merging, and taking back; and the two commands."""

from __future__ import annotations

import re

import pytest
from django.core.management import CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.models import Contact, Merge
from tests.contacts.deciding import person, seed, send
from tests.contacts.merging import addresses, answered, command, edit, fresh, his_other, hub, merge, sean

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hub() -> None:
    seed()


def sign_in(name: str = "reviewer") -> Client:
    client = Client()
    client.force_login(person(name))
    return client


def body(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def side_by_side(client: Client, *contacts: Contact, **more):
    return client.get(reverse("hub:merge"), {"contact": [c.pk for c in contacts], **more})


def form_of(response) -> dict[str, object]:
    """What a browser would send for the page as it stands, its checked picks included."""
    page = response.content.decode()
    data: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([\w-]+)" value="(\d+)">', page):
        data.setdefault(name, []).append(value)
    for name, value in re.findall(r'name="(pick-\w+)" id="[\w-]+" value="(\d+)"[^>]* checked', page):
        data[name] = [value]
    data["kept"] = data["kept"][:1]
    data["contact"] = list(dict.fromkeys(data["contact"]))
    return data


class TestSideBySide:
    def test_it_shows_values_differences_rules_and_what_moves(self):
        kept, lost = sean(), his_other()
        page = body(side_by_side(sign_in(), kept, lost))
        assert "<mark>Shaun</mark>" in page
        assert "it was empty, and the merge fills it" in page
        assert f"1 arrival and 1 address go to #{kept.pk}" in page
        assert "most complete" in page

    def test_one_click_swaps_the_one_that_stays(self):
        kept, lost = sean(), his_other()
        client = sign_in()
        first = side_by_side(client, kept, lost)
        assert first.context["preview"].kept_id == kept.pk
        swapped = client.get(reverse("hub:merge") + first.context["columns"][1]["keep"])
        assert swapped.context["preview"].kept_id == lost.pk

    def test_a_pick_is_worked_out_before_it_is_done(self):
        kept, lost = sean(), his_other()
        shown = side_by_side(sign_in(), kept, lost, **{"pick-first_name": lost.pk})
        line = next(line for line in shown.context["preview"].lines if line.field == "first_name")
        assert (line.result, line.sign) == ("Shaun", "pick")

    def test_an_old_number_is_taken_for_the_one_that_stayed(self):
        kept, lost, third = sean(), his_other(), send(email="third@x.example").contact
        merge(kept, lost)
        shown = side_by_side(sign_in(), lost, third)
        assert {c.id for c in shown.context["preview"].columns} == {kept.pk, third.pk}

    def test_a_third_is_added_by_number_or_address_and_taken_out_again(self):
        kept, lost, third = sean(), his_other(), send(email="third@x.example").contact
        client = sign_in()
        shown = side_by_side(client, kept, lost, add="third@x.example")
        assert [c["column"].id for c in shown.context["columns"]] == [kept.pk, lost.pk, third.pk]
        without = client.get(reverse("hub:merge") + shown.context["columns"][2]["without"])
        assert [c["column"].id for c in without.context["columns"]] == [kept.pk, lost.pk]

    @pytest.mark.parametrize("number", [0, 1, 6])
    def test_too_few_or_too_many_say_what_to_do(self, number):
        contacts = [send(email=f"p{n}@x.example").contact for n in range(number)]
        page = body(side_by_side(sign_in(), *contacts))
        words = {0: "Choose two to five contacts", 1: "Choose a second contact", 6: "At most five contacts"}
        assert words[number] in page

    def test_nonsense_in_the_address_is_no_error(self):
        client = sign_in()
        for query in ("?contact=x", "?contact=999", "?contact=9999999999999999999999", "?contact=1&contact=1&kept=7"):
            assert client.get(reverse("hub:merge") + query).status_code == 200
        kept, lost = sean(), his_other()
        for more in ({"pick-first_name": "x"}, {"pick-nonsense": kept.pk}, {"add": "nobody@x.example"}):
            assert side_by_side(client, kept, lost, **more).status_code == 200

    def test_it_costs_the_same_however_many_contacts_and_fields_there_are(self):
        client = sign_in()
        contacts = [send(email=f"p{n}@x.example", first_name="Ann", phone=f"+1212555010{n}").contact for n in range(5)]
        side_by_side(client, *contacts[:2])
        costs = []
        for some in (contacts[:2], contacts):
            with CaptureQueriesContext(connection) as queries:
                side_by_side(client, *some)
            costs.append(len(queries))
        assert costs[0] == costs[1] <= 31


class TestMerging:
    def test_the_page_as_it_stands_merges_and_leads_to_the_one_that_stayed(self):
        kept, lost = sean(), his_other()
        client = sign_in()
        data = form_of(side_by_side(client, kept, lost, **{"pick-first_name": lost.pk}))
        response = client.post(reverse("hub:merge"), data, follow=True)
        assert response.redirect_chain[-1][0] == reverse("hub:contact", args=[kept.pk])
        assert "is part of this contact now" in body(response)
        assert (fresh(kept).first_name, fresh(kept).job_title, fresh(kept).email) == (
            "Shaun",
            "VP",
            "sean@acme.example",
        )

    def test_somebody_elses_change_in_between_is_shown_before_anything_is_done(self):
        kept, lost = sean(), his_other()
        client = sign_in()
        data = form_of(side_by_side(client, kept, lost))
        edit(lost, country="NO")
        before = hub()
        response = client.post(reverse("hub:merge"), data, follow=True)
        assert "was changed while you looked" in body(response)
        assert "Norway" in body(response)
        assert hub() == before

    def test_who_comes_second_is_told_who_merged_them(self):
        kept, lost = sean(), his_other()
        client = sign_in()
        data = form_of(side_by_side(client, kept, lost))
        merge(kept, lost, who="ops")
        page = body(client.post(reverse("hub:merge"), data))
        assert f"#{lost.pk} was merged into #{kept.pk} already, by Priya Raman" in page

    def test_the_list_offers_it_to_those_who_may(self):
        sean()
        assert 'id="merge-go"' in body(sign_in().get(reverse("hub:contacts")))
        assert 'id="merge-go"' not in body(sign_in("sales").get(reverse("hub:contacts")))

    def test_a_page_full_of_markup_stays_text(self):
        kept = send(email="a@x.example", first_name="<script>alert(1)</script>", job_title="{{ 7|add:7 }}").contact
        lost = send(email="b@x.example", first_name='"><img src=x onerror=alert(1)>').contact
        client = sign_in()
        pages = [body(side_by_side(client, kept, lost))]
        done = merge(kept, lost)[0]
        for name, args in (("merges", []), ("merge_show", [done.pk]), ("contact", [kept.pk])):
            pages.append(body(client.get(reverse(f"hub:{name}", args=args))))
        for page in pages:
            assert "<script>alert" not in page
            assert "<img src=x" not in page


class TestTakingBack:
    def test_the_page_tells_what_goes_where_and_asks_what_it_cannot_know(self):
        kept, lost = sean(), his_other()
        done = merge(kept, lost)[0]
        edit(kept, first_name="Jean")
        page = body(sign_in().get(reverse("hub:merge_show", args=[done.pk])))
        assert f"{lost} #{lost.pk} comes back with 1 arrival and 1 address" in page
        assert 'name="place-first_name" value="lost"' in page
        assert "1 thing came since the merge" in page

    def test_the_button_takes_it_back_with_the_answers(self):
        kept, lost = sean(), his_other()
        done = merge(kept, lost)[0]
        edit(kept, first_name="Jean")
        client = sign_in()
        address = reverse("hub:merge_back", args=[done.pk])
        response = client.post(address, {"place-first_name": "lost"}, follow=True)
        assert "is a contact of its own again" in body(response)
        assert "went with" in body(response)
        assert (fresh(kept).first_name, fresh(lost).first_name) == ("Sean", "Jean")
        assert "taken back already" in body(client.post(address, {}, follow=True))

    def test_a_merge_below_another_leads_to_the_one_on_top(self):
        kept, lost, third = sean(), his_other(), send(email="third@x.example").contact
        low, top = merge(kept, lost)[0], merge(kept, third)[0]
        page = body(sign_in().get(reverse("hub:merge_show", args=[low.pk])))
        assert f"Take merge {top.pk} back first" in page
        assert reverse("hub:merge_show", args=[top.pk]) in page

    def test_a_reader_sees_it_and_no_button(self):
        done = merge(sean(), his_other())[0]
        client = sign_in("sales")
        page = body(client.get(reverse("hub:merge_show", args=[done.pk])))
        assert '<button class="btn warn"' not in page
        assert client.post(reverse("hub:merge_back", args=[done.pk])).status_code == 403
        assert not Merge.objects.get().undone_at

    def test_all_merges_are_listed_with_their_state(self):
        kept = sean()
        done = merge(kept, his_other())[0]
        page = body(sign_in("auditor").get(reverse("hub:merges")))
        assert f"merge {done.pk}</a>" in page
        assert "stands" in page
        assert body(sign_in().get(reverse("hub:merges"), {"contact": 999})).count("No merges into #999") == 1

    def test_a_number_that_no_merge_has_is_a_page_with_a_sentence(self):
        client = sign_in()
        for number in (999, 10**30):
            assert client.get(reverse("hub:merge_show", args=[number])).status_code == 404
            assert "no merge" in body(client.post(reverse("hub:merge_back", args=[number]), follow=True)).lower()


class TestTheCommands:
    def test_merge_and_unmerge_answer_with_the_keys_that_stay(self):
        kept, lost = sean(), his_other()
        before = hub()
        done = answered("merge", "sean@acme.example", f"#{lost.pk}")
        number = Merge.objects.get().pk
        assert {k: done[k] for k in ("merge", "kept", "lost")} == {"merge": number, "kept": kept.pk, "lost": lost.pk}
        assert {name: n for name, n in done["moved"].items() if n} == {"arrivals": 1, "addresses": 1}
        back = answered("unmerge", number)
        assert (back["merge"], back["kept"], back["lost"], back["unplaced"]) == (number, kept.pk, lost.pk, [])
        assert back["moved"]["arrivals"] == 1
        assert hub() == before

    def test_a_dry_run_says_the_same_and_writes_nothing(self):
        kept, lost = sean(), his_other()
        before = hub()
        said = command("merge", kept.pk, lost.pk, "--dry-run")
        foreseen = answered("merge", kept.pk, lost.pk, "--dry-run")
        assert hub() == before
        assert "Dry run, nothing written: Sean Obrien" in said
        assert "Job title: “VP”, comes over: it was empty, and the merge fills it." in said
        done = answered("merge", kept.pk, lost.pk)
        assert foreseen == done | {"merge": None}

    def test_a_value_of_the_other_can_be_taken(self):
        kept, lost = sean(), his_other()
        command("merge", kept.pk, lost.pk, "--take", "first_name", "--take", "email")
        assert (fresh(kept).first_name, addresses(kept)[0]) == ("Shaun", ("sob@home.example", True))

    def test_what_is_new_since_is_listed_and_can_be_placed(self):
        kept, lost = sean(), his_other()
        done = merge(kept, lost)[0]
        edit(kept, job_title="CTO")
        said = command("unmerge", done.pk, "--dry-run")
        assert f"“CTO” stays with #{kept.pk}; say otherwise with --place job_title=lost." in said
        assert answered("unmerge", done.pk, "--dry-run")["unplaced"] == ["job_title"]
        command("unmerge", done.pk, "--place", "job_title=lost")
        assert (fresh(kept).job_title, fresh(lost).job_title) == ("", "CTO")

    @pytest.mark.parametrize(
        ("name", "args", "said"),
        [
            ("merge", ["nobody@x.example", "sean@acme.example"], "There is no contact “nobody@x.example”."),
            ("merge", ["sean@acme.example", "SEAN@acme.example"], "are one contact already"),
            ("merge", ["sean@acme.example", "sob@home.example", "--take", "country"], "has no Country to pick"),
            ("unmerge", ["7"], "There is no merge 7."),
            ("unmerge", ["x"], "There is no merge “x”."),
            ("unmerge", ["1", "--place", "job_title"], "places nothing"),
        ],
    )
    def test_what_cannot_be_done_is_one_line_and_status_2(self, name, args, said):
        sean()
        his_other()
        before = hub()
        with pytest.raises(CommandError) as caught:
            command(name, *args)
        assert (caught.value.returncode, said in str(caught.value), "\n" in str(caught.value)) == (2, True, False)
        assert hub() == before
