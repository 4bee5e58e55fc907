"""The zip archive that an XLSX file is: checked before it is opened, and counted while it is read."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from typing import BinaryIO
from xml.parsers import expat

from . import limits
from .errors import UnreadableFile

_SAVE_AS_CSV = "save it as CSV and upload that"
DAMAGED = "The workbook is damaged: open it in Excel, save it again and upload the new file."
_BLOCK = 64 * 1024


class Archive:
    """The members of a workbook. Raises ``UnreadableFile`` for bombs, locked and foreign archives."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise UnreadableFile(DAMAGED) from error
        self._members = {_plain(info.filename): info for info in self._zip.infolist()}
        self.unpacked = 0
        self._check()

    def _check(self) -> None:
        """Judges the archive by what its directory declares."""
        members = self._zip.infolist()
        if len(members) > limits.MAX_MEMBERS:
            raise UnreadableFile(f"The workbook has {len(members):,} parts, too many: {_SAVE_AS_CSV}.")
        if any(info.flag_bits & 1 for info in members):
            raise UnreadableFile("The workbook is protected by a password: save it without one first.")
        if sum(info.file_size for info in members) > limits.MAX_UNPACKED:
            raise too_large()
        for info in members:
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise UnreadableFile(f"The workbook is packed as Excel never does it: {_SAVE_AS_CSV}.")
            if info.file_size > limits.RATIO_FROM and info.file_size > info.compress_size * limits.MAX_RATIO:
                raise too_large()
        if "[content_types].xml" not in self._members:
            raise UnreadableFile(
                "The file is a zip archive, not a workbook: unpack it and upload the CSV or XLSX in it."
            )
        if "xl/workbook.bin" in self._members:
            raise UnreadableFile("The file is a binary workbook (.xlsb): save it as XLSX or CSV and upload that.")

    def has(self, name: str) -> bool:
        return _plain(name) in self._members

    def parse(self, name: str, parser: expat.XMLParserType) -> None:
        """Feeds a member to an XML parser, block by block, counting what comes out in truth.

        Document types (entities) are refused, and tags too long to be true.
        """
        parser.StartDoctypeDeclHandler = _refuse_doctype
        fed = 0
        try:
            with self._zip.open(self._members[_plain(name)]) as member:
                while block := member.read(_BLOCK):
                    fed += len(block)
                    self._count(len(block))
                    parser.Parse(block, False)
                    if fed - max(0, parser.CurrentByteIndex) > limits.MAX_XML_TOKEN:
                        raise UnreadableFile(DAMAGED)
                parser.Parse(b"", True)
        except (
            expat.ExpatError,
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            KeyError,
            NotImplementedError,
        ) as error:
            raise UnreadableFile(DAMAGED) from error

    def _count(self, size: int) -> None:
        self.unpacked += size
        if self.unpacked > limits.MAX_UNPACKED:
            raise too_large()


def new_parser(
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> expat.XMLParserType:
    """A parser with handlers; text comes in few large pieces."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = _BLOCK
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    return parser


def _plain(name: str) -> str:
    """A member's name as Excel compares it. Nothing is ever unpacked to disk, so ".." can't hurt."""
    return name.replace("\\", "/").lstrip("/").lower()


def too_large() -> UnreadableFile:
    return UnreadableFile(f"The workbook unpacks to far more than its size: {_SAVE_AS_CSV}.")


def _refuse_doctype(*_: object) -> None:
    raise UnreadableFile(DAMAGED)
