"""XLSX: values, sheets, and archives that want to do harm."""

import random
from datetime import date, datetime

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from contacts.readers import Layout, UnreadableFile, discard, inspect, limits, read_rows, spool, survey
from contacts.readers.workbook import SharedStrings

from .conftest import load, make_xlsx, sheet_xml, text_row

_SST = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
_HEADER = text_row(1, "Email", "Note")


@pytest.fixture
def book(tmp_path):
    """A workbook as a person saves it: an empty first sheet, a title, a gap, formulas' results."""
    workbook = openpyxl.Workbook()
    workbook.active.title = "Cover"
    sheet = workbook.create_sheet("Leads")
    sheet.append(["Leads of the fair"])
    sheet.append([])
    sheet.append(["E-Mail", "Phone", "When", "Day", "Score", "Agreed", "Note"])
    sheet.append(
        [
            "a@x.example",
            4155552671.0,
            datetime(2026, 3, 12, 10, 14),
            date(2026, 3, 12),
            0.1 + 0.2,
            True,
            "a\nb",
        ]
    )
    sheet.append([])
    sheet.append(["", "", None, None, None, None, " "])
    sheet.append(["b@x.example", "030 901", None, None, 7, False, "=x"])
    sheet.cell(40, 3).number_format = "0.00"
    workbook.create_sheet("Other").append(["Email"])
    path = tmp_path / "book.xlsx"
    workbook.save(path)
    return path


def test_values_are_text_as_people_see_them(book):
    layout, rows = load(book)
    assert (layout.format, layout.sheet, layout.header_row) == ("xlsx", "Leads", 3)
    assert layout.columns == ("E-Mail", "Phone", "When", "Day", "Score", "Agreed", "Note")
    assert rows[0].values == [
        "a@x.example",
        "4155552671",
        "2026-03-12T10:14:00",
        "2026-03-12",
        "0.3",
        "TRUE",
        "a\nb",
    ]
    assert rows[1].values[:2] == ["b@x.example", "030 901"]
    assert [row.number for row in rows] == [1, 2]


def test_the_notes_name_the_other_sheets_and_another_may_be_chosen(book):
    layout, _ = load(book)
    assert layout.notes == (
        "The sheet 'Leads' is read; the workbook also has Cover, Other",
        "One title row above the header was skipped",
    )
    assert layout.sheets == ("Cover", "Leads", "Other")
    assert Layout.from_dict(layout.to_dict()) == layout
    assert load(book, sheet="Other")[0].columns == ("Email",)
    with pytest.raises(UnreadableFile, match="There is no sheet 'Nope' in the workbook: it has Cover, Leads, Other"):
        inspect(book, sheet="Nope")
    with pytest.raises(UnreadableFile, match="The sheet 'Cover' is empty: choose another"):
        inspect(book, sheet="Cover")


def test_our_rows_are_those_of_calamine(tmp_path):
    workbook, chance = openpyxl.Workbook(), random.Random(7)
    workbook.active.append(["Email", "Number", "Text", "When"])
    for n in range(300):
        when = datetime(2000 + n % 60, 1 + n % 12, 1 + n % 28, n % 24, n % 60)
        number = chance.choice([n, n * 1.5, -n, n * 10**9])
        workbook.active.append([f"p{n}@x.example", number, chance.choice(["", "ä€😀", "a_x000D_b", " x "]), when])
    path = tmp_path / "many.xlsx"
    workbook.save(path)
    theirs = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[1:]
    for row, cells in zip(load(path)[1], theirs, strict=True):
        assert (row.values[0], float(row.values[1])) == (cells[0], float(cells[1]))
        when = cells[3] if isinstance(cells[3], datetime) else datetime.combine(cells[3], datetime.min.time())
        assert datetime.fromisoformat(row.values[3]) == when


def test_shared_strings_prefixes_and_odd_dates_are_understood(tmp_path):
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    shared = _SST + (
        b"<si><t>Email</t></si><si><r><t>When </t></r><r><t>it was</t></r><rPh><t>HINT</t></rPh></si>"
        b"<si><t>a@x.example</t></si><si><t>x_x0007_y</t></si></sst>"
    )
    rows = (
        '<x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v></x:c><x:c r="B1" t="s"><x:v>1</x:v></x:c></x:row>'
        '<x:row r="3"><x:c r="A3" t="s"><x:v>2</x:v></x:c><x:c r="B3" s="1"><x:v>1.5</x:v></x:c>'
        '<x:c r="D3" t="s"><x:v>3</x:v></x:c><x:c r="E3" t="str"><x:f>A1</x:f><x:v>cached</x:v></x:c>'
        '<x:c r="F3" t="e"><x:v>#N/A</x:v></x:c><x:c r="G3" s="2"><x:v>1.25</x:v></x:c>'
        '<x:c r="H3"><x:v>4.155552671E9</x:v></x:c></x:row>'
    )
    sheet = f'<x:worksheet xmlns:x="{main}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'.encode()
    styles = '<numFmts><numFmt numFmtId="200" formatCode="[h]:mm"/></numFmts><cellXfs><xf numFmtId="0"/>'
    styles += '<xf numFmtId="22"/><xf numFmtId="200"/></cellXfs>'
    path = make_xlsx(
        tmp_path / "a.xlsx",
        {"S": sheet},
        shared=shared,
        styles=styles,
        properties='<workbookPr date1904="1"/>',
    )
    layout, found = load(path)
    assert layout.columns == ("Email", "When it was")
    assert found[0].values == ["a@x.example", "1904-01-02T12:00:00"]
    assert found[0].extra == ("", "xy", "cached", "#N/A", "30:00:00", "4155552671")


