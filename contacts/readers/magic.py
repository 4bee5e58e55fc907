"""What kind of file this is, by its first bytes. File names lie."""

from __future__ import annotations

import os
from typing import Literal

from . import limits
from .errors import UnreadableFile

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
#: First bytes of what people upload by mistake, and what to call it.
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF"),
    (b"\x89PNG\r\n\x1a\n", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"SQLite format 3\x00", "a database (SQLite)"),
    (b"\x7fELF", "a program"),
    (b"{\\rtf", "a text document (RTF)"),
)
_NEXT = "export the list as CSV or XLSX and upload that"


def kind_of(path: str | os.PathLike[str]) -> Literal["csv", "xlsx"]:
    """ "csv" or "xlsx", from the content; raises ``UnreadableFile`` for an empty, too large or other file."""
    try:
        size = os.path.getsize(path)
        with open(path, "rb") as file:
            head = file.read(limits.HEAD)
    except OSError as error:
        reason = error.strerror or "it can't be opened"
        raise UnreadableFile(f"The file could not be opened ({reason}): upload it again.") from error
    if not head:
        raise UnreadableFile("The file is empty: export the list again and upload the new file.")
    if size > limits.MAX_FILE:
        cap = limits.MAX_FILE // limits.MEGABYTE
        raise UnreadableFile(f"The file is larger than {cap:,} MB: split it into smaller files.")
    if head.startswith(_ZIP):
        return "xlsx"
    _refuse_binary(head)
    return "csv"


def _refuse_binary(head: bytes) -> None:
    """Raises for known binary formats and for markup."""
    if head.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in head:
            raise UnreadableFile("The file is protected by a password: save it without one and upload it again.")
        raise UnreadableFile("The file is an old Excel file (.xls): save it as XLSX or CSV and upload that.")
    for magic, name in _OTHERS:
        if head.startswith(magic):
            raise UnreadableFile(f"The file is {name}, not a list of contacts: {_NEXT}.")
    if head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"["):
        raise UnreadableFile(f"The file is JSON, not a list of contacts: {_NEXT}.")
    start = head.lstrip(b"\xef\xbb\xbf \r\n\t")[:64].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<?xml")):
        raise UnreadableFile(f"The file is a web page or XML, not a list of contacts: {_NEXT}.")
