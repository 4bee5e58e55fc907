"""The import wizard: a file goes in step by step, nothing is written before the end, and no row gets lost."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook

from contacts.admin import import_match
from contacts.models import Arrival, ImportBatch, SavedMatching
from contacts.services import imports
from tests.contacts.deciding import dump, person, send, source
from tests.contacts.importing import BADGES, SOURCE, at, checked, imported, matching, newest, text_of, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("file_hub")]


class TestChoosingAFile:
    def test_a_file_leads_to_its_columns(self, ops):
        assert upload(ops).url == at("import_match", newest())
        batch = newest()
        assert (batch.rows, batch.status, batch.created_by) == (4, "matching", person("ops"))
        page = text_of(ops.get(at("import_match", batch)))
        for words in ("semicolon", "Windows-1252", "Müßig", "Event Lead", "Dry run of 4 rows", "kept as it is"):
            assert words in page

    def test_an_unreadable_file_says_why_keeps_the_source_and_leaves_nothing(self, ops, settings):
        answer = upload(ops, b"PK\x03\x04 no workbook", "list.xlsx")
        page = text_of(answer)
        assert answer.status_code == 400
        assert "was not taken" in page
        assert f'<option value="{SOURCE}" selected>' in page
        assert not ImportBatch.objects.exists()
        assert [p for p in settings.UPLOAD_ROOT.rglob("*") if p.is_file()] == []

    def test_source_and_file_are_asked_for(self, ops):
        assert "Choose the source" in text_of(upload(ops, slug="nobody"))
        assert "Choose a file" in text_of(ops.post(reverse("hub:import_new"), {"source": SOURCE}))

    def test_a_retired_source_takes_no_files(self, ops):
        retired = source(SOURCE)
        retired.status = "retired"
        retired.save()
        assert upload(ops).status_code == 400
        assert not ImportBatch.objects.exists()

    def test_a_file_above_the_cap_gets_a_sentence(self, ops, settings):
        settings.MAX_UPLOAD_BYTES = 300
        answer = upload(ops, BADGES * 3)
        assert answer.status_code == 413
        assert "The file is larger than 300" in text_of(answer)
        assert not ImportBatch.objects.exists()

    def test_the_token_of_the_form_is_asked_for(self):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(person("ops"))
        assert upload(strict).status_code == 403
        assert not ImportBatch.objects.exists()


class TestMatching:
    def test_two_columns_on_one_field_are_refused(self, ops):
        upload(ops)
        batch = newest()
        answer = ops.post(at("import_match", batch), matching(batch, Notiz="email"))
        assert answer.status_code == 400
        page = text_of(answer)
        assert "both go to “email”" in page
        assert page.count("imp-twice") == 2
        assert newest().status == "matching"

    def test_an_unknown_field_is_refused(self, ops):
        upload(ops)
        batch = newest()
        assert ops.post(at("import_match", batch), matching(batch, Notiz="owner_id")).status_code == 400
        assert newest().mapping == batch.mapping

    def test_the_matching_is_saved_only_when_asked_for(self, ops):
        checked(ops)
        assert not SavedMatching.objects.exists()
        upload(ops)
        batch = newest()
        ops.post(at("import_match", batch), matching(batch, Notiz="job_title") | {"remember": "1"})
        assert SavedMatching.objects.get().mapping["Notiz"] == "job_title"
        upload(ops)
        assert newest().mapping["Notiz"] == "job_title"
        assert "used last time" in text_of(ops.get(at("import_match", newest())))

    def test_the_first_rows_follow_the_form_and_store_nothing(self, ops):
        upload(ops)
        batch = newest()
        before = dump()
        page = text_of(ops.post(at("import_preview", batch), matching(batch, Notiz="job_title")))
        assert "möchte Angebot; dringend" in page
        assert "is not an address" in page
        assert dump() == before
        assert newest().mapping == batch.mapping

    def test_the_file_can_be_read_in_another_encoding_and_separator(self, ops):
        upload(ops)
        batch = newest()
        ops.post(at("import_read_again", batch), {"encoding": "ISO-8859-1"})
        assert newest().layout["encoding"] == "ISO-8859-1"
        answer = ops.post(at("import_read_again", batch), {"encoding": "UTF-8"}, follow=True)
        assert "The file stays as it was read" in text_of(answer)
        assert newest().layout["encoding"] == "ISO-8859-1"

    def test_sections_are_tabs(self, ops):
        report = (
            "Attendee Report\nHost Details,\nAttended,User Name,Email\nYes,Dana,dana@hub.example\n"
            "Attendee Details,\nAttended,First Name,Last Name,Email\nYes,Marta,Núñez,marta@north.example\n"
        )
        upload(ops, report.encode(), "zoom.csv")
        batch = newest()
        assert batch.layout["section"] == "Attendee Details"
        assert 'value="Host Details"' in text_of(ops.get(at("import_match", batch)))
        ops.post(at("import_read_again", batch), {"section": "Host Details"})
        assert newest().layout["section"] == "Host Details"
        assert newest().rows == 1

    def test_the_same_file_again_is_told_before_anything_starts(self, ops):
        first = imported(ops)
        upload(ops, name="other-name.csv")
        page = text_of(ops.get(at("import_match", newest())))
        assert at("import", first) in page
        assert "every row would be repeated" in page
        again = checked(ops)
        assert "Every row was delivered before" in text_of(ops.get(at("import_check", again)))
        assert again.dry_run["counts"] == {"repeated": 4}


class TestDryRun:
    def test_it_writes_nothing_but_its_own_row(self, ops):
        before = dump()
        batch = checked(ops)
        assert dump() == before
        assert batch.status == "checked"
        page = text_of(ops.get(at("import_check", batch)))
        assert "What would happen to 4 rows" in page
        assert "Import 4 rows" in page

    def test_columns_can_be_changed_afterwards(self, ops):
        batch = checked(ops)
        assert ops.get(at("import_match", batch)).status_code == 200
        ops.post(at("import_match", batch), matching(batch, Notiz="job_title"))
        assert newest().mapping["Notiz"] == "job_title"

    def test_a_large_file_is_left_to_a_worker_and_its_progress_shown(
        self, ops, monkeypatch, django_capture_on_commit_callbacks
    ):
        sent: list[int] = []
        monkeypatch.setattr("contacts.admin.import_work.look_at_import.delay", sent.append)
        monkeypatch.setattr(import_match, "CHECKED_AT_ONCE", 2)
        with django_capture_on_commit_callbacks(execute=True):
            batch = checked(ops)
        assert sent == [batch.pk]
        page = text_of(ops.get(at("import_check", batch)))
        assert 'role="progressbar"' in page
        assert 'hx-trigger="every 1s"' in page
        imports.check(batch.pk)
        poll = ops.get(at("import_check", batch), HTTP_HX_REQUEST="true")
        assert poll["HX-Redirect"] == at("import_check", batch)

    def test_without_a_broker_the_row_waits_for_the_sweep(self, ops, monkeypatch, django_capture_on_commit_callbacks):
        def broken(batch_id: int) -> None:
            raise ConnectionRefusedError("no broker")

        monkeypatch.setattr("contacts.admin.import_work.look_at_import.delay", broken)
        monkeypatch.setattr(import_match, "CHECKED_AT_ONCE", 2)
        with django_capture_on_commit_callbacks(execute=True):
            assert checked(ops).status == "checking"


def workbook(rows: list[list[Any]]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


AWKWARD = {
    "badges in cp1252": BADGES.encode("cp1252"),
    "people twice, and twice the same row": b"email,first name,last name,company\n"
    + b"a@x-works.example,Ann,Lee,X Works\nA@X-Works.example,Ann,Lee,\na@x-works.example,Ann,Lee,X Works\n"
    + b"b@x-works.example,Ann,Lee,X Works\nb@x-works.example,Ann,Lee,X Works Ltd\n",
    "phones that several share": b"name,phone\nAnn Lee,+12125550101\nBob Ray,+12125550101\nCy Fox,+12125550101\n"
    + b"Di Orr,+12125550101\n",
    "nobody, blanks and stand-ins": b"email,first name,phone\n,,\nn/a,Ann,-\n"
    + b"none@none.com,Bob,\n-,-,12\nc@d.example,,\n",
    "title rows, ragged rows, formulas": b"Our list\n\nEmail;Name;Company\n=1+1;Eve;Acme\n"
    + b"f@acme-x.example;+Fay Orr;=Acme;more;and more\ng@acme-x.example\n",
    "UTF-16 with tabs": "Email\tName\nhé@zed-works.example\tHé Zed\n\tNo One\n".encode("utf-16"),
    "a companys domain known from an earlier row": b"email,first name,last name,company\n"
    + b"kim@lo-works.example,Kim,Lo,Lo Works\n,Kim,Lo,Lo Works\n,Lu,Lo,Lo Works\n,Lu,Lo,Lo Works\n",
}


class TestTheDryRunIsTheResult:
    @pytest.mark.parametrize("name", AWKWARD)
    def test_counts_are_the_same(self, ops, name):
        send(email="j.muessig@bruecke-soehne.example", first_name="Jürgen", last_name="Müßig")
        self.compare(ops, AWKWARD[name], "list.csv")

    def test_of_a_workbook_too(self, ops):
        rows = [
            ["E-mail", "Name", "Phone"],
            ["w@w-works.example", "Wu Wei", 12125550199],
            ["", "", ""],
            ["x", "", None],
        ]
        self.compare(ops, workbook(rows), "list.xlsx")

    @staticmethod
    def compare(client: Client, content: bytes, name: str) -> None:
        batch = imported(client, content, name)
        assert batch.status == "done", batch.problem
        assert batch.counts == batch.dry_run["counts"]
        assert sum(batch.counts.values()) == batch.rows == Arrival.objects.filter(batch=batch).count()
        assert "The same counts as in the dry run" in text_of(client.get(at("import", batch)))
