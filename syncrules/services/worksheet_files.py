"""The worksheet as a CSV file: out in the playbook's columns, and in again after a look at what changes."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from django.utils import timezone

from contacts.exports import csv_lines, safe_cell
from contacts.readers import UnreadableFile, delimiters, encodings, feed
from contacts.readers.magic import kind_of
from syncrules.domain import sheet
from syncrules.domain.worksheet import Problem, Row, Worksheet
from syncrules.models import WorksheetRow, WorksheetVersion
from syncrules.services import checking
from syncrules.services.comparing import Comparison, compare_rows
from syncrules.services.rows import FIELDS, SIDES, Unusable, clean, left_out

LARGEST = 2_000_000
#: So many lines may stand above the header: a title, a date.
ABOVE = 20
#: The column of a file to what it fills.
FILLS = dict(
    zip(
        (*sheet.COLUMNS, *sheet.MORE),
        ("field_name", "hub_field", "map_field", "direction", "rule", "value_map", "blank_counts", "note"),
        strict=True,
    )
)


class NotTaken(ValueError):
    """The file can't be taken as this worksheet; the text names the file, the line and the column."""


class Line(NamedTuple):
    """One record of the file, and the line that it begins on."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class Plan:
    """What an import would make of the worksheet, before it does."""

    said: dict[str, Any]
    comparison: Comparison
    problems: list[Problem]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    revision: int


def export(worksheet: Worksheet) -> str:
    """The worksheet as text of a CSV file; no cell is a formula to a spreadsheet, and it comes back equal."""
    return "".join(csv_lines([mark(cell) for cell in line] for line in sheet.to_lines(worksheet)))


def mark(text: str) -> str:
    """The cell as no spreadsheet takes for a formula. One that looks marked already is marked once more."""
    return f"'{text}" if safe_cell(text) != text or unmark(text) != text else text


def unmark(text: str) -> str:
    """The cell as it was before ``mark``; what a person began with an apostrophe otherwise stays."""
    return text[1:] if text.startswith("'") and len(text) > 1 and mark(text[1:]) == text else text


def read_file(path: str | os.PathLike[str], worksheet: Worksheet) -> sheet.Sheet:
    """The rows that a file means for this worksheet; raises ``NotTaken``. Writes nothing."""
    name = Path(path).name
    try:
        lines = _lines(path)
    except OSError as error:
        raise NotTaken(f"{name} can't be read: {error.strerror or error}.") from None
    except UnreadableFile as error:
        raise NotTaken(f"{name}: {error}") from None
    except csv.Error as error:
        raise NotTaken(f"{name}, {error}") from None
    return _read(name, lines, worksheet)


def read_bytes(name: str, data: bytes, worksheet: Worksheet) -> sheet.Sheet:
    """The same of an upload."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "worksheet.csv"
        path.write_bytes(data)
        try:
            return read_file(path, worksheet)
        except NotTaken as error:
            raise NotTaken(str(error).replace(path.name, name[:100], 1)) from None


def _lines(path: str | os.PathLike[str]) -> list[Line]:
    """The records of the file in whichever encoding and with whichever separator it has."""
    if Path(path).stat().st_size > LARGEST:
        raise UnreadableFile(f"it is larger than {LARGEST // 1_000_000} MB, so it is hardly a worksheet.")
    raw = Path(path).read_bytes()
    if not raw.strip():
        raise UnreadableFile("it is empty.")
    if kind_of(path) == "xlsx":
        raise UnreadableFile("it is a workbook. Save the worksheet as CSV and take that file.")
    code = encodings.detect(path)
    text = feed.clean(raw.decode(code.name).removeprefix("\ufeff"))
    announced = delimiters.declared(text)
    lines = _records(text, announced or _separator(text))
    return lines[1:] if announced else lines


def _separator(text: str) -> str:
    """The separator under which a header of ours appears; else the one that makes the best table."""
    for candidate in delimiters.CANDIDATES:
        head = csv.reader(io.StringIO(text, newline=""), delimiter=candidate)
        if any(sheet.is_header(cells) for cells, _ in zip(head, range(ABOVE), strict=False)):
            return candidate
    return delimiters.sniff(text)


def _records(text: str, separator: str) -> list[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    lines, number = [], 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append(Line(number, [unmark(cell.strip()) for cell in cells]))
            number = reader.line_num + 1
    except csv.Error as error:
        unclosed = 'a quotation mark (") is never closed' if "unexpected end" in str(error) else str(error)
        raise csv.Error(f"line {number:,}: {unclosed}.") from None
    return lines


def _read(name: str, lines: Sequence[Line], worksheet: Worksheet) -> sheet.Sheet:
    at = next((n for n, line in enumerate(lines[:ABOVE]) if sheet.is_header(line.cells)), 0)
    table = lines[at:]
    try:
        found = sheet.read_lines([line.cells for line in table], worksheet)
    except sheet.NotAWorksheet as error:
        raise NotTaken(f"{name}: {error}") from None
    columns = sheet.columns_of(table[0].cells)
    for line in table[1:]:
        _check_line(name, line, columns)
    return found


def _check_line(name: str, line: Line, columns: Sequence[str]) -> None:
    for column, cell in zip(columns, line.cells, strict=False):
        fills = FILLS.get(column, "")
        limit = 20_000 if fills == "value_map" else WorksheetRow._meta.get_field(fills).max_length if fills else None
        if len(cell) > (limit or 2_000):
            raise NotTaken(f"{name}, line {line.number:,}, column {column}: longer than {limit or 2_000} characters.")
    if any(cell.strip() for cell in line.cells[len(columns) :]):
        raise NotTaken(f"{name}, line {line.number:,}: it has more cells than the header has columns.")


def as_said(found: sheet.Sheet) -> dict[str, Any]:
    """What a file said, as the draft takes it; raises ``NotTaken`` with the row for what can't be stored."""
    return {
        "rows": [_said(row) for row in found.rows],
        "left_out": {"hub": sorted(found.left_out_hub), "map": sorted(found.left_out_map)},
    }


def _said(row: Row) -> dict[str, Any]:
    values = {column: getattr(row, name) for column, name in FIELDS.items()}
    values["value_map"] = [list(pair) for pair in row.value_map]
    try:
        return {"key": row.key, **{column: clean(column, value) for column, value in values.items()}}
    except Unusable as error:
        raise NotTaken(f"Row {row.number}: {error}") from None


def plan(where: checking.Around, version: WorksheetVersion | None, found: sheet.Sheet, revision: int) -> Plan:
    """What would be different if the file became the draft, and what the check says of it."""
    said, at = as_said(found), timezone.now()
    after = [
        WorksheetRow(number=n, changed_at=at, **row) for n, row in enumerate(said["rows"], start=1)
    ]  # never stored: a comparison only
    before = list(version.rows.order_by("number")) if version else []
    comparison = compare_rows(before, after, left_out(version), said["left_out"])
    problems = checking.check(where, checking.of_rows(where, found.rows, said["left_out"]))
    return Plan(said, comparison, problems, found.missing, found.unknown, revision)


def of_sheet(where: checking.Around, found: sheet.Sheet) -> Worksheet:
    """A file as a worksheet of the connection, to be checked or simulated."""
    sides = dict(zip(SIDES, (found.left_out_hub, found.left_out_map), strict=True))
    return checking.of_rows(where, found.rows, sides)
