"""A workbook has more than one sheet: another than the first can be imported, from the page and the command line."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from openpyxl import Workbook

from contacts.models import Arrival, Contact, ImportBatch
from contacts.services import imports, uploads
from tests.contacts.deciding import source
from tests.contacts.importing import SOURCE, at, imported, matching, newest, text_of, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("file_hub")]
SHEETS: dict[str, list[list[str]]] = {
    "Cover": [],
    "Visitors": [["Email", "First name"], ["ann@quay.example", "Ann"]],
    "Our staff": [["Mail address", "Vorname"], ["bob@quay.example", "Bob"], ["cy@quay.example", "Cy"]],
    "Prices": [["1", "2"], ["3", "4"]],
}


def book(sheets: dict[str, list[list[str]]] = SHEETS) -> bytes:
    made, out = Workbook(), io.BytesIO()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(out)
    return out.getvalue()


class TestInTheWizard:
    def test_the_first_that_is_not_empty_is_read_and_the_others_are_offered(self, ops):
        upload(ops, book(), "book.xlsx")
        page = text_of(ops.get(at("import_match", newest())))
        assert newest().columns == ["Email", "First name"]
        assert '<option value="Visitors" selected>' in page
        assert all(f'<option value="{name}"' in page for name in SHEETS)

    def test_another_one_is_read_matched_and_imported(self, ops):
        upload(ops, book(), "book.xlsx")
        batch = newest()
        assert ops.post(at("import_read_again", batch), {"sheet": "Our staff"}).url == at("import_match", batch)
        batch = newest()
        assert (batch.columns, batch.rows) == (["Mail address", "Vorname"], 2)
        assert batch.mapping == {"Mail address": "email", "Vorname": "first_name"}
        ops.post(at("import_match", batch), matching(batch))
        ops.post(at("import", batch))
        assert sorted(Contact.objects.values_list("first_name", flat=True)) == ["Bob", "Cy"]

    @pytest.mark.parametrize(
        ("name", "sentence"),
        [
            ("Cover", "is empty"),
            ("Prices", "No header was found"),
            ("Nope", "it has Cover, Visitors, Our staff, Prices"),
        ],
    )
    def test_one_that_can_not_be_read_leaves_the_file_as_it_was(self, ops, name, sentence):
        upload(ops, book(), "book.xlsx")
        before = ImportBatch.objects.values().get()
        page = text_of(ops.post(at("import_read_again", newest()), {"sheet": name}, follow=True))
        assert "The file stays as it was read." in page
        assert sentence in page
        assert ImportBatch.objects.values().get() == before

    def test_a_workbook_of_one_sheet_offers_none(self, ops):
        upload(ops, book({"Visitors": SHEETS["Visitors"]}), "book.xlsx")
        assert 'name="sheet"' not in text_of(ops.get(at("import_match", newest())))

    def test_another_sheet_of_a_file_that_was_imported_did_not_come_before(self, ops):
        content = book()
        first = imported(ops, content, "book.xlsx")
        upload(ops, content, "book.xlsx")
        assert at("import", first) in text_of(ops.get(at("import_match", newest())))
        ops.post(at("import_read_again", newest()), {"sheet": "Our staff"})
        assert at("import", first) not in text_of(ops.get(at("import_match", newest())))


class TestOnTheCommandLine:
    def run(self, path: Path, *more: str) -> dict[str, Any]:
        out = io.StringIO()
        call_command("intake", str(path), "--source", SOURCE, "--json", *more, stdout=out)
        return json.loads(out.getvalue())

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        (tmp_path / "book.xlsx").write_bytes(book())
        return tmp_path / "book.xlsx"

    def test_a_sheet_is_chosen_by_its_name(self, path):
        assert self.run(path)["rows"] == 1
        assert self.run(path, "--sheet", "Our staff", "--dry-run")["rows"] == 2
        assert self.run(path, "--sheet", "Our staff")["created"] == 2

    def test_an_unknown_one_names_those_there_are(self, path):
        with pytest.raises(
            CommandError, match="no sheet 'Nope' in the workbook: it has Cover, Visitors, Our staff, Prices"
        ) as raised:
            self.run(path, "--sheet", "Nope")
        assert raised.value.returncode == 2
        assert not ImportBatch.objects.exists()
        assert list(uploads.folder().iterdir()) == []

    def test_a_text_file_has_none(self, tmp_path):
        (tmp_path / "list.csv").write_text("Email\nann@quay.example\n")
        with pytest.raises(CommandError, match=r"list\.csv: The file is no workbook, so it has no sheet 'Visitors'"):
            self.run(tmp_path / "list.csv", "--sheet", "Visitors")

    def test_a_killed_import_of_one_sheet_is_not_gone_on_with_for_another(self, path):
        same = {"One": SHEETS["Visitors"], "Two": [["Email", "First name"], ["di@quay.example", "Di"]]}
        path.write_bytes(book(same))
        with path.open("rb") as content:
            begun, _ = uploads.open_batch(content, path.name, source(SOURCE), at=timezone.now(), by="the command line")
        imports.queue(begun)
        ImportBatch.objects.update(status="running")
        result = self.run(path, "--sheet", "Two")
        assert (result["created"], result["batch"] != begun.pk) == (1, True)
        assert self.run(path, "--sheet", "One")["batch"] == begun.pk
        assert Arrival.objects.count() == 2
