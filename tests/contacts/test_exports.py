"""Exports: the whole filtered list, for those who may, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import logging

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.admin import list_pages
from contacts.exports import safe_cell
from contacts.models import CustomField, ImportBatch
from tests.contacts.test_lists import NOW, client_with, make_arrival, make_contact, make_source

pytestmark = pytest.mark.django_db

PAYLOADS = [
    "=1+1", "==1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1", "\n=1", "\x00=1+1", "  =1+1",
    "\u00a0=1+1", "＝1+1", "＋1+1", "－1+1", "＠SUM(1)", "\u200b=1+1", "\ufeff=1",
    "-5+cmd|' /C calc'!A0", "+44\n=1", "\tplain", "+1.2.3", "-", "=", "−1+1", "+٣٣٣٣٣٣٣",
]  # fmt: skip


def read_csv(answer) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def read_xlsx(answer) -> list[list[openpyxl.cell.Cell]]:
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    return [list(row) for row in book.active.iter_rows()]


@pytest.mark.parametrize("value", PAYLOADS)
def test_a_cell_that_could_run_is_marked(value):
    assert safe_cell(value) == f"'{value}"


@pytest.mark.parametrize(
    "value",
    ["", "+441234567", "+441234", "-5", "2.50", "+353155501010", "O'Brien", "a=b", "a@b.ie", "3-4",
     "Jean-Luc", " x", "'quoted", "17:00", "№ 1", "7 + 1"],
)  # fmt: skip
def test_plain_text_phones_and_numbers_stay_as_they_are(value):
    assert safe_cell(value) == value


@given(st.text())
def test_no_text_leaves_as_a_formula_and_only_the_mark_is_added(text):
    cell = safe_cell(text)
    assert cell in (text, f"'{text}")
    begins = cell.lstrip()[:1]
    assert begins not in "=@＝＋－＠" or not begins
    if cell[:1] in "+-" and cell:
        assert cell[1:].replace(".", "", 1).isdigit()


def test_values_that_are_no_text_are_written_plainly():
    assert [safe_cell(v) for v in (None, True, False, 0, -5, 2.5)] == ["", "yes", "no", "0", "-5", "2.5"]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_contact_comes_out_with_its_custom_fields_and_nothing_runs(form):
    CustomField.objects.create(slug="product_interest", label="Product interest")
    make_contact("=cmd()", "O'Brien", "sean@acme.ie", phone="+35315550101", lead_score=-5,
                 source=make_source(), custom={"product_interest": "+1+1"})  # fmt: skip
    answer = client_with("export_contact").get("/admin/contacts/export/", {"format": form})
    if form == "csv":
        row = read_csv(answer)[0]
    else:
        head, cells = read_xlsx(answer)
        assert "f" not in {cell.data_type for cell in cells}
        row = {h.value: c.value or "" for h, c in zip(head, cells, strict=True)}
    assert row["first_name"] == "'=cmd()"
    assert row["phone"] == "+35315550101"
    assert row["lead_score"] == "-5"
    assert row["product_interest"] == "'+1+1"
    assert (row["email"], row["source"]) == ("sean@acme.ie", "form")


def test_an_export_holds_exactly_the_filtered_list_however_long():
    for number in range(120):
        make_contact("Sean", f"Smith {number}", shared_mailbox=number % 2 == 0)
    make_contact("Ana", "Ruiz", shared_mailbox=True)
    page = client_with("export_contact")
    rows = read_csv(page.get("/admin/contacts/export/", {"q": "smith", "shared": "1", "after": "7", "order": "name"}))
    assert len(rows) == len({row["id"] for row in rows}) == 60
    assert len(read_csv(page.get("/admin/contacts/export/"))) == 121


def test_an_arrival_comes_out_as_it_was_received():
    source = make_source()
    batch = ImportBatch.objects.create(source=source, filename="=hall.csv", created_at=NOW, columns=["E-Mail", "Name"])
    make_arrival(source=source, batch=batch, row=1, door="file", raw=["kein-email", "=Brandt"],
                 outcome="rejected", reason="E-Mail “kein-email” is not an address")  # fmt: skip
    make_arrival(source_slug="zapier-legacy", outcome="")
    first, second = read_csv(client_with("export_arrival").get("/admin/arrivals/export/"))
    assert first["received"] == "E-Mail: kein-email\nName: =Brandt"
    assert (first["file"], first["source"], first["outcome"]) == ("'=hall.csv", "form", "rejected")
    assert second["source"] == "zapier-legacy"


@pytest.mark.parametrize("what", ["contact", "arrival"])
def test_an_export_needs_its_own_right_and_its_button_is_hidden_without(what):
    other = {"contact": "arrival", "arrival": "contact"}[what]
    reader = client_with(f"view_{what}", f"view_{other}", f"export_{other}", name="reader")
    assert reader.get(f"/admin/{what}s/export/").status_code == 403
    assert f"{what}s/export/" not in reader.get(f"/admin/{what}s/").content.decode()
    taker = client_with(f"view_{what}", f"export_{what}", name="taker")
    assert taker.get(f"/admin/{what}s/export/").status_code == 200
    assert f"{what}s/export/" in taker.get(f"/admin/{what}s/").content.decode()


def test_every_export_leaves_a_line_with_who_and_how_many(caplog):
    make_contact("Sean", "O'Brien")
    make_contact("Ana", "Ruiz")
    with caplog.at_level(logging.INFO):
        read_csv(client_with("export_contact", name="priya").get("/admin/contacts/export/"))
    line = str([record.msg for record in caplog.records if "exported" in str(record.msg)])
    assert "priya" in line
    assert "'rows': 2" in line


def test_a_workbook_that_would_be_too_long_is_refused_with_the_way_out(monkeypatch):
    monkeypatch.setattr(list_pages.exports, "MOST_XLSX_ROWS", 1)
    make_contact("Sean", "O'Brien")
    make_contact("Ana", "Ruiz")
    page = client_with("view_contact", "export_contact")
    answer = page.get("/admin/contacts/export/", {"format": "xlsx", "order": "name"}, follow=True)
    assert answer.redirect_chain[0][0] == "/admin/contacts/?order=name"
    assert "Take the CSV" in answer.content.decode()


def test_control_characters_do_not_break_a_workbook():
    make_contact("Se\x0ban", "O'Brien")
    assert (
        read_xlsx(client_with("export_contact").get("/admin/contacts/export/", {"format": "xlsx"}))[1][2].value
        == "Sean"
    )


def test_a_csv_is_read_row_by_row(django_assert_max_num_queries):
    for number in range(30):
        make_contact("Sean", f"Smith {number}")
    page = client_with("export_contact")
    with django_assert_max_num_queries(8):
        answer = page.get("/admin/contacts/export/")
        assert answer.streaming
        assert len(read_csv(answer)) == 30
