"""The pages of connections and worksheets: what they show, what their doors refuse, and what they cost."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from contacts.models import Contact, CustomField, Refusal, Source, StageTableVersion
from syncrules.domain.worksheet import Direction, Rule
from syncrules.models import Connection, WorksheetVersion
from syncrules.services import editing, policy, versions
from syncrules.services.seed import seed_demo
from tests.contacts.deciding import NOW, person, send
from tests.syncrules.test_worksheet_files import PLAYBOOK
from tests.syncrules.worksheets import JOB_TITLE, LATER, force, ops, pulled, row, said, seed, set_cell

pytestmark = pytest.mark.django_db
SANDBOX = ["sandbox"]


@pytest.fixture
def sandbox():
    return seed()


def as_(name: str) -> Client:
    client = Client()
    client.force_login(person(name), backend="django.contrib.auth.backends.ModelBackend")
    return client


def edit(client: Client, **said) -> tuple[int, dict]:
    answer = client.post(
        reverse("rules:worksheet_edit", args=SANDBOX), json.dumps(said), content_type="application/json"
    )
    return answer.status_code, answer.json()


def shown(client: Client, name: str, *args, **query) -> str:
    answer = client.get(reverse(f"rules:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_grid_offers_every_field_that_exists_custom_fields_too(sandbox):
    CustomField.objects.create(slug="product_interest", label="Product interest", type="text")
    page = as_("ops").get(reverse("rules:worksheet", args=SANDBOX))
    hub = {f["value"] for f in page.context["choices"]["hub_field"]}
    theirs = {f["value"] for f in page.context["choices"]["map_field"]}
    assert {"product_interest", "email", "opt_in", "source"} <= hub
    assert {"jobtitle", "hs_email_optout"} <= theirs


def test_an_edit_answers_with_the_state_after_it(sandbox):
    key = row(sandbox, "source").key
    status, answer = edit(as_("ops"), act="cell", key=key, column="direction", was="to-hub", now="to-map")
    state = answer["state"]
    assert (status, state["stops"], state["draft"]["number"]) == (200, 1, 2)
    changed = next(r for r in state["rows"] if r["key"] == key)
    assert (changed["changed"], changed["bad"]) == (["direction"], ["direction"])
    assert state["why_not"] == "1 problem stops it"


def test_an_edit_over_another_ones_answers_with_both_values(sandbox):
    key = row(sandbox, "first_name").key
    edit(as_("admin"), act="cell", key=key, column="rule", was="fill", now="never")
    status, answer = edit(as_("ops"), act="cell", key=key, column="rule", was="fill", now="hub")
    assert (status, answer["value"], answer["by"]) == (409, "never", "Ada Okonkwo")
    assert [e["name"] for e in answer["state"]["editors"]] == ["Ada Okonkwo"]
    assert row(sandbox, "first_name").rule == Rule.NEVER


def test_a_fix_and_ctrl_z_by_the_same_door(sandbox):
    client = as_("ops")
    _, answer = edit(client, act="cell", key=row(sandbox, "source").key, column="direction", was="to-hub", now="to-map")
    problem = answer["state"]["problems"][0]
    status, answer = edit(client, act="fix", code=problem["code"], key=problem["key"], fix_args=problem["fix_args"])
    assert (status, answer["state"]["stops"]) == (200, 0)
    status, answer = edit(client, act="take-back", edit=answer["state"]["undo"]["id"])
    assert (status, answer["state"]["stops"]) == (200, 1)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"act": "drop"}', b'{"act": "cell"}', b'{"act": "cell", "key": "x", "column": "rule"}',
     b'{"act": "move", "key": 1, "to": null}', b'{"act": "fix", "code": "x", "key": null, "fix_args": [1]}'],
)  # fmt: skip
def test_an_edit_that_makes_no_sense_changes_nothing(sandbox, body):
    before = said(sandbox)
    answer = as_("ops").post(reverse("rules:worksheet_edit", args=SANDBOX), body, content_type="application/json")
    assert answer.status_code == 400
    assert said(sandbox) == before


def test_the_state_is_only_sent_again_when_something_changed(sandbox):
    client, address = as_("ops"), reverse("rules:worksheet_state", args=SANDBOX)
    assert client.get(address, {"has": "0.0.1"}).json() == {"same": True}
    set_cell(sandbox, "first_name", "rule", Rule.NEVER)
    assert client.get(address, {"has": "0.0.1"}).json()["state"]["draft"]["number"] == 2


def test_putting_in_force_asks_for_the_why_and_for_what_was_seen(sandbox):
    client, address = as_("ops"), reverse("rules:worksheet_force", args=SANDBOX)
    set_cell(sandbox, "first_name", "rule", Rule.NEVER)
    revision = versions.draft_or_none(sandbox).revision
    assert client.post(address, {"reason": "", "revision": revision}).status_code == 400
    assert client.post(address, {"reason": "agreed", "revision": revision - 1}).status_code == 400
    assert client.post(address, {"reason": "agreed", "revision": revision}).json()["go"]
    assert versions.in_force(sandbox).number == 2


def test_a_role_that_may_only_look_sees_the_rows_and_can_change_nothing(sandbox):
    client = as_("sales")
    assert "Worksheet of Sandbox" in shown(client, "worksheet", "sandbox")
    for name in ("edit", "force", "discard", "import"):
        assert client.post(reverse(f"rules:worksheet_{name}", args=SANDBOX)).status_code == 403
    assert client.post(reverse("rules:worksheet_bring_back", args=["sandbox", 1])).status_code == 403
    assert client.post(reverse("rules:policy_renew", args=SANDBOX)).status_code == 403
    assert client.post(reverse("rules:connection_settings", args=SANDBOX), {"name": "Mine"}).status_code == 403
    assert client.get(reverse("rules:connection_add")).status_code == 403
    assert WorksheetVersion.objects.count() == 1


def test_a_file_is_looked_at_before_it_becomes_the_draft(sandbox):
    client, address = as_("ops"), reverse("rules:worksheet_import", args=SANDBOX)
    data = PLAYBOOK.replace("MAP fills if empty", "Never overwrite").encode()
    page = client.post(address, {"file": SimpleUploadedFile("rules.csv", data)})
    assert "<del>MAP fills if empty</del>" in page.content.decode()
    assert versions.draft_or_none(sandbox) is None
    plan = page.context["plan"]
    client.post(address, {"said": page.context["said"], "revision": plan.revision})
    assert row(sandbox, "first_name").rule == Rule.NEVER


def test_a_file_that_can_not_be_read_says_where(sandbox):
    data = PLAYBOOK.replace("Never overwrite", "n" * 130).encode()
    address = reverse("rules:worksheet_import", args=SANDBOX)
    page = as_("ops").post(address, {"file": SimpleUploadedFile("mine.csv", data)}).content.decode()
    assert "mine.csv, line 2, column Overwrite Rule" in page


def test_two_versions_stand_side_by_side_and_the_past_comes_back(sandbox):
    set_cell(sandbox, "first_name", "rule", Rule.NEVER)
    force(sandbox, "as marketing asked")
    client = as_("ops")
    page = shown(client, "worksheet_compare", "sandbox", a=1, b=2)
    assert "<del>MAP fills if empty</del>" in page
    assert "as marketing asked" in page
    client.post(reverse("rules:worksheet_bring_back", args=["sandbox", 1]))
    assert row(sandbox, "first_name").rule == Rule.FILL
    assert "MAP fills if empty" in shown(client, "version", "sandbox", 1)


def test_a_simulation_names_people_values_and_rows(sandbox):
    send(email="wei@kestrel.example", first_name="Wei", last_name="Zhang", job_title="Analyst")
    pulled(sandbox)
    seed_demo(NOW)
    found = as_("sales").post(reverse("rules:worksheet_simulate", args=SANDBOX)).json()
    assert ("Job title", 1) in [tuple(pair) for pair in found["by_field"]]
    assert any((d["name"], d["then"]) == ("Wei Zhang", "Senior Analyst") for d in found["differences"])
    answer = as_("sales").get(reverse("rules:worksheet_simulation", args=SANDBOX))
    assert "Senior Analyst" in b"".join(answer.streaming_content).decode()


class TestPolicyForAVendor:
    def test_it_opens_without_signing_in_and_shows_no_person(self, sandbox):
        send(email="wei@kestrel.example", first_name="Wei", last_name="Zhang")
        contact = Contact.objects.get()
        Refusal.objects.create(
            contact=contact, field="first_name", rule="row-fill@1.2", words="x", offered="Wie", current="Wei",
            kind="connection", who="Sandbox", connection="sandbox", row=row(sandbox, "first_name").key,
            ref="4711", at=NOW,
        )  # fmt: skip
        found = policy.policy(sandbox, NOW).rows[1]
        assert (found.refused, found.last) == (1, [(NOW, "4711")])
        page = Client().get(reverse("vendor_policy", args=[policy.token(sandbox)]))
        text = page.content.decode()
        assert "MAP fills if empty" in text
        assert not any(word in text for word in ("Wei", "wei@", "Wie"))

    def test_its_address_stays_through_versions_until_it_is_made_anew(self, sandbox):
        address = reverse("vendor_policy", args=[policy.token(sandbox)])
        set_cell(sandbox, "first_name", "rule", Rule.NEVER)
        force(sandbox)
        assert Client().get(address).status_code == 200
        as_("ops").post(reverse("rules:policy_renew", args=SANDBOX))
        assert Client().get(address).status_code == 404
        sandbox.refresh_from_db()
        assert Client().get(reverse("vendor_policy", args=[policy.token(sandbox)])).status_code == 200

    def test_an_address_that_was_never_given_out_leads_nowhere(self, sandbox):
        for token in ("sandbox.1", "sandbox.1:x", "x"):
            assert Client().get(reverse("vendor_policy", args=[token])).status_code == 404


class TestConnections:
    def test_the_list_says_what_stops_which_worksheet(self, sandbox):
        assert "nothing stops it" in shown(as_("auditor"), "connections")
        set_cell(sandbox, "source", "direction", Direction.TO_MAP)
        page = shown(as_("auditor"), "connections")
        assert "1 problem stops the draft" in page

    def test_a_new_one_starts_with_an_empty_draft_and_names_for_the_stages(self, sandbox):
        client = as_("ops")
        client.post(reverse("rules:connection_add"), {"name": "HubSpot EU", "slug": "hubspot-eu", "kind": "hubspot"})
        made = Connection.objects.get(slug="hubspot-eu")
        assert (made.source.kind, versions.draft_or_none(made).rows.count()) == (Source.Kind.MAP, 0)
        data = StageTableVersion.objects.get(state="in-force").data
        assert {"mql", "sql", "unsubscribed"} <= {name[0] for name in data["names"]["hubspot-eu"]}
        assert data["names"]["sandbox"]
        assert shown(client, "worksheet", "hubspot-eu")

    def test_a_short_name_that_is_taken_keeps_what_was_typed(self, sandbox):
        given = {"name": "Another", "slug": "sandbox", "kind": "hubspot"}
        page = as_("ops").post(reverse("rules:connection_add"), given).content.decode()
        assert 'value="Another"' in page
        assert Connection.objects.count() == 1

    def test_two_that_write_one_field_stop_each_other(self, sandbox):
        client = as_("ops")
        client.post(reverse("rules:connection_add"), {"name": "Other", "slug": "other", "kind": "hubspot"})
        other = Connection.objects.get(slug="other")
        editing.add_row(sandbox, JOB_TITLE, ops(), LATER)
        force(sandbox)
        editing.add_row(other, JOB_TITLE, ops(), LATER)
        state = client.get(reverse("rules:worksheet_state", args=["other"])).json()["state"]
        assert "two-writers" in {p["code"] for p in state["problems"]}

    def test_no_incident_is_said_in_words(self, sandbox):
        assert "No incident in 60 days" in shown(as_("auditor"), "incidents")


@pytest.mark.parametrize(
    ("name", "args", "most"),
    [("connections", [], 28), ("worksheet", SANDBOX, 25), ("policy", SANDBOX, 22), ("worksheet_compare", SANDBOX, 25)],
)
def test_a_page_costs_the_same_however_many_rows_and_versions_there_are(
    sandbox, django_assert_max_num_queries, name, args, most
):
    for n in range(30):
        editing.add_row(sandbox, {"field_name": f"Field {n}"}, ops(), LATER)
    client = as_("ops")
    client.get(reverse("hub:front"))  # the menu believes its number of problems for a minute
    with django_assert_max_num_queries(most):
        client.get(reverse(f"rules:{name}", args=args))


def test_the_short_name_of_a_new_connection_comes_from_its_name(sandbox):
    client, address = as_("ops"), reverse("rules:connection_add")
    client.post(address, {"name": "HubSpot EU", "kind": "hubspot"})
    assert Connection.objects.get(name="HubSpot EU").slug == "hubspot-eu"
    for name, why in (("Hubspot eu!", "already"), ("株式会社", "no letter")):
        assert why in client.post(address, {"name": name, "kind": "hubspot"}).content.decode()
    assert Connection.objects.count() == 2


def test_a_simulation_names_the_two_versions_that_it_compares(sandbox):
    client, address = as_("ops"), reverse("rules:worksheet_simulate", args=SANDBOX)
    assert client.post(address).json()["heads"] == ["Under v1", "Under v1"]
    set_cell(sandbox, "source", "direction", Direction.TO_MAP)
    assert client.post(address).json()["heads"] == ["Under v1", "Under v2"]
