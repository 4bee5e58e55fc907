"""Text of a file as lines for ``csv.reader``: decoded strictly, cleaned of control characters, in blocks.

``csv.reader`` wants one line at a time. Lines come from one ``io.StringIO`` per block, chained in C, so
that no Python code runs per line or per cell.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, BinaryIO

from . import limits
from .encodings import first_fault, line_of
from .errors import UnreadableFile

if TYPE_CHECKING:
    import _csv

#: Control characters that no value keeps: C0 except tab and line ends, DEL, and C1.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_CONTROL_BYTES = bytes(n for n in (*range(32), 127) if n not in (9, 10, 13))
_C1 = re.compile("[\x80-\x9f]")
#: Follows the last line. It can't occur in cleaned text, and comes back alone only if no quote is open.
END = "\x00end"


def clean(text: str) -> str:
    """``text`` without control characters (tab and line ends stay)."""
    return _CONTROLS.sub("", text)


class Feed:
    """The lines of one file from ``first_line`` (1-based) on, and the checks that need to see raw text.

    ``offset`` is where the text begins in the file. Set ``row`` to the number of rows that came out: text
    that piles up without one is refused (``limits.MAX_RECORD_CHARS``), because an open quote swallows all.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        encoding: str,
        *,
        first_line: int = 1,
        offset: int = 0,
        name: str = "",
    ) -> None:
        self.path, self.encoding, self.offset, self.name = path, encoding, offset, name or encoding
        self.first_line, self.row, self.piled, self._seen = first_line, 0, 0, -1

    def lines(self, file: BinaryIO) -> Iterator[str]:
        """All lines from ``first_line`` on, then ``END``."""
        lines = chain.from_iterable(map(_lines_of, self._blocks(file)))
        return chain(islice(lines, self.first_line - 1, None), (END,))

    def _blocks(self, file: BinaryIO) -> Iterator[str]:
        """Cleaned text in blocks that end at a line end (but for the last)."""
        rest = ""
        for text in self._texts(file):
            self._pile(len(text))
            text = rest + text
            cut = _cut(text)
            rest = text[cut:]
            if len(rest) > limits.MAX_LINE_CHARS:
                raise UnreadableFile(
                    f"Row {self.row + 1:,} is a line of more than {limits.MAX_LINE_CHARS:,} characters: "
                    "check that the file is a list with one contact a line."
                )
            if cut:
                yield text[:cut]
        if rest:
            yield rest

    def _pile(self, size: int) -> None:
        """Counts the text since the last record; refuses when it is too much for one."""
        self.piled = self.piled + size if self.row == self._seen else size
        self._seen = self.row
        if self.piled > limits.MAX_RECORD_CHARS:
            raise UnreadableFile(
                f"Row {self.row + 1:,} holds more than {limits.MAX_RECORD_CHARS:,} characters: "
                'look there for a quotation mark (") that is never closed.'
            )

    def _texts(self, file: BinaryIO) -> Iterator[str]:
        """Decoded text without a byte order mark and without control characters."""
        decoder = codecs.getincrementaldecoder(self.encoding)("strict")
        is_utf8 = codecs.lookup(self.encoding).name == "utf-8"
        file.seek(self.offset)
        first = True
        while True:
            block = file.read(limits.BLOCK)
            raw = block.translate(None, _CONTROL_BYTES) if is_utf8 else block
            try:
                text = decoder.decode(raw, final=not block)
            except UnicodeDecodeError as error:
                raise self._undecodable(error.object[error.start]) from error
            if first and text:
                text, first = text.removeprefix("\ufeff"), False
            yield _without_controls(text, is_utf8, block)
            if not block:
                return

    def _undecodable(self, byte: int) -> UnreadableFile:
        """The error for bytes that the encoding hasn't; looks up the line in a second pass."""
        line = line_of(self.path, first_fault(self.path, self.encoding) or 0)
        return UnreadableFile(
            f"Line {line:,} can't be read as {self.name} (byte {byte:#04x}): "
            "choose another encoding, or save the file as UTF-8."
        )


def _without_controls(text: str, is_utf8: bool, block: bytes) -> str:
    """``text`` without control characters; of UTF-8 only C1 is left to do, which begins with byte C2."""
    if not is_utf8:
        return clean(text)
    return _C1.sub("", text) if b"\xc2" in block else text


def _lines_of(block: str) -> io.StringIO:
    """An iterator over the lines of a block that keeps each line end as it is."""
    return io.StringIO(block, newline="")


def _cut(text: str) -> int:
    """Where the last whole line ends. A carriage return at the very end may be half of CR LF: it waits."""
    return max(text.rfind("\n"), text.rfind("\r", 0, max(0, len(text) - 1))) + 1


def reader(lines: Iterable[str], delimiter: str) -> _csv.Reader:
    """``csv.reader`` with our limit on a cell. The limit belongs to the process; we only ever raise it."""
    if csv.field_size_limit() != limits.MAX_CELL_CHARS:
        csv.field_size_limit(limits.MAX_CELL_CHARS)
    return csv.reader(lines, delimiter=delimiter)
