"""The parts of a workbook around its sheets: which sheets there are, shared strings, number formats.

Source: ECMA-376 part 1, 18.2 (workbook), 18.4 (shared strings), 18.8 (styles). Tags are compared without
their namespace prefix, because writers differ in it.
"""

from __future__ import annotations

import posixpath
from array import array
from dataclasses import dataclass, field

from . import limits
from .archive import DAMAGED, Archive, new_parser
from .cellvalues import Kind, kind_of_format, unescaped
from .errors import UnreadableFile
from .feed import clean

_HIDDEN = ("hidden", "veryHidden")
#: Sheets that a sentence names.
MOST_NAMED = 50


@dataclass(frozen=True)
class Sheet:
    """A worksheet: its name for people, its member of the archive, and whether people see it."""

    name: str
    member: str
    hidden: bool


@dataclass
class SharedStrings:
    """All shared strings in one piece of UTF-8: a list of five million ``str`` would take half a GB."""

    text: bytearray = field(default_factory=bytearray)
    ends: array[int] = field(default_factory=lambda: array("Q", [0]))
    too_long: set[int] = field(default_factory=set)

    def add(self, value: str) -> None:
        """Takes the next string; one that is too long is only a fault if a cell shows it."""
        if len(value) > limits.MAX_CELL_CHARS:
            self.too_long.add(len(self.ends) - 1)
        else:
            self.text += clean(unescaped(value)).encode()
        self.ends.append(len(self.text))
        if len(self.text) > limits.MAX_SHARED_TEXT or len(self.ends) > limits.MAX_SHARED_STRINGS:
            raise UnreadableFile("The workbook holds too much text to be read as XLSX: save it as CSV and upload that.")

    def get(self, index: int) -> str:
        """The string with that index; raises ``IndexError`` if there is none."""
        if index < 0:
            raise IndexError(index)
        return self.text[self.ends[index] : self.ends[index + 1]].decode()


def local(tag: str) -> str:
    """A tag without its prefix."""
    return tag.rpartition(":")[2]


def _attributes(attributes: dict[str, str]) -> dict[str, str]:
    return {local(name): value for name, value in attributes.items()}


def _links(archive: Archive, member: str) -> dict[str, tuple[str, str]]:
    """The relations of a member: id -> (type's last word, target member)."""
    folder, name = posixpath.split(member)
    links: dict[str, tuple[str, str]] = {}

    def start(tag: str, raw: dict[str, str]) -> None:
        if local(tag) == "Relationship" and raw.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, raw.get("Target", "")))
            links[raw.get("Id", "")] = (raw.get("Type", "").rpartition("/")[2], target)

    path = posixpath.join(folder, "_rels", f"{name}.rels")
    if archive.has(path):
        archive.parse(path, new_parser(start))
    return links


@dataclass(frozen=True)
class Workbook:
    """What is known of a workbook before its sheets are read."""

    sheets: tuple[Sheet, ...]
    from_1904: bool
    strings: str
    styles: str


def open_workbook(archive: Archive) -> Workbook:
    """The table of contents; raises ``UnreadableFile`` for an archive that is no workbook."""
    documents = [target for kind, target in _links(archive, "").values() if kind == "officeDocument"]
    main = documents[0] if documents else "/xl/workbook.xml"
    links = _links(archive, main)
    sheets: list[Sheet] = []
    old_epoch = False

    def start(tag: str, raw: dict[str, str]) -> None:
        nonlocal old_epoch
        found = _attributes(raw)
        if local(tag) == "workbookPr":
            old_epoch = found.get("date1904", "") in ("1", "true")
        elif local(tag) == "sheet":
            kind, target = links.get(found.get("id", ""), ("", ""))
            if kind == "worksheet":
                sheets.append(Sheet(found.get("name", ""), target, found.get("state") in _HIDDEN))

    if not archive.has(main):
        raise UnreadableFile("The file is not a workbook that can be read: save it as XLSX or CSV and upload that.")
    archive.parse(main, new_parser(start))
    by_kind = dict(links.values())
    return Workbook(tuple(sheets), old_epoch, by_kind.get("sharedStrings", ""), by_kind.get("styles", ""))


def read_strings(archive: Archive, member: str) -> SharedStrings:
    """The shared strings. Text of phonetic hints (``rPh``) is no text of the cell."""
    strings = SharedStrings()
    parts: list[str] = []
    size, is_text, is_hint = 0, False, False

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal size, is_text, is_hint
        name = local(tag)
        if name == "si":
            parts.clear()
            size = 0
        elif name == "rPh":
            is_hint = True
        is_text = name == "t" and not is_hint

    def end(tag: str) -> None:
        nonlocal is_text, is_hint
        name, is_text = local(tag), False
        if name == "si":
            strings.add("".join(parts))
        elif name == "rPh":
            is_hint = False

    def text(piece: str) -> None:
        nonlocal size
        if is_text and size <= limits.MAX_CELL_CHARS:
            size += len(piece)
            parts.append(piece)

    if member and archive.has(member):
        archive.parse(member, new_parser(start, end, text))
    return strings


def read_formats(archive: Archive, member: str) -> list[Kind]:
    """For each cell style, in order, whether it shows a date, an elapsed time or neither."""
    codes: dict[str, str] = {}
    kinds: list[Kind] = []
    is_cell_style = False

    def start(tag: str, raw: dict[str, str]) -> None:
        nonlocal is_cell_style
        name = local(tag)
        if name == "numFmt":
            codes[raw.get("numFmtId", "")] = raw.get("formatCode", "")[:500]
        elif name == "cellXfs":
            is_cell_style = True
        elif name == "xf" and is_cell_style:
            number = raw.get("numFmtId", "0")
            kinds.append(kind_of_format(int(number) if number.isdecimal() else 0, codes.get(number, "")))

    def end(tag: str) -> None:
        nonlocal is_cell_style
        if local(tag) == "cellXfs":
            is_cell_style = False

    if member and archive.has(member):
        archive.parse(member, new_parser(start, end))
    return kinds


def choose(workbook: Workbook, wanted: str) -> list[Sheet]:
    """The sheets to try, in order: the wanted one, or all, those that people see first."""
    if not workbook.sheets:
        raise UnreadableFile(DAMAGED)
    if not wanted:
        return sorted(workbook.sheets, key=lambda sheet: sheet.hidden)
    chosen = [sheet for sheet in workbook.sheets if sheet.name == wanted]
    if not chosen:
        names = [sheet.name for sheet in workbook.sheets]
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        raise UnreadableFile(
            f"There is no sheet {wanted[:60]!r} in the workbook: it has {', '.join(names[:MOST_NAMED])}{more}."
        )
    return chosen
