"""The rows of one worksheet as lists of text, streamed: memory does not grow with the sheet.

A reader that builds the whole grid (as calamine and openpyxl in its usual mode do) turns two cells, A1
and XFD1048576, into seventeen billion. Here a row exists only while it is handed on.

Source: ECMA-376 part 1, 18.3.1 (``row``, ``c``, ``v``, ``is``).
"""

from __future__ import annotations

from collections.abc import Callable

from . import limits
from .archive import Archive, new_parser, too_large
from .cellvalues import Kind, moment_text, number_text, unescaped
from .errors import UnreadableFile
from .feed import clean
from .workbook import SharedStrings, local

#: Takes the 1-based row of the sheet and its cells, blank ones at the end left out.
Emit = Callable[[int, list[str]], None]


class SheetReader:
    """The handlers of one sheet's XML. One object per sheet; attributes are the state between tags."""

    def __init__(self, strings: SharedStrings, formats: list[Kind], *, from_1904: bool, emit: Emit) -> None:
        self.strings, self.formats, self.from_1904, self.emit = strings, formats, from_1904, emit
        self.row, self.cells, self.chars, self.total = 0, list[str](), 0, 0
        self.column, self.type, self.style = -1, "n", ""
        self.parts, self.size, self.is_text, self.is_hint = list[str](), 0, False, False
        self.columns: dict[str, int] = {}
        self.names: dict[str, str] = {}

    def read(self, archive: Archive, member: str) -> None:
        """Reads the sheet; raises ``UnreadableFile`` naming the row."""
        self.archive = archive
        archive.parse(member, new_parser(self._start, self._end, self._text))

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = self.names.get(tag) or self._name(tag)
        if name == "c":
            self._open_cell(attributes)
        elif name == "v" or (name == "t" and not self.is_hint):
            self.is_text = True
        elif name == "row":
            self._open_row(attributes.get("r", ""))
        elif name == "rPh":
            self.is_hint = True

    def _end(self, tag: str) -> None:
        name = self.names.get(tag) or self._name(tag)
        if name == "c":
            if self.parts:
                self._close_cell()
        elif name == "row":
            self._close_row()
        elif name == "rPh":
            self.is_hint = False
        self.is_text = False

    def _text(self, piece: str) -> None:
        if self.is_text:
            self.size += len(piece)
            if self.size > limits.MAX_CELL_CHARS:
                raise self._too_long()
            self.parts.append(piece)

    def _name(self, tag: str) -> str:
        """A tag without its prefix, remembered: it is asked for with every cell."""
        if len(self.names) < 100:
            self.names[tag] = local(tag)
        return local(tag)

    def _open_row(self, number: str) -> None:
        given = int(number) if number.isdecimal() and len(number) < 10 else 0
        self.row = max(self.row + 1, given)
        if self.row > limits.MAX_SHEET_ROWS:
            raise UnreadableFile(
                f"The sheet has rows beyond {limits.MAX_SHEET_ROWS:,}, where Excel ends: "
                "save it as CSV and upload that."
            )
        self.cells, self.chars, self.column = [], 0, -1

    def _open_cell(self, attributes: dict[str, str]) -> None:
        letters = attributes.get("r", "").rstrip("0123456789")
        self.column = self._column(letters) if letters else self.column + 1
        self.type, self.style = attributes.get("t", "n"), attributes.get("s", "")
        self.parts, self.size = [], 0

    def _column(self, letters: str) -> int:
        """The 0-based column that letters name: A, B, ... XFD."""
        known = self.columns.get(letters)
        if known is not None:
            return known
        number = 0
        for letter in letters[:4].upper():
            number = number * 26 + ord(letter) - 64
        if len(self.columns) < limits.MAX_COLUMNS:
            self.columns[letters] = number - 1
        return number - 1

    def _close_cell(self) -> None:
        """Puts the cell's text into its row."""
        value = self._value("".join(self.parts))
        if not value or (self.column >= limits.MAX_COLUMNS and value.isspace()):
            return
        if not 0 <= self.column < limits.MAX_COLUMNS:
            raise UnreadableFile(
                f"Row {self.row:,} of the sheet has a cell in column {self.column + 1:,}, beyond "
                f"{limits.MAX_COLUMNS:,}: delete what lies far to the right, or save the list as CSV."
            )
        self.chars += len(value)
        if self.chars > limits.MAX_RECORD_CHARS:
            raise self._too_long()
        missing = self.column - len(self.cells)
        if missing >= 0:
            self.cells.extend([""] * missing)
            self.cells.append(value)
        else:
            self.cells[self.column] = value

    def _value(self, text: str) -> str:
        """The text of a cell by its type (18.18.11)."""
        if self.type == "s":
            return self._shared(text)
        if self.type == "n":
            kind = self._kind()
            return moment_text(text, kind, from_1904=self.from_1904) if kind else number_text(text)
        if self.type == "b":
            return {"1": "TRUE", "0": "FALSE"}.get(text, text)
        return clean(unescaped(text))

    def _shared(self, text: str) -> str:
        index = int(text) if text.isdecimal() and len(text) < 10 else -1
        if index in self.strings.too_long:
            raise self._too_long()
        try:
            return self.strings.get(index)
        except IndexError:
            return ""

    def _kind(self) -> Kind:
        """Whether the cell's style makes its number a date."""
        index = int(self.style) if self.style.isdecimal() and len(self.style) < 10 else 0
        return self.formats[index] if index < len(self.formats) else ""

    def _close_row(self) -> None:
        self.total += self.chars
        if self.total > limits.FREE_TEXT + limits.MAX_GROWTH * self.archive.unpacked:
            raise too_large()
        if any(map(str.strip, self.cells)):
            self.emit(self.row, self.cells)

    def _too_long(self) -> UnreadableFile:
        return UnreadableFile(
            f"Row {self.row:,} of the sheet has a cell of more than {limits.MAX_CELL_CHARS:,} characters: "
            "shorten it and upload the file again."
        )
