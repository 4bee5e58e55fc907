"""Every import asks what its people agreed to, keeps the answer as evidence, and says what it recorded."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.domain.consent import AGREED, NOTHING, UNPROVEN, WITHDRAWN
from contacts.models import ConsentRecord, Contact, ImportBatch, Source
from contacts.services import imports, uploads
from contacts.services.consent import of_addresses
from contacts.services.consent.checking import verify
from tests.factories import csv_file

pytestmark = pytest.mark.django_db
HEADER = ["E-mail", "Last name", "Opt-in"]
ROWS = [["p0@acme.example", "Lee", "yes"], ["p1@acme.example", "May", "no"], ["p2@acme.example", "Noe", ""]]
ANSWER = ["--agreed-words", "Yes, send me news.", "--agreed-at", "2026-03-01", "--agreed-how", "Badge scan, stand 7"]


def intake(path: Path, *more: str) -> dict[str, Any]:
    out = StringIO()
    call_command("intake", str(path), "--source", "trade-show-scan", "--json", *more, stdout=out)
    return json.loads(out.getvalue())


def words() -> list[str]:
    return [s.word for s in of_addresses([row[0] for row in ROWS]).values()]


@pytest.fixture
def path(seeded: None, tmp_path: Path) -> Path:
    return csv_file(tmp_path / "scan.csv", HEADER, ROWS)


def test_a_bare_yes_on_a_file_is_no_evidence_and_a_no_counts(path: Path) -> None:
    told = intake(path)["consent"]
    assert words() == [UNPROVEN, WITHDRAWN, NOTHING]
    assert (told["agreed"], told["unproven"], told["withdrawn"]) == (0, 1, 1)


def test_a_file_that_says_nothing_of_consent_says_so_in_its_result(seeded: None, tmp_path: Path) -> None:
    plain = csv_file(tmp_path / "plain.csv", HEADER[:2], [row[:2] for row in ROWS])
    assert "No agreement was recorded" in intake(plain)["consent"]["said"]
    assert not ConsentRecord.objects.exists()


def test_the_answer_for_the_whole_file_is_evidence(path: Path) -> None:
    told = intake(path, *ANSWER)["consent"]
    assert words() == [AGREED, WITHDRAWN, NOTHING]
    assert told["said"] == "1 agreed, with evidence; 1 not to be mailed."


def test_an_unreadable_time_of_agreement_stops_the_import(path: Path) -> None:
    with pytest.raises(CommandError, match="2026-03-01") as refused:
        intake(path, "--agreed-at", "soon")
    assert refused.value.returncode == 2
    assert not ImportBatch.objects.exists()


def test_repeating_and_taking_back_an_import_keeps_what_was_recorded(path: Path) -> None:
    batch = intake(path, *ANSWER)["batch"]
    intake(path, *ANSWER)
    assert ConsentRecord.objects.count() == 2
    call_command("undo_import", str(batch), "--json", stdout=StringIO())
    assert not Contact.objects.filter(addresses__key="p1@acme.example").exists()
    assert words() == [AGREED, WITHDRAWN, NOTHING]
    intake(csv_file(path.parent / "new.csv", HEADER[:2], [["p1@acme.example", "Maya"]]))
    assert Contact.objects.get(addresses__key="p1@acme.example").lifecycle_stage_id == "unsubscribed"
    assert verify().whole


def test_the_wizard_asks_and_keeps_the_answer(path: Path, users: dict[str, User], client: Client) -> None:
    client.force_login(users["ops"], "django.contrib.auth.backends.ModelBackend")
    with path.open("rb") as content:
        source = Source.objects.get(slug="trade-show-scan")
        batch, _ = uploads.open_batch(content, path.name, source, at=timezone.now(), user=users["ops"])
    address = reverse("hub:import_match", args=[batch.pk])
    page = client.get(address).content.decode()
    assert "What did the people on this file agree to?" in page
    fields = {f"f{n}": batch.mapping.get(c, "") for n, c in enumerate(batch.columns)}
    bad = client.post(address, {**fields, "agreed_at": "soon"})
    assert bad.status_code == 400
    client.post(address, {**fields, "agreed_words": "Yes.", "agreed_at": "2026-03-01", "agreed_how": "Stand 7"})
    batch.refresh_from_db()
    imports.queue(batch)
    imports.run(batch.pk)
    assert words() == [AGREED, WITHDRAWN, NOTHING]
    assert "1 agreed, with evidence" in client.get(reverse("hub:import", args=[batch.pk])).content.decode()
