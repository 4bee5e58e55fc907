"""The child process that turns one sheet of a workbook into CSV, under hard limits. See ``spool``.

Takes one JSON argument, writes the spool to standard output, and one JSON object to standard error:
``{"complete": bool}`` or ``{"error": sentence}``. A spool's first line is JSON about it; then follows one
CSV record for each row of the sheet, blank lines for blank rows, so that records count sheet rows.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import json
import resource
import signal
import sys
from typing import Any, TextIO

from . import limits
from .archive import Archive
from .errors import NO_ROOM, UnreadableFile
from .sheet import SheetReader
from .workbook import choose, open_workbook, read_formats, read_strings

TOO_MUCH = "The workbook needs more memory or time than is allowed: save it as CSV and upload that."


class _Enough(Exception):
    """As many rows as were asked for are out."""


class _Writer:
    """Writes rows at their place; ``most`` ends it early (0: never)."""

    def __init__(self, out: TextIO, most: int) -> None:
        self.out, self.most, self.last, self.count = out, most, 0, 0
        # CR LF, because the writer quotes only those line breaks that its own terminator has.
        self.csv = csv.writer(out, lineterminator="\r\n")

    def emit(self, row: int, cells: list[str]) -> None:
        if row - self.last > 1:
            self.out.write("\n" * (row - self.last - 1))
        self.csv.writerow(cells)
        self.last = row
        self.count += 1
        if self.count == self.most:
            raise _Enough


def main() -> None:
    """Does what the argument asks and exits 0, or 3 with a sentence."""
    request: dict[str, Any] = json.loads(sys.argv[1])
    _limit_self()
    try:
        complete = _spool(request)
        report: dict[str, Any] = {"complete": complete}
    except UnreadableFile as error:
        report = {"error": str(error)}
    except (MemoryError, OSError) as error:
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        report = {"error": NO_ROOM if full else TOO_MUCH}
    sys.stderr.write(json.dumps(report) + "\n")
    sys.exit(3 if "error" in report else 0)


def _limit_self() -> None:
    """Sets what the process may use; a platform that can't limit something goes without it."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    for what, most in (
        (resource.RLIMIT_DATA, limits.CHILD_DATA),
        (resource.RLIMIT_AS, limits.CHILD_ADDRESSES),
        (resource.RLIMIT_CPU, limits.CHILD_SECONDS),
        (resource.RLIMIT_FSIZE, limits.MAX_SPOOL),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def _spool(request: dict[str, Any]) -> bool:
    """Writes the spool; whether the sheet was read to its end."""
    with open(request["path"], "rb") as file, io.TextIOWrapper(sys.stdout.buffer, "utf-8", newline="") as out:
        archive = Archive(file)
        workbook = open_workbook(archive)
        strings = read_strings(archive, workbook.strings)
        formats = read_formats(archive, workbook.styles)
        names = [sheet.name for sheet in workbook.sheets]
        candidates = choose(workbook, request["sheet"])
        writer = _Writer(out, request["most"])
        for sheet in candidates:
            about = {**request["about"], "sheet": sheet.name, "sheets": names}
            start = _Start(out, about, writer)
            reader = SheetReader(strings, formats, from_1904=workbook.from_1904, emit=start.emit)
            try:
                reader.read(archive, sheet.member)
            except _Enough:
                return False
            if writer.count:
                return True
    if request["sheet"]:
        raise UnreadableFile(f"The sheet {request['sheet'][:60]!r} is empty: choose another.")
    raise UnreadableFile("All sheets of the workbook are empty: export the list again and upload the new file.")


class _Start:
    """Writes the first line of the spool when the first row comes: only then the sheet is known."""

    def __init__(self, out: TextIO, about: dict[str, Any], writer: _Writer) -> None:
        self.out, self.about, self.writer = out, about, writer

    def emit(self, row: int, cells: list[str]) -> None:
        if not self.writer.count:
            self.out.write(json.dumps(self.about) + "\n")
        self.writer.emit(row, cells)
