"""Finding the header of a table and naming its columns."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from . import limits
from .errors import UnreadableFile
from .feed import reader
from .moments import shape_of_moment
from .synonyms import is_known

#: Enough of an address to tell data from names of columns.
_ADDRESS = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]+")
_NUMBER = re.compile(r"[+(]?\d[\d\s().,/:-]*")
NO_HEADER = (
    f"No header was found in the first {limits.HEADER_LINES} lines: "
    "the first line must name the columns, such as Email, First name"
)


@dataclass(frozen=True)
class Record:
    """One non-blank record of the beginning of a file: its 1-based ``line``, and its cells."""

    line: int
    values: tuple[str, ...]

    @property
    def filled(self) -> list[str]:
        """The cells that aren't blank, trimmed."""
        return [value.strip() for value in self.values if value.strip()]


def records_of(text: str, delimiter: str, *, by_record: bool = False, most: int | None = None) -> list[Record]:
    """The non-blank records of ``text``, at most ``most``. Stops quietly where csv can't go on.

    ``by_record`` numbers them by record instead of by line (a sheet's rows may hold line breaks).
    """
    rows = reader(io.StringIO(text, newline=""), delimiter)
    found: list[Record] = []
    line, number = 1, 0
    try:
        for values in rows:
            number += 1
            if not is_blank(values):
                found.append(Record(number if by_record else line, tuple(values)))
            line = rows.line_num + 1
            if most is not None and len(found) >= most:
                break
    except csv.Error:
        pass  # The full pass over the file names the row; the beginning is enough to tell the layout.
    return found


def is_blank(values: Sequence[str]) -> bool:
    """Whether a record is a blank line. A line of separators only is not: it is a row of blank cells."""
    return not values or (len(values) == 1 and values[0].isspace())


def is_address(text: str) -> bool:
    """Whether a cell holds an e-mail address and little else."""
    return len(text) <= 400 and bool(_ADDRESS.fullmatch(text.strip().strip("<>")))


def is_data(text: str) -> bool:
    """Whether a cell is clearly a value and no name of a column: an address, a number, a date."""
    return is_address(text) or bool(_NUMBER.fullmatch(text[:200])) or bool(shape_of_moment(text))


def known_names(values: Sequence[str]) -> int:
    """How many cells are names of columns that people use; 0 if the line holds an address.

    A line of more cells than a row may have is judged by its beginning: it will be refused for its width.
    """
    values = values[: limits.MAX_COLUMNS]
    if any(is_address(value) or len(value) > limits.MAX_NAME_CHARS for value in values):
        return 0
    return sum(is_known(value) for value in values)


def find_header(records: Sequence[Record]) -> int | None:
    """The index of the header among ``records``, or None.

    The line with the most known names; else the line above a column of addresses; else the first line of
    the usual width whose cells all look like names.
    """
    records = records[: limits.SNIFF_RECORDS]
    top = records[: limits.HEADER_LINES]
    known = [known_names(record.values) for record in top]
    if max(known, default=0):
        return known.index(max(known))
    above = next((i for i, record in enumerate(records) if any(map(is_address, record.values))), 0)
    if 0 < above <= limits.HEADER_LINES and _looks_like_names(records[above - 1], least=1):
        return above - 1
    widths = Counter(len(record.values) for record in records)
    usual = widths.most_common(1)[0][0] if widths else 0
    return next((i for i, r in enumerate(top) if len(r.values) == usual and _looks_like_names(r, least=2)), None)


def _looks_like_names(record: Record, least: int) -> bool:
    """Whether all cells are filled, different, short and no data."""
    cells = record.filled
    if (
        len(cells) > limits.MAX_COLUMNS * 10
        or len(cells) < max(least, len(record.values))
        or len(set(cells)) < len(cells)
    ):
        return False
    return not any(is_data(cell) or len(cell) > 100 for cell in cells)


def column_names(header: Sequence[str], below: Sequence[Record]) -> tuple[str, ...]:
    """The names of the columns: trimmed, a repeated one as "Email (2)", an empty one as "Column 7".

    Empty cells at the end under which nothing stands are no columns (Excel leaves them by the thousand).
    """
    width = max((i for i, cell in enumerate(header, 1) if cell.strip()), default=0)
    for record in below:
        over = (i for i, cell in enumerate(record.values[: len(header)], 1) if cell.strip())
        width = max(width, max(over, default=0))
    if width > limits.MAX_COLUMNS:
        raise UnreadableFile(
            f"The header has {width:,} columns, more than {limits.MAX_COLUMNS:,}: "
            "export only the columns that are needed."
        )
    taken: set[str] = {cell.strip() for cell in header}
    names: list[str] = []
    counts: Counter[str] = Counter()
    for number, cell in enumerate(header[:width], 1):
        base = cell.strip() or f"Column {number}"
        names.append(_unused(base, counts, taken))
    return tuple(names)


def _unused(base: str, counts: Counter[str], taken: set[str]) -> str:
    """``base``, or "base (n)" with the lowest free n when the name was given before."""
    counts[base] += 1
    if counts[base] == 1:
        return base
    while f"{base} ({counts[base]})" in taken:
        counts[base] += 1
    name = f"{base} ({counts[base]})"
    taken.add(name)
    return name
