"""Zoom's reports and other files of several tables."""

import pytest

from contacts.readers import Section, UnreadableFile, inspect, match_columns, read_rows, survey

from .conftest import load
from .samples import ON24, ZOOM


@pytest.fixture
def zoom(write):
    return write(ZOOM.replace("Ruiz,ana", "Ru\x00iz,ana"), "zoom.csv", "utf-8-sig")


def test_the_sections_are_found_and_the_attendees_are_the_usual_one(zoom):
    layout = inspect(zoom)
    assert layout.section == "Attendee Details"
    assert layout.sections == (
        Section("Host Details", 6, 1, usual=False),
        Section("Panelist Details", 9, 2, usual=False),
        Section("Attendee Details", 13, 3, usual=True),
        Section("Other Attended", 18, 1, usual=False),
    )
    assert layout.notes == ("There are four sections in the file; 'Attendee Details' is read",)


def test_a_section_ends_where_the_next_begins_and_dashes_are_blanks(zoom):
    _, rows = load(zoom)
    assert [row.values[4] for row in rows] == [
        "ana@north.example",
        "ana@north.example",
        "wei@kestrel.example",
    ]
    assert rows[0].values[3] == "Ruiz"
    assert rows[2].values == [
        "No",
        "",
        "Wei",
        "Zhang",
        "wei@kestrel.example",
        "",
        "08/05/2026 07:11:00 PM",
        "",
        "",
    ]


def test_another_section_may_be_chosen(zoom):
    layout, rows = load(zoom, section="Panelist Details")
    assert [row.values[2] for row in rows] == ["pat1@hub.example", "pat2@hub.example"]
    assert list(read_rows(zoom, layout, skip=1)) == rows[1:]
    assert survey(zoom, layout).rows == 2
    with pytest.raises(UnreadableFile, match="There is no section 'Speakers' in the file: it has Host Details, "):
        inspect(zoom, section="Speakers")


def test_a_section_that_goes_on_past_the_beginning_still_ends_at_the_next_title(write):
    before, after = ZOOM.split("Other Attended")
    people = "".join(f"No,--,P,Q,p{n}@x.example,--,08/05/2026 07:11:00 PM,--\n" for n in range(40_000))
    path = write(before + people + "Other Attended" + after, "zoom.csv")
    layout = inspect(path)
    assert layout.section == "Attendee Details"
    assert survey(path, layout).rows == 40_003


def test_an_open_quote_in_the_last_section_is_refused(write):
    path = write(ZOOM.split("Other Attended")[0] + 'Yes,"open\n', "zoom.csv")
    with pytest.raises(UnreadableFile, match=r'^Row 4 opens a quotation mark \("\)'):
        survey(path, inspect(path))


def test_translated_titles_are_found_by_structure_and_addresses(write):
    text = ZOOM.replace("Attendee Details", "Szczegóły gości").replace("Host Details", "Prowadzący")
    assert inspect(write(text)).section == "Szczegóły gości"


def test_a_single_filled_cell_in_an_ordinary_file_starts_no_section(write):
    path = write("First name,Last name,Company,Email\nMadonna,,,\nSean,O'Brien,Acme,s@x.example\nTotal,,,\n")
    layout, rows = load(path)
    assert (layout.sections, len(rows)) == ((), 3)
    with pytest.raises(UnreadableFile, match="has no sections"):
        inspect(path, section="Attendee Details")


def test_dashes_stay_in_an_ordinary_file(write):
    assert load(write("Email,Note\na@x.example,--\n"))[1][0].values[1] == "--"


def test_zooms_columns_are_matched_as_a_person_would(zoom):
    layout = inspect(zoom)
    result = survey(zoom, layout)
    matches = match_columns(layout.columns, result.samples, result.filled, shapes=result.shapes)
    assert {m.column: m.field for m in matches if m.field} == {
        "First Name": "first_name",
        "Last Name": "last_name",
        "Email": "email",
        "Phone": "phone",
        "Registration Time": "occurred_at",
        "Job title": "job_title",
    }


def test_an_on24_file_with_line_breaks_in_cells_is_one_table(write):
    layout, rows = load(write(ON24))
    assert (layout.section, len(rows), rows[1].values[4]) == ("", 3, "Buyer,\nEMEA")
