"""The pages of the stage table: what each shows, to whom, and at what cost."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from contacts.models import Contact, Refusal, StageTableVersion
from contacts.services import refusals, stage_tables
from tests.contacts.deciding import person, seed, send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hub(client) -> None:
    seed()
    client.force_login(person("ops"))


def get(client, name: str, query: str = "", *args: object) -> str:
    answer = client.get(reverse(f"hub:{name}", args=args) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def edit(client, **data: str):
    return client.post(reverse("hub:stages_edit"), data, headers={"X-Requested-With": "fetch"})


def refuse(who: str = "Paid search", **more: str) -> None:
    row = {"stage_from": "in-discovery", "stage_to": "mql", "offered": "MQL"} | more
    refusals.log_refusals(
        [refusals.Refused(None, "lifecycle_stage", "stage-map-back", timezone.now(), "source", who, **row)]
    )


def test_the_page_shows_the_moves_the_stages_and_their_contacts(client):
    send(email="a@acme.example")
    refuse()
    page = get(client, "stages")
    assert 'data-title="In Discovery to MQL: nobody."' in page
    assert "1 refusal in 30 days, 0 in the 30 before." in page
    assert "Version 1, in force since" in page
    assert "sales (admin, sales)" in page
    assert "Subscriber / New Contact / Lead" in page


def test_the_page_costs_the_same_however_many_contacts_and_refusals(client, django_assert_max_num_queries):
    for n in range(30):
        send("paid-search-landing-page", email=f"c{n}@acme.example")
    with django_assert_max_num_queries(24):
        get(client, "stages")
    edit(client, act="start")
    with django_assert_max_num_queries(40):
        get(client, "stages_draft")


def test_a_draft_is_edited_in_place_and_put_in_force_with_a_reason(client):
    edit(client, act="start")
    part = edit(client, act="cell", stage="mql", column="label", was="MQL", now="Hot Lead").content.decode()
    assert "Hot Lead" in part
    assert 'class="changed"' in part
    draft = stage_tables.draft()
    client.post(reverse("hub:stages_force"), {"reason": "", "revision": draft.revision})
    assert stage_tables.in_force().number == 1
    client.post(reverse("hub:stages_force"), {"reason": "Clearer", "revision": draft.revision})
    assert "Hot Lead" in get(client, "stages")
    versions = get(client, "stages_versions")
    assert "Clearer" in versions
    client.post(reverse("hub:stages_back", args=[1]))
    assert stage_tables.draft().number == 3
    assert "Hot Lead" in get(client, "stages_compare", "?a=1&b=2")


def test_a_second_editor_is_told_and_sees_what_stands(client):
    edit(client, act="cell", stage="mql", column="label", was="MQL", now="Hot Lead")
    client.force_login(person("admin"))
    answer = edit(client, act="cell", stage="mql", column="label", was="MQL", now="Warm Lead")
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Priya Raman changed this meanwhile" in page
    assert 'value="Hot Lead"' in page


def test_a_problem_is_shown_and_holds_the_button(client):
    page = edit(client, act="cell", stage="mql", column="owner", was="map", now="sales").content.decode()
    assert "Only a MAP sets MQL" in page
    assert "1 problem first" in page


@pytest.mark.parametrize("act", ["cell", "close", "open", "add", "nonsense", ""])
def test_nonsense_is_answered_in_words(client, act):
    edit(client, act="start")
    answer = edit(client, act=act, stage="gone\x00", end="gone", column="in:", label="!!", was="x", now="y" * 3_000)
    assert answer.status_code == 409
    assert 'role="alert"' in answer.content.decode()


def test_django_s_own_form_of_stages_leads_to_the_table(client):
    User.objects.filter(username="ops").update(is_superuser=True)
    for address in (reverse("admin:contacts_stage_changelist"), reverse("admin:contacts_stage_change", args=["mql"])):
        assert client.get(address).url == reverse("hub:stages")
    assert client.get(reverse("admin:contacts_stage_add")).status_code == 403
    assert client.post(reverse("admin:contacts_stage_delete", args=["mql"]), {"post": "yes"}).status_code == 403


class TestRefusals:
    def test_they_are_listed_filtered_and_paged(self, client):
        for n in range(60):
            refuse(f"Source {n}")
        refuse("Somebody else", stage_to="new-lead", offered="New Lead")
        first = get(client, "stages_refusals")
        older = re.search(r'href="(\?after=[^"]+)">Older', first)[1].replace("&amp;", "&")
        assert first.count("a source</small>") == 50
        assert get(client, "stages_refusals", older).count("a source</small>") == 11
        only = get(client, "stages_refusals", "?from=in-discovery&to=new-lead")
        assert only.count("a source</small>") == 1
        assert get(client, "stages_refusals", "?rule=stage-map").count("a source</small>") == 0
        assert get(client, "stages_refusals", "?who=Source+5&days=7").count("a source</small>") == 11

    @pytest.mark.parametrize("query", ["?after=x", "?after=2026-01-01~9", "?days=x&rule=%00&from=%00", "?after=~~~"])
    def test_an_address_that_makes_no_sense_is_a_page(self, client, query):
        get(client, "stages_refusals", query)

    def test_the_csv_has_the_filtered_rows_and_no_formula(self, client):
        refuse("=cmd|' /C calc'!A0")
        refuse("Other", stage_to="new-lead")
        answer = client.get(reverse("hub:stages_refusals_export") + "?from=in-discovery&to=mql")
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [r["who"] for r in rows] == ["'=cmd|' /C calc'!A0"]
        assert rows[0]["to"] == "mql"


class TestVendorLink:
    def address(self, client) -> str:
        page = get(client, "stages_policy")
        return re.search(r'value="(http[^"]+)"', page)[1].removeprefix("http://testserver")

    def test_it_opens_without_signing_in_and_names_no_person(self, client):
        send("paid-search-landing-page", email="lea@acme.example", first_name="Zsófia", last_name="Quux")
        contact = Contact.objects.get(email="lea@acme.example")
        refusals.log_refusals(
            [
                refusals.of_person(
                    contact.pk,
                    "stage-map",
                    contents().table(),
                    "new-lead",
                    "lea@secret.example",
                    "Dana Whitfield",
                    timezone.now(),
                )
            ]
        )
        where = self.address(client)
        client.logout()
        answer = client.get(where)
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "Only a MAP sets MQL" in page
        assert "Paid search landing page" in page
        for secret in ("Zsófia", "Quux", "lea@", "secret", "Dana", "Whitfield", "Priya"):
            assert secret not in page
        assert answer["X-Robots-Tag"] == "noindex"

    def test_made_anew_the_old_one_ends(self, client):
        old = self.address(client)
        client.post(reverse("hub:stages_policy_renew"))
        new = self.address(client)
        client.logout()
        assert client.get(old).status_code == 404
        assert client.get(new).status_code == 200

    @pytest.mark.parametrize("token", ["1", "1:forged", "x" * 500, "2:"])
    def test_a_forged_one_is_nothing(self, client, token):
        assert client.get(reverse("stage_policy", args=[token])).status_code == 404

    def test_only_who_puts_in_force_makes_it_anew(self, client):
        client.force_login(person("auditor"))
        assert client.post(reverse("hub:stages_policy_renew")).status_code == 403


def contents():
    return stage_tables.current_contents()


@pytest.mark.parametrize("role", ["admin", "ops", "reviewer", "marketing", "sales", "auditor"])
def test_every_role_reads_the_table_and_only_some_draft(client, role):
    client.force_login(person(role))
    page = get(client, "stages")
    assert ("Draft a change" in page) == (role in ("admin", "ops"))
    answer = edit(client, act="start")
    assert (answer.status_code == 200) == (role in ("admin", "ops"))
    assert StageTableVersion.objects.count() == (2 if role in ("admin", "ops") else 1)


def test_the_log_s_periods_end_where_they_say(client):
    refuse()
    Refusal.objects.update(at=timezone.now() - timedelta(days=8))
    assert "0 in 7 days, 1 in the 7 before" in get(client, "stages_refusals")
