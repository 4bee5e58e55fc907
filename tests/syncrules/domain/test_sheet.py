"""The worksheet as a file: what goes out comes back as the same rows, and what a file lacks changes nothing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncrules.domain.catalogue import as_json, from_json
from syncrules.domain.sheet import NotAWorksheet, read_lines, read_value_map, to_lines, write_value_map
from syncrules.domain.worksheet import Direction, Row, Rule, Worksheet
from tests.syncrules.domain.building import HUB, MAP, worksheet

#: Cells as an edit stores them: nothing around them.
CELLS = st.one_of(
    st.text(max_size=12).map(lambda text: text.replace("\x00", "").strip()),
    st.sampled_from(["=1+1", "a; b", "a = b", "\\", "a\\;b", "Straße", "日本", "'quoted'", "x\ny"]),
)
PAIRS = st.lists(st.tuples(CELLS.filter(bool), CELLS), max_size=4).map(tuple)
ROWS = st.builds(
    Row,
    key=st.just(0),
    number=st.just(0),
    name=CELLS,
    hub=st.sampled_from(sorted(HUB)),
    map=st.sampled_from(sorted(MAP)),
    direction=st.sampled_from([*map(str, Direction), "sideways", ""]),
    rule=st.sampled_from([*map(str, Rule), "Latest wins", ""]),
    value_map=PAIRS,
    blank_counts=st.booleans(),
    note=CELLS,
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(ROWS, max_size=6, unique_by=(lambda r: r.hub, lambda r: r.map)),
    st.frozensets(st.sampled_from(sorted(HUB)), max_size=3),
    st.frozensets(st.sampled_from(sorted(MAP)), max_size=3),
)
def test_what_goes_out_comes_back_as_the_same_rows(rows: list[Row], hub: frozenset[str], other: frozenset[str]) -> None:
    said = tuple(r._replace(key=n, number=n) for n, r in enumerate(rows, 1))
    sheet = Worksheet("sandbox", "Sandbox", said, HUB, MAP, (), hub, other)
    read = read_lines(to_lines(sheet), sheet)
    assert (read.rows, read.left_out_hub, read.left_out_map) == (said, hub, other)
    assert read.missing == read.unknown == ()


@settings(max_examples=200, deadline=None, derandomize=True)
@given(PAIRS)
def test_a_value_map_survives_its_cell(pairs: tuple[tuple[str, str], ...]) -> None:
    assert read_value_map(write_value_map(pairs)) == pairs


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.lists(st.text(max_size=8), max_size=10), max_size=8))
def test_any_table_is_read_or_said_to_be_no_worksheet(lines: list[list[str]]) -> None:
    with suppress(NotAWorksheet):
        read_lines(lines, worksheet())
    read = read_lines(
        [["CRM Field", "MAP Field", "Overwrite Rule", "Sync Direction", "Value Map"], *lines], worksheet()
    )
    assert [r.number for r in read.rows] == list(range(1, len(read.rows) + 1))
    assert len({r.key for r in read.rows}) == len(read.rows)


def test_columns_may_stand_in_any_order_and_bear_other_names() -> None:
    lines = [["Rule", "Hub field", "x", "HubSpot Field", "Direction"], ["crm wins", "Job title", "", "jobtitle", "->"]]
    lines[1][4] = "hub -> HubSpot"
    read = read_lines(lines, worksheet())
    assert [(r.hub, r.map, r.direction, r.rule) for r in read.rows] == [("job_title", "jobtitle", "to-map", "hub")]
    assert read.unknown == ("x",)


def test_rows_keep_their_keys_when_they_move_and_new_ones_get_new_keys() -> None:
    sheet = worksheet()
    header, *lines = to_lines(sheet)
    rows = lines[:6]
    new = ["Title", "Job title", "Job Title", "CRM→MAP", "Always use CRM value", "", "", ""]
    read = read_lines([header, new, *reversed(rows)], sheet)
    assert [r.key for r in read.rows] == [7, 6, 5, 4, 3, 2, 1]
    assert [r.number for r in read.rows] == [1, 2, 3, 4, 5, 6, 7]


def test_what_is_not_understood_stays_as_it_was_written() -> None:
    lines = [["CRM Field", "MAP Field", "Sync Direction", "Overwrite Rule"], ["Shoe", "Size", "sideways", "magic"]]
    (read,) = read_lines(lines, worksheet()).rows
    assert (read.hub, read.map, read.direction, read.rule) == ("Shoe", "Size", "sideways", "magic")


def test_a_file_without_the_needed_columns_is_no_worksheet() -> None:
    for lines in ([], [[]], [["Name", "Address"], ["a", "b"]]):
        with pytest.raises(NotAWorksheet):
            read_lines(lines, worksheet())


def test_a_note_that_the_file_lacks_stays_with_its_row() -> None:
    sheet = worksheet()
    noted = replace(sheet, rows=(sheet.rows[0]._replace(note="asked legal", blank_counts=True), *sheet.rows[1:]))
    lines = [line[:5] for line in to_lines(noted)[:7]]
    assert read_lines(lines, noted).rows == noted.rows


def test_a_catalogue_comes_back_as_it_was_kept_and_junk_is_passed_over() -> None:
    assert from_json(as_json(MAP.values())) == MAP
    assert from_json(None) == from_json("x") == from_json([1, {"label": "no name"}, None]) == {}
    (odd,) = from_json([{"name": "a", "type": ["x"], "options": [[], 5, ["v"]]}]).values()
    assert (odd.type, odd.options) == ("text", (("v", "v"),))
