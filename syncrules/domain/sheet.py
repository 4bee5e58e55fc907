"""The worksheet as the lines of a CSV, and back: the playbook's columns first, then what is ours. Pure.

What is written here is read back as the same rows: a text that is not understood stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from contacts.domain.names import fold
from syncrules.domain import reading
from syncrules.domain.worksheet import FieldType, Row, Worksheet

COLUMNS = ("Field Name", "CRM Field", "MAP Field", "Sync Direction", "Overwrite Rule")
MORE = ("Value Map", "Blank Is A Value", "Note")
_NAMES: dict[str, str] = {
    "Field Name": "field name | name | field | label",
    "CRM Field": "crm field | hub field | salesforce field | crm property | hub",
    "MAP Field": "map field | hubspot field | marketing field | map property | marketo field | map",
    "Sync Direction": "sync direction | direction | sync",
    "Overwrite Rule": "overwrite rule | rule | overwrite | conflict rule",
    "Value Map": "value map | values | value mapping | option map",
    "Blank Is A Value": "blank is a value | blank counts | blanks count | blank is value",
    "Note": "note | notes | comment | comments | remark",
}
_BY_NAME = {fold(n): column for column, names in _NAMES.items() for n in names.split("|")}
_YES = frozenset("yes y true 1 x ja oui on".split())
_ESCAPED = re.compile(r"[\\;=\n]")


class NotAWorksheet(ValueError):
    """The lines hold no worksheet; the text says what is missing."""


@dataclass(frozen=True)
class Sheet:
    """A worksheet as a file has it. ``missing`` are columns that the file lacks: there the rows keep what the
    worksheet has; ``unknown`` are columns that mean nothing here."""

    rows: tuple[Row, ...]
    left_out_hub: frozenset[str]
    left_out_map: frozenset[str]
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = field(default=())


def to_lines(worksheet: Worksheet) -> list[list[str]]:
    """The header and a line for each row, then one for each field that was left out for good."""
    hub, other = worksheet.hub_fields, worksheet.map_fields
    lines = [[*COLUMNS, *MORE]]
    lines += [_line(row, hub, other) for row in sorted(worksheet.rows, key=lambda r: r.number)]
    for name in sorted(worksheet.left_out_hub):
        shown = _shown_hub(name, hub)
        lines.append([shown, shown, "", reading.LEFT_OUT, "", "", "", ""])
    for name in sorted(worksheet.left_out_map):
        shown = _shown_map(name, other)
        lines.append([shown, "", shown, reading.LEFT_OUT, "", "", "", ""])
    return lines


def _line(row: Row, hub: Mapping[str, FieldType], other: Mapping[str, FieldType]) -> list[str]:
    return [
        row.name,
        _shown_hub(row.hub, hub),
        _shown_map(row.map, other),
        reading.DIRECTION_TEXTS.get(row.direction, row.direction),
        reading.RULE_TEXTS.get(row.rule, row.rule),
        write_value_map(row.value_map),
        "yes" if row.blank_counts else "",
        row.note,
    ]


def _shown_hub(name: str, fields: Mapping[str, FieldType]) -> str:
    """The field's label where that leads back to it, else its name."""
    known = fields.get(name)
    return known.label if known and reading.read_hub_field(known.label, fields) == name else name


def _shown_map(name: str, fields: Mapping[str, FieldType]) -> str:
    known = fields.get(name)
    return known.label if known and reading.read_map_field(known.label, fields) == name else name


def write_value_map(pairs: Iterable[tuple[str, str]]) -> str:
    """``PAID_SEARCH = paid-search; OFFLINE =``: each MAP value and the hub's for it."""
    return "; ".join(f"{_escape(value)} = {_escape(hub)}".rstrip(" ") for value, hub in pairs)


def read_value_map(text: str) -> tuple[tuple[str, str], ...]:
    """The pairs of a cell. A value without "=" has no counterpart yet, which the check names."""
    pairs = []
    for part in _split(text, ";\n"):
        value, *rest = _split(part, "=")
        if value.strip():
            pairs.append((_unescape(value.strip()), _unescape("=".join(rest).strip())))
    return tuple(pairs)


def _escape(text: str) -> str:
    return _ESCAPED.sub(lambda found: "\\" + found[0], text)


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _split(text: str, separators: str) -> list[str]:
    """Split at any of the separators that has no backslash before it."""
    parts, part, after = [], "", False
    for letter in text:
        if after or letter not in separators:
            part += letter
        else:
            parts.append(part)
            part = ""
        after = letter == "\\" and not after
    return [*parts, part]


