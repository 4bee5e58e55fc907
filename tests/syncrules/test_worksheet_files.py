"""The worksheet as a CSV: it comes back equal, in any encoding, and what can't be taken names its place."""

from __future__ import annotations

import pytest

from syncrules.domain.worksheet import Direction, Rule
from syncrules.services import checking, editing, versions, worksheet_files
from tests.syncrules.worksheets import JOB_TITLE, LATER, ops, row, said, seed, set_cell

pytestmark = pytest.mark.django_db
PLAYBOOK = """Field Name,CRM Field,MAP Field,Sync Direction,Overwrite Rule
Email,Email,Email,Bidirectional,Never overwrite
First Name,First Name,First Name,CRM→MAP,MAP fills if empty
Lead Source,Lead Source,Original Source,MAP→CRM,"Set once, no overwrite"
Lifecycle Stage,Lead Status,Lifecycle Stage,Bidirectional,MAP sets MQL; CRM sets SQL+
Last Activity,Last Activity Date,Last Activity,CRM→MAP,Always use CRM value
Opt-in Status,Email Opt-in,Unsubscribed,Bidirectional,Unsubscribe propagates immediately
"""
NOTES = ["=1+1", "'=1+1", "''=1+1", "+44 1632", "-5", "@x", "a;b,c\td", 'say "hi"', "two\nlines", "'plain", "O'Brien"]


@pytest.fixture
def sandbox():
    return seed()


def newest(sandbox):
    where = checking.around(sandbox)
    return where, checking.worksheet_of(where, versions.newest(sandbox))


def read(sandbox, data: bytes):
    return worksheet_files.read_bytes("rules.csv", data, newest(sandbox)[1])


def test_the_playbooks_file_says_what_the_seeded_worksheet_says(sandbox):
    where, stands = newest(sandbox)
    found = read(sandbox, PLAYBOOK.encode())
    assert found.rows == stands.rows
    assert checking.stopping(checking.check(where, worksheet_files.of_sheet(where, found))) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_it_is_read_in_any_encoding_and_with_any_separator(sandbox, encoding, separator):
    import csv
    import io

    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(csv.reader(io.StringIO(PLAYBOOK)))
    assert read(sandbox, out.getvalue().encode(encoding)).rows == newest(sandbox)[1].rows


def test_a_windows_file_with_arrows_of_letters_is_read(sandbox):
    data = PLAYBOOK.replace("→", "->").replace("Email Opt-in", "Email Opt-in").encode("cp1252")
    assert read(sandbox, data).rows == newest(sandbox)[1].rows


def test_an_export_comes_back_equal(sandbox):
    editing.add_row(sandbox, JOB_TITLE | {"note": "only while nobody edited it"}, ops(), LATER)
    set_cell(sandbox, "source", "value_map", [["PAID = x; y", "paid-search-landing-page"], ["OFFLINE", ""]])
    set_cell(sandbox, "job_title", "blank_counts", True)
    set_cell(sandbox, "last_activity", "rule", "as the vendor likes")
    editing.leave_out(sandbox, "map", "website", ops(), LATER)
    editing.leave_out(sandbox, "hub", "company", ops(), LATER)
    stands = newest(sandbox)[1]
    found = read(sandbox, worksheet_files.export(stands).encode())
    assert found.rows == stands.rows
    assert (found.left_out_hub, found.left_out_map) == ({"company"}, {"website"})


@pytest.mark.parametrize("note", NOTES)
def test_no_cell_is_a_formula_and_every_note_comes_back(sandbox, note):
    set_cell(sandbox, "first_name", "note", note)
    stands = newest(sandbox)[1]
    text = worksheet_files.export(stands)
    assert not any(f'"{sign}' in text for sign in ("=", "@"))
    assert read(sandbox, text.encode()).rows == stands.rows


def test_columns_that_a_file_lacks_keep_what_the_rows_say(sandbox):
    set_cell(sandbox, "first_name", "note", "agreed with marketing")
    draft = versions.newest(sandbox)
    found = read(sandbox, PLAYBOOK.replace("MAP fills if empty", "Never overwrite").encode())
    editing.import_rows(sandbox, worksheet_files.as_said(found), ops(), LATER, draft.revision)
    stands = row(sandbox, "first_name")
    assert (stands.rule, stands.note) == (Rule.NEVER, "agreed with marketing")
    assert row(sandbox, "source").value_map


def test_an_import_over_a_draft_that_changed_since_is_refused_and_changes_nothing(sandbox):
    from syncrules.services.rows import Unusable

    found = read(sandbox, PLAYBOOK.encode())
    set_cell(sandbox, "first_name", "rule", Rule.NEVER)
    before = said(sandbox)
    with pytest.raises(Unusable, match="nothing was imported"):
        editing.import_rows(sandbox, worksheet_files.as_said(found), ops(), LATER, 0)
    assert said(sandbox) == before


def test_what_would_change_is_shown_row_by_row(sandbox):
    where = checking.around(sandbox)
    found = read(sandbox, PLAYBOOK.replace("CRM→MAP,MAP fills", "MAP→CRM,MAP fills").encode())
    plan = worksheet_files.plan(where, versions.in_force(sandbox), found, 0)
    changed = plan.comparison.of("changed")
    assert [(c.after.hub_field, c.columns, c.after.direction) for c in changed] == [
        ("first_name", ("direction",), Direction.TO_HUB)
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "rules.csv: it is empty"),
        (b"Name,Colour\nEmail,blue\n", "rules.csv: The first line must name the columns"),
        (PLAYBOOK.replace("Never overwrite", "n" * 121).encode(), "rules.csv, line 2, column Overwrite Rule: longer"),
        (PLAYBOOK.replace("Never overwrite", "never,,,,").encode(), "rules.csv, line 2: it has more cells"),
        (PLAYBOOK.replace('"Set once, no overwrite"', '"Set once').encode(), "rules.csv, line 4: a quotation mark"),
        (b"PK\x03\x04" + b"x" * 100, "rules.csv"),
    ],
)
def test_what_can_not_be_read_names_the_file_the_line_and_the_column(sandbox, data, words):
    if words.endswith("more cells"):
        data = PLAYBOOK.replace("Never overwrite", "never,x").encode()
    with pytest.raises(worksheet_files.NotTaken) as problem:
        read(sandbox, data)
    assert str(problem.value).startswith(words)
