"""``inspect``: finds out how a file is read, from its beginning."""

from __future__ import annotations

import codecs
import os
from collections.abc import Sequence
from dataclasses import dataclass

from . import delimiters, encodings, limits, sections, spool
from .errors import UnreadableFile
from .feed import clean
from .headers import NO_HEADER, Record, column_names, find_header, records_of
from .layout import Layout, Section
from .magic import kind_of

_COUNT = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


@dataclass(frozen=True)
class _Head:
    """The beginning of a file as records. ``scale`` is how much longer the whole file is."""

    records: list[Record]
    scale: float
    format: str
    encoding: encodings.Encoding
    delimiter: str
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def inspect(
    path: str | os.PathLike[str],
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    section: str | None = None,
    sheet: str | None = None,
) -> Layout:
    """How to read the file at ``path``.

    What is given (by a person, on the preview) is taken as it is; the rest is found out from the first
    megabyte, but for the encoding, which is proven to the end. Raises ``UnreadableFile``.
    """
    if kind_of(path) == "xlsx":
        head = _head_of_workbook(path, sheet)
    elif sheet:
        raise UnreadableFile(f"The file is no workbook, so it has no sheet {sheet[:60]!r}.")
    else:
        head = _head_of_text(path, encoding, delimiter)
    tables = sections.find_tables(head.records)
    if section and not tables:
        raise UnreadableFile(f"The file has no sections: choose the whole file instead of {section[:60]!r}.")
    found = sections.describe(head.records, tables, head.scale)
    if not tables:
        return _plain(head)
    return _sectioned(head, tables, found, section)


def _head_of_text(path: str | os.PathLike[str], encoding: str | None, delimiter: str | None) -> _Head:
    """The beginning of a CSV, TSV or the like."""
    code = encodings.given(encoding) if encoding else encodings.detect(path)
    text, scale = _beginning(path, code)
    notes = [code.note] if code.note else []
    announced = delimiters.declared(text)
    if delimiter:
        _check_delimiter(text, delimiter)
    chosen = delimiter or announced or delimiters.sniff(text)
    records = records_of(text, chosen)
    if announced and records:
        records = records[1:]
        notes.append(f"The first line says that the separator is {delimiters.NAMES.get(announced, announced)}")
    if scale > 1 and len(records) > 1:
        records.pop()  # It may be cut in the middle.
    return _Head(records, scale, "csv", code, chosen, notes=tuple(notes))


def _beginning(path: str | os.PathLike[str], code: encodings.Encoding) -> tuple[str, float]:
    """The first megabyte as clean text, and how much longer the file is than that."""
    with open(path, "rb") as file:
        raw = file.read(limits.HEAD)
    size = os.path.getsize(path)
    try:
        text = codecs.getincrementaldecoder(code.name)("strict").decode(raw, final=size <= len(raw))
    except UnicodeDecodeError as error:
        line = encodings.line_of(path, error.start)
        raise UnreadableFile(
            f"Line {line:,} can't be read as {code.name} (byte {error.object[error.start]:#04x}): "
            "choose another encoding, or save the file as UTF-8."
        ) from error
    return clean(text.removeprefix("\ufeff")), size / len(raw)


def _check_delimiter(text: str, delimiter: str) -> None:
    """Refuses a chosen separator that makes one column where another makes a table of known names."""
    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        raise UnreadableFile(f"{delimiter[:10]!r} can't be a separator: choose comma, semicolon, tab or pipe.")
    best = delimiters.sniff(text)
    if delimiters.score(text, delimiter) >= delimiters.score(text, best):
        return
    if all(len(record.values) == 1 for record in records_of(text, delimiter, most=limits.HEADER_LINES)):
        chosen, better = (delimiters.NAMES.get(d, d) for d in (delimiter, best))
        raise UnreadableFile(
            f"With the separator {chosen} every line is one single column: choose {better}, which makes a table."
        )


def _head_of_workbook(path: str | os.PathLike[str], sheet: str | None) -> _Head:
    """The beginning of a sheet."""
    with spool.open_spool(path, sheet or "", most=limits.HEAD_ROWS) as opened:
        text = opened.file.read().decode("utf-8")
    records = records_of(text, ",", by_record=True)
    notes = []
    if len(opened.sheets) > 1:
        others = ", ".join(name for name in opened.sheets if name != opened.sheet)
        notes.append(f"The sheet {opened.sheet!r} is read; the workbook also has {others[:200]}")
    scale = 1.0 if opened.complete else 2.0
    code = encodings.Encoding("UTF-8", True)
    return _Head(records, scale, "xlsx", code, ",", opened.sheet, opened.sheets, tuple(notes))


def _plain(head: _Head) -> Layout:
    """The layout of a file that is one table."""
    at = find_header(head.records)
    if at is None:
        raise UnreadableFile(NO_HEADER)
    notes = list(head.notes)
    if at:
        count = _COUNT[at] if at < len(_COUNT) else str(at)
        rows = "title row above the header was" if at == 1 else "title rows above the header were"
        notes.append(f"{count} {rows} skipped")
    return _layout(head, at, head.records[at + 1 :], notes)


def _sectioned(head: _Head, tables: Sequence[sections.Table], found: tuple[Section, ...], wanted: str | None) -> Layout:
    """The layout of one section: the wanted one, or the usual one."""
    names = [section.name for section in found]
    if wanted and wanted not in names:
        raise UnreadableFile(f"There is no section {wanted[:60]!r} in the file: it has {', '.join(names)}.")
    at = names.index(wanted) if wanted else [section.usual for section in found].index(True)
    table = tables[at]
    count = _COUNT[len(found)].lower() if len(found) < len(_COUNT) else str(len(found))
    says = "is one section" if len(found) == 1 else f"are {count} sections"
    notes = [*head.notes, f"There {says} in the file; {names[at]!r} is read"]
    below = head.records[table.header + 1 : table.end]
    return _layout(head, table.header, below, notes, names[at], found)


def _layout(
    head: _Head,
    at: int,
    below: Sequence[Record],
    notes: Sequence[str],
    section: str = "",
    found: tuple[Section, ...] = (),
) -> Layout:
    header = head.records[at]
    return Layout(
        format="xlsx" if head.format == "xlsx" else "csv",
        encoding=head.encoding.name,
        encoding_sure=head.encoding.sure,
        delimiter=head.delimiter,
        header_row=header.line,
        columns=column_names(header.values, below),
        section=section,
        sections=found,
        sheet=head.sheet,
        sheets=head.sheets,
        notes=tuple(notes),
    )
