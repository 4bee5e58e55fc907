"""Real files for the readers' tests, written to ``tmp_path``."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from contacts.readers import Layout, Row, inspect, read_rows

Write = Callable[..., Path]
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def load(path: Path, **choices: str) -> tuple[Layout, list[Row]]:
    """The layout of a file and all of its rows."""
    layout = inspect(path, **choices)
    return layout, list(read_rows(path, layout))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file: text in an encoding, or bytes."""

    def make(content: str | bytes, name: str = "list.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return make


def sheet_xml(*rows: str) -> bytes:
    """A worksheet of ready-made ``row`` elements."""
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(rows)}</sheetData></worksheet>'.encode()


def text_row(number: int, *values: str) -> str:
    """A row of inline strings."""
    cells = "".join(f'<c t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>' for value in values)
    return f'<row r="{number}">{cells}</row>'


def make_xlsx(
    path: Path,
    sheets: dict[str, bytes | Iterable[bytes]],
    *,
    shared: bytes | Iterable[bytes] = b"",
    styles: str = "",
    properties: str = "",
    hidden: tuple[str, ...] = (),
) -> Path:
    """A workbook written by hand, so that a test can say every byte of it."""
    numbered = list(enumerate(sheets.items(), 1))
    states = dict.fromkeys(hidden, ' state="hidden"')
    entries = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"{states.get(name, "")}/>' for n, (name, _) in numbered
    )
    links = [(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n, _ in numbered]
    links += [("rS", "sharedStrings", "sharedStrings.xml"), ("rT", "styles", "styles.xml")]
    relations = "".join(f'<Relationship Id="{i}" Type="{_REL}/{t}" Target="{target}"/>' for i, t, target in links)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types"/>')
        root = f'<Relationship Id="r" Type="{_REL}/officeDocument" Target="xl/workbook.xml"/>'
        archive.writestr("_rels/.rels", f'<Relationships xmlns="{_PACKAGE}/relationships">{root}</Relationships>')
        book = f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}">{properties}<sheets>{entries}</sheets></workbook>'
        archive.writestr("xl/workbook.xml", book)
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships">{relations}</Relationships>',
        )
        archive.writestr("xl/styles.xml", f'<styleSheet xmlns="{_MAIN}">{styles}</styleSheet>')
        for member, content in [("xl/sharedStrings.xml", shared or f'<sst xmlns="{_MAIN}"/>'.encode())] + [
            (f"xl/worksheets/sheet{n}.xml", content) for n, (_, content) in numbered
        ]:
            with archive.open(member, "w") as file:
                for piece in [content] if isinstance(content, bytes) else content:
                    file.write(piece)
    return path