def columns_of(cells: Sequence[str]) -> list[str]:
    """The worksheet's own name for each cell of a header, "" for what means nothing here."""
    return [_BY_NAME.get(fold(cell), "") for cell in cells]


def is_header(cells: Sequence[str]) -> bool:
    """Whether the cells name the columns that a worksheet can't do without."""
    return {"CRM Field", "MAP Field"} <= set(columns_of(cells))


def read_lines(lines: Sequence[Sequence[str]], worksheet: Worksheet) -> Sheet:
    """The rows that the lines mean for this worksheet's connection; raises NotAWorksheet without a usable header.

    A row keeps its lasting key where the worksheet has a row of the same fields, and what the file has no column
    for. Lines without any text are passed over.
    """
    header = columns_of(lines[0]) if lines else []
    if not lines or not is_header(lines[0]):
        raise NotAWorksheet("The first line must name the columns, among them “CRM Field” and “MAP Field”.")
    reader = _Reader(worksheet, frozenset(header) - {""})
    for cells in lines[1:]:
        given: dict[str, str] = {}
        for column, cell in zip(header, cells, strict=False):
            if column:
                given.setdefault(column, cell.strip())
        if any(given.values()):
            reader.take(given)
    return Sheet(
        tuple(reader.rows),
        frozenset(reader.left_out_hub) if reader.says_left_out else worksheet.left_out_hub,
        frozenset(reader.left_out_map) if reader.says_left_out else worksheet.left_out_map,
        tuple(c for c in (*COLUMNS, *MORE) if c not in header),
        tuple(cell for cell, column in zip(lines[0], header, strict=True) if not column and cell.strip()),
    )


class _Reader:
    """Reads lines in order, and gives each row its key."""

    def __init__(self, worksheet: Worksheet, columns: frozenset[str]) -> None:
        self.worksheet, self.columns = worksheet, columns
        self.rows: list[Row] = []
        self.left_out_hub: set[str] = set()
        self.left_out_map: set[str] = set()
        # A file of the playbook's five columns says nothing of fields that were left out.
        self.says_left_out = not columns.isdisjoint(MORE)
        self.unused = {row.key: row for row in worksheet.rows}
        self.next_key = max(self.unused, default=0) + 1

    def take(self, given: Mapping[str, str]) -> None:
        hub = reading.read_hub_field(given.get("CRM Field", ""), self.worksheet.hub_fields)
        other = reading.read_map_field(given.get("MAP Field", ""), self.worksheet.map_fields)
        if reading.is_left_out(given.get("Sync Direction", "")):
            self.says_left_out = True
            self.left_out_hub |= {hub} - {""}
            self.left_out_map |= {other} - {""}
        else:
            self.rows.append(self._row(given, hub, other))

    def _row(self, given: Mapping[str, str], hub: str, other: str) -> Row:
        name = given.get("Field Name", "")
        was = self._same_row(name, hub, other)
        if was:
            key = was.key
            del self.unused[key]
        else:
            key, self.next_key = self.next_key, self.next_key + 1
            was = Row(key, 0, "", "", "", "", "")
        direction, rule = given.get("Sync Direction"), given.get("Overwrite Rule")
        values, blank, note = given.get("Value Map"), given.get("Blank Is A Value"), given.get("Note")
        return Row(
            key=key,
            number=len(self.rows) + 1,
            name=name if "Field Name" in self.columns else was.name,
            hub=hub,
            map=other,
            direction=was.direction if direction is None else self._direction(direction),
            rule=was.rule if rule is None else reading.read_rule(rule),
            value_map=was.value_map if values is None else read_value_map(values),
            blank_counts=was.blank_counts if blank is None else fold(blank) in _YES,
            note=was.note if note is None else note,
        )

    def _direction(self, text: str) -> str:
        return reading.read_direction(text, self.worksheet.name)

    def _same_row(self, name: str, hub: str, other: str) -> Row | None:
        """The worksheet's row that this line is about: by both fields, by one of them, by its name."""
        rows = sorted(self.unused.values(), key=lambda r: r.number)
        for alike in (
            [r for r in rows if r.hub == hub and r.map == other],
            [r for r in rows if hub and r.hub == hub],
            [r for r in rows if other and r.map == other],
            [r for r in rows if name and r.name == name],
        ):
            if alike:
                return alike[0]
        return None
