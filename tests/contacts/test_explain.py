"""Why does it say that: each value's origin, what was refused, and the command that tells it."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact, CustomField
from contacts.services.addresses import add_address
from contacts.services.explain import explain_contact
from contacts.services.explain_words import sentence
from contacts.services.people import edit_contact
from tests.contacts.deciding import NOW, person, seed, send

pytestmark = pytest.mark.django_db
ADDRESS = "sean@acme-tooling.example"


@pytest.fixture(autouse=True)
def _hub() -> None:
    seed()
    CustomField.objects.create(slug="seats", label="Seats", type="number")


def told(contact: Contact, field: str) -> dict[str, Any]:
    contact.refresh_from_db()
    return explain_contact(contact)["fields"][field]


def run(*args: str) -> str:
    out, err = io.StringIO(), io.StringIO()
    call_command("explain", *args, stdout=out, stderr=err)
    assert err.getvalue() == ""
    return out.getvalue()


def test_a_value_names_its_source_rule_time_and_arrival():
    arrival = send(email=ADDRESS, job_title="Engineer")
    entry = told(arrival.contact, "job_title")
    assert (entry["value"], entry["origin"], entry["rule_code"]) == (
        "Engineer",
        "Website contact form",
        "created",
    )
    assert (entry["arrival"], entry["at"]) == (arrival.pk, NOW.isoformat())
    assert entry["rule"] == "a new contact takes what its first arrival brings"


def test_every_standard_field_and_each_custom_one_is_explained():
    fields = explain_contact(send(email=ADDRESS, seats="0").contact)["fields"]
    assert (
        list(fields)
        == (
            "email first_name last_name company company_domain phone job_title country lifecycle_stage lead_score "
            "owner source last_activity seats"
        ).split()
    )
    assert fields["seats"]["value"] == 0
    assert (fields["lifecycle_stage"]["value"], fields["lifecycle_stage"]["stage"]) == (
        "New Lead",
        "new-lead",
    )
    assert fields["phone"]["value"] is fields["phone"]["origin"] is None


def test_values_that_were_not_taken_are_told_newest_first():
    contact = send(email=ADDRESS, job_title="Engineer").contact
    send("trade-show-scan", at=NOW + timedelta(1), email=ADDRESS, job_title="vp eng")
    last = send("partner-referral", at=NOW + timedelta(2), email=ADDRESS, job_title="VP")
    send(at=NOW + timedelta(3), email=ADDRESS, job_title="ENGINEER")
    refused = told(contact, "job_title")["refused"]
    assert [(r["value"], r["origin"]) for r in refused] == [
        ("VP", "Partner referral"),
        ("vp eng", "Trade show scan"),
    ]
    assert (refused[0]["arrival"], refused[0]["rule"]) == (last.pk, "arrivals only fill gaps")


def test_what_could_not_be_read_says_why():
    contact = send(email=ADDRESS, phone="12").contact
    assert [(r["value"], r["rule"]) for r in told(contact, "phone")["refused"]] == [("12", "it has too few digits")]


def test_refused_values_are_at_most_a_hundred():
    contact = send(email=ADDRESS, job_title="Engineer").contact
    for n in range(103):
        send(email=ADDRESS, job_title=f"Title {n}")
    refused = told(contact, "job_title")["refused"]
    assert (len(refused), refused[0]["value"]) == (100, "Title 102")


def test_a_persons_value_says_so_and_what_stood_before():
    contact = send(email=ADDRESS, job_title="Engineer").contact
    edit_contact(contact.pk, {"job_title": "VP"}, user=person("sales"), version=1, at=NOW + timedelta(hours=1))
    entry = told(contact, "job_title")
    assert entry["before"]["value"] == "Engineer"
    said = sentence(entry)
    assert said.startswith("Dana Whitfield wrote it on 17 March 2026 at 10:40. What a person wrote stays")
    assert "Before that it was “Engineer”, from Website contact form" in said


def test_the_last_activity_names_the_arrival_that_told_it():
    contact = send(email=ADDRESS, occurred_at="2026-03-16T10:00:00Z").contact
    newest = send(email=ADDRESS, occurred_at="2026-03-17T08:00:00Z")
    entry = told(contact, "last_activity")
    assert (entry["value"], entry["arrival"]) == ("2026-03-17T08:00:00+00:00", newest.pk)


def test_more_arrivals_need_no_more_queries():
    contact = send(email=ADDRESS, job_title="Engineer").contact
    counts = []
    for n in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            explain_contact(contact)
        counts.append(len(queries))
        for m in range(5):
            send(email=ADDRESS, job_title=f"Title {n}{m}")
    assert counts[0] == counts[1] <= 9


@pytest.mark.parametrize("how", ["id", "address", "alias", "spelling"])
def test_the_command_finds_a_contact_by_number_and_by_any_address(how):
    contact = send(email=ADDRESS).contact
    add_address(contact.pk, "sean@other.example", user=person("sales"), at=NOW)
    name = {"id": str(contact.pk), "address": ADDRESS, "alias": "sean@other.example"}.get(how, f" {ADDRESS.upper()} ")
    result = json.loads(run(name, "--json"))
    assert result["contact"]["id"] == contact.pk
    assert [a["address"] for a in result["contact"]["addresses"]] == [ADDRESS, "sean@other.example"]
    assert {"value", "origin", "rule", "at", "arrival", "refused"} <= set(result["fields"]["email"])


def test_one_field_can_be_asked_for():
    contact = send(email=ADDRESS, seats="3").contact
    assert list(json.loads(run(str(contact.pk), "--field", "seats", "--json"))["fields"]) == ["seats"]


def test_the_plain_text_reads_like_sentences():
    contact = send(email=ADDRESS, first_name="Sean", job_title="Engineer").contact
    send("trade-show-scan", email=ADDRESS, job_title="vp eng")
    text = run(str(contact.pk), "--field", "job_title")
    assert f"Sean, contact #{contact.pk}, {ADDRESS}" in text
    assert "Job title: “Engineer”. It came from Website contact form on 17 March 2026 at 09:40" in text
    assert "Refused “vp eng” from Trade show scan" in text


@pytest.mark.parametrize(
    "args", [["999"], ["nobody@acme.example"], ["no address"], ["9" * 40], ["{}", "--field", "zip"]]
)
def test_what_is_unknown_is_one_clear_line_and_status_2(args):
    contact = send(email=ADDRESS).contact
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("explain", *[a.format(contact.pk) for a in args], "--json", stdout=out)
    assert (caught.value.returncode, out.getvalue()) == (2, "")
    assert "\n" not in str(caught.value)
