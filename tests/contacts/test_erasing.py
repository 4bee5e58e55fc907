"""Forgetting a person: searched for byte by byte in every table and file; what stays is that it was done."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from contacts.domain import consent
from contacts.models import ConsentRecord, Contact, Erasure, Merge
from contacts.services import merging
from contacts.services.consent import of_addresses
from contacts.services.consent.checking import verify
from contacts.services.consent.evidence import of_subjects
from contacts.services.erasing import Refused, agree, ask
from contacts.services.people import edit_contact
from tests import factories
from tests.contacts.forgetting import everything, no_files
from tests.factories import AT, arrive, csv_file

MARK = "Zyxwvut"
ANN, WORK = f"ann@{MARK.lower()}.example", f"a.lee@{MARK.lower()}.example"
PERSON = {"first_name": f"Ann{MARK}", "last_name": f"Lee{MARK}", "company": f"Acme {MARK}", "job_title": f"VP {MARK}"}
YES = {"opt_in": "yes", "opt_in_at": "2026-03-01 10:00", "opt_in_text": f"Yes, {MARK}."}


def everywhere() -> list[str]:
    return everything(MARK)


@pytest.fixture
def ann(transactional_db: None, tmp_path: Path) -> Contact:
    """A person who was imported, merged, edited, held against others, mailed and looked at."""
    no_files()
    factories.rules()
    people = factories.users()
    header = ["E-mail", "First name", "Last name", "Company", "Opt-in"]
    row = [ANN, PERSON["first_name"], PERSON["last_name"], PERSON["company"], "yes"]
    path = csv_file(tmp_path / "scan.csv", header, [row, ["bo@other.example", "Bo", "May", "Other", ""]])
    call_command("intake", str(path), "--source", "trade-show-scan", "--json", stdout=StringIO())
    arrive({"email": ANN, **PERSON, **YES, "phone": "+353 1 555 0199", "note": MARK})
    arrive({"email": WORK, "first_name": "Other", **YES})
    arrive({"email": f"third@x{MARK.lower()}.example", **PERSON, "company_domain": f"{MARK.lower()}.example"})
    arrive({"email": ANN, "first_name": "Somebody", "last_name": f"Else{MARK}"})
    contact, other = Contact.objects.get(addresses__key=ANN), Contact.objects.get(addresses__key=WORK)
    merging.merge(contact.pk, [other.pk], user=people["reviewer"], at=AT + timedelta(days=1))
    contact.refresh_from_db()
    change = {"job_title": f"Chief {MARK}"}
    edit_contact(contact.pk, change, user=people["sales"], version=contact.version, at=AT + timedelta(days=2))
    client = Client()
    client.force_login(people["ops"], "django.contrib.auth.backends.ModelBackend")
    session = client.session
    session["seen"] = f"{PERSON['first_name']} {PERSON['last_name']}"
    session.save()
    return contact


def test_nothing_of_the_person_is_left_in_any_table_or_file(ann: Contact) -> None:
    before = verify().records
    assert everywhere()
    out = StringIO()
    call_command("erase", ANN, "--reason", "asked by letter", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"erased": ann.pk, "connections": []}
    assert everywhere() == []
    assert not Contact.objects.filter(pk=ann.pk).exists()
    assert not Merge.objects.exists()
    assert Contact.objects.filter(addresses__key="bo@other.example").exists()
    row = Erasure.objects.get()
    assert (row.reason, row.asked_by_name, len(row.subjects)) == ("asked by letter", "the command line", 2)
    assert ConsentRecord.objects.filter(act=consent.ERASED).count() == 2
    assert {e.told for e in of_subjects(row.subjects)} == {None}
    found = verify()
    assert (found.whole, found.records) == (True, before + 2)


def test_who_was_forgotten_stays_so_when_an_old_list_comes_in_again(ann: Contact) -> None:
    call_command("erase", str(ann.pk), "--reason", "asked by letter", "--json", stdout=StringIO())
    arrive({"email": ANN, **PERSON, **YES}, at=AT + timedelta(days=30))
    assert of_addresses([ANN])[ANN].word == consent.ERASED
    assert Contact.objects.get(addresses__key=ANN).lifecycle_stage_id == "unsubscribed"


def test_the_button_needs_a_second_person(ann: Contact) -> None:
    people = {user.username: user for user in User.objects.all()}
    asked = ask(ann.pk, reason="asked by letter", user=people["ops"], at=timezone.now())
    with pytest.raises(Refused, match="somebody else"):
        agree(asked.pk, user=people["ops"], at=timezone.now())
    assert Contact.objects.filter(pk=ann.pk).exists()
    done = agree(asked.pk, user=people["admin"], at=timezone.now())
    assert not Contact.objects.filter(pk=ann.pk).exists()
    assert (done.pk, done.asked_by_name, done.agreed_by_name) == (asked.pk, "Ops", "Admin")
    with pytest.raises(Refused):
        agree(asked.pk, user=people["admin"], at=timezone.now())


@pytest.mark.parametrize("reason", [" ", f"{ANN.upper()} asked"])
def test_the_reason_is_there_and_does_not_name_the_person(ann: Contact, reason: str) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("erase", ANN, "--reason", reason)
    assert refused.value.returncode == 2
    assert Contact.objects.filter(pk=ann.pk).exists()


def test_a_persons_file_has_all_that_is_known_and_proved(ann: Contact, tmp_path: Path) -> None:
    target, out = tmp_path / "person.json", StringIO()
    call_command("person_file", ANN, "--out", str(target), "--json", stdout=out)
    told: dict[str, Any] = json.loads(target.read_text())
    assert json.loads(out.getvalue()) == {"contact": ann.pk, "records": told["records"]}
    assert {a["address"] for a in told["addresses"]} == {ANN, WORK}
    assert [c["evidence"]["words"] for c in told["consent"] if c["evidence"].get("words")] == [YES["opt_in_text"]] * 2
    assert any(a["as_received"].get("note") == MARK for a in told["arrivals"])
    assert len(told["merges"]) == 1
    page = target.with_suffix(".html").read_text()
    assert YES["opt_in_text"] in page
    assert f"Chief {MARK}" in page
