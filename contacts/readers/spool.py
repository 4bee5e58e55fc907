"""Workbooks are turned into a CSV, the spool, by a child process with hard limits; then that is streamed.

The spool lies beside the upload (``<path>.rows.csv``) and is used again while it fits the upload; it holds
what the upload holds, so whoever deletes the upload deletes it too: ``discard``. Where nothing can be
written beside the upload, the spool has no name and lasts as long as it is open.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from . import limits
from .errors import UnreadableFile
from .spool_child import TOO_MUCH

#: Raised with the format of spools: older ones are made anew.
_VERSION = 1
_ROOT = str(Path(__file__).resolve().parents[2])
_CODE = "import sys; sys.path.insert(0, sys.argv.pop(1)); from contacts.readers.spool_child import main; main()"


@dataclass(frozen=True)
class Spool:
    """An open spool: ``file`` stands at the first record, which begins at ``offset``."""

    file: BinaryIO
    offset: int
    sheet: str
    sheets: tuple[str, ...]
    complete: bool


def spool_path(path: str | os.PathLike[str]) -> str:
    """Where the spool of an upload lies."""
    return f"{os.fspath(path)}.rows.csv"


def discard(path: str | os.PathLike[str]) -> None:
    """Deletes the spool of an upload, if there is one."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(spool_path(path))


@contextlib.contextmanager
def open_spool(path: str | os.PathLike[str], sheet: str, *, most: int = 0) -> Iterator[Spool]:
    """The spool of ``sheet`` ("": the first that isn't empty), made if need be.

    ``most`` asks for the first rows only (0: all); such a spool isn't kept. Raises ``UnreadableFile``.
    """
    about = _about(path)
    kept = _open_kept(path, sheet, about)
    file, complete = (kept, True) if kept else _make(path, sheet, most, about)
    with file:
        file.seek(0)
        first = json.loads(file.readline())
        yield Spool(file, file.tell(), first["sheet"], tuple(first["sheets"]), complete)


def _about(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What tells whether a spool still fits its upload."""
    stat = os.stat(path)
    return {"spool": _VERSION, "size": stat.st_size, "changed": stat.st_mtime_ns}


def _open_kept(path: str | os.PathLike[str], sheet: str, about: dict[str, Any]) -> BinaryIO | None:
    """The spool beside the upload if it fits: same upload, and the wanted sheet."""
    with contextlib.suppress(OSError, ValueError):
        file = open(spool_path(path), "rb")  # noqa: SIM115 (the caller closes it)
        first = json.loads(file.readline(limits.MEGABYTE))
        is_wanted = first.get("asked") == sheet or (sheet and first.get("sheet") == sheet)
        if is_wanted and about.items() <= first.items():
            return file
        file.close()
    return None


def _make(path: str | os.PathLike[str], sheet: str, most: int, about: dict[str, Any]) -> tuple[BinaryIO, bool]:
    """Makes a spool; a complete one of all rows is kept beside the upload where that is possible."""
    file, part = _new_file(path, named=not most)
    try:
        request = {
            "path": os.path.abspath(path),
            "sheet": sheet,
            "most": most,
            "about": {**about, "asked": sheet},
        }
        complete = _run_child(request, file)
        if part:
            os.replace(part, spool_path(path))
        return file, complete
    except BaseException:
        file.close()
        if part:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(part)
        raise


def _new_file(path: str | os.PathLike[str], *, named: bool) -> tuple[BinaryIO, str]:
    """An open file for the spool and its name: "" if it has none."""
    if named:
        folder, name = os.path.split(os.path.abspath(path))
        with contextlib.suppress(OSError):
            handle, part = tempfile.mkstemp(dir=folder, prefix=f"{name[:100]}.", suffix=".part")
            return os.fdopen(handle, "w+b"), part
    return tempfile.TemporaryFile(), ""


def _run_child(request: dict[str, Any], file: BinaryIO) -> bool:
    """Lets the child write into ``file``; whether it came to the end of the sheet."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _CODE, _ROOT, json.dumps(request)],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.PIPE,
            timeout=limits.CHILD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadableFile(TOO_MUCH) from error
    lines = done.stderr.decode("utf-8", "replace").splitlines()
    try:
        report = json.loads(lines[-1])
    except (IndexError, ValueError):
        # Killed, or out of memory before it could say so.
        raise UnreadableFile(TOO_MUCH) from None
    if "error" in report:
        raise UnreadableFile(report["error"])
    return bool(report["complete"])