def test_a_hidden_sheet_is_read_only_if_no_other_has_rows(tmp_path):
    rows = sheet_xml(_HEADER, text_row(2, "a@x.example", "hidden"))
    other = sheet_xml(_HEADER, text_row(2, "a@x.example", "seen"))
    path = make_xlsx(tmp_path / "a.xlsx", {"Old": rows, "New": other}, hidden=("Old",))
    assert load(path)[0].sheet == "New"


def test_a_sectioned_report_in_a_workbook_is_read_like_one_in_text(tmp_path):
    rows = [
        ["Topic", "Webinar ID"],
        ["Lists, live", "812"],
        ["Host Details"],
        ["User Name", "Email"],
        ["D", "d@x.example"],
    ]
    rows += [["Attendee Details"], ["User Name", "Email", "Phone"], ["Ana", "a@x.example", "--"]]
    path = make_xlsx(tmp_path / "z.xlsx", {"S": sheet_xml(*(text_row(n, *r) for n, r in enumerate(rows, 1)))})
    layout, found = load(path)
    assert (layout.section, layout.header_row) == ("Attendee Details", 7)
    assert [row.values for row in found] == [["Ana", "a@x.example", ""]]


def test_the_spool_is_used_again_until_the_upload_changes_and_can_be_discarded(book):
    layout, rows = load(book)
    kept = book.with_name("book.xlsx.rows.csv")
    before = kept.stat().st_mtime_ns
    assert list(read_rows(book, layout, skip=1)) == rows[1:]
    assert kept.stat().st_mtime_ns == before
    assert not list(book.parent.glob("*.part"))
    workbook = openpyxl.Workbook()
    workbook.active.append(["Email"])
    workbook.save(book)
    assert load(book)[0].columns == ("Email",)
    discard(book)
    discard(book)
    assert not kept.exists()


def test_a_folder_that_cannot_be_written_is_no_obstacle(book, monkeypatch):
    def refuse(**_):
        raise PermissionError

    monkeypatch.setattr(spool.tempfile, "mkstemp", refuse)
    assert len(load(book)[1]) == 2
    assert not book.with_name("book.xlsx.rows.csv").exists()


def test_a_long_cell_is_refused_with_its_row(tmp_path):
    path = make_xlsx(tmp_path / "a.xlsx", {"S": sheet_xml(_HEADER, text_row(2, "a@x.example", "n" * 1_000_001))})
    with pytest.raises(UnreadableFile, match=r"^Row 2 of the sheet has a cell of more than 1,000,000 characters"):
        survey(path, inspect(path))


def test_one_cell_in_the_last_corner_does_not_explode(tmp_path):
    corner = '<row r="1048576"><c r="{}1048576"><v>1</v></c></row>'
    low = make_xlsx(tmp_path / "low.xlsx", {"S": sheet_xml(_HEADER, corner.format("A"))})
    assert [row.values for row in load(low)[1]] == [["1", ""]]
    far = make_xlsx(tmp_path / "far.xlsx", {"S": sheet_xml(_HEADER, corner.format("XFD"))})
    with pytest.raises(UnreadableFile, match=r"^Row 1,048,576 of the sheet has a cell in column 16,384, beyond 2,000"):
        inspect(far)


def test_shared_strings_are_held_to_a_limit(monkeypatch):
    strings = SharedStrings()
    monkeypatch.setattr(limits, "MAX_SHARED_TEXT", 10)
    strings.add("short")
    with pytest.raises(UnreadableFile, match="holds too much text to be read as XLSX"):
        strings.add("longer than that")


def test_a_line_break_of_any_kind_in_a_cell_survives(tmp_path):
    row = text_row(2, "a@x.example", "one&#13;two&#10;three")
    path = make_xlsx(tmp_path / "a.xlsx", {"S": sheet_xml(_HEADER, row, text_row(3, "b@x.example", "&#13;"))})
    assert [found.values[1] for found in load(path)[1]] == ["one\rtwo\nthree", "\r"]
