"""Which encoding a text file is in, and how sure that is.

The order is: byte order mark, the NUL pattern of UTF-16, strict UTF-8 to the very end of the file, then
a guess among few (``codepages``): an unrestricted one took Windows-1252 for cp775 ("Müller", "M³ller").
"""

from __future__ import annotations

import codecs
import os
from dataclasses import dataclass

from . import codepages, limits
from .errors import UnreadableFile

#: Python's codec name -> the name shown to people, which Python's codecs understand as well.
LABELS: dict[str, str] = {
    "utf-8": "UTF-8", "utf-16-le": "UTF-16LE", "utf-16-be": "UTF-16BE", "utf-32-le": "UTF-32LE",
    "utf-32-be": "UTF-32BE", "ascii": "US-ASCII", "cp1250": "Windows-1250", "cp1251": "Windows-1251",
    "cp1252": "Windows-1252", "cp1253": "Windows-1253", "cp1254": "Windows-1254", "cp1255": "Windows-1255",
    "cp1256": "Windows-1256", "cp1257": "Windows-1257", "cp1258": "Windows-1258", "cp932": "MS932",
    "mac-roman": "Macintosh", "iso8859-1": "ISO-8859-1", "iso8859-2": "ISO-8859-2",
    "iso8859-5": "ISO-8859-5", "iso8859-7": "ISO-8859-7", "iso8859-9": "ISO-8859-9",
    "iso8859-15": "ISO-8859-15", "koi8-r": "KOI8-R", "cp437": "IBM437", "cp850": "IBM850",
    "shift_jis": "Shift_JIS", "euc_jp": "EUC-JP", "gb18030": "GB18030", "big5": "Big5", "euc_kr": "EUC-KR",
    "cp949": "cp949",
}  # fmt: skip
#: Longer marks first: the one of UTF-32LE begins with the one of UTF-16LE.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
#: ISO-8859-1 can't fail, so the search always ends.
_LAST_RESORTS = ("cp1252", "iso8859-1")
#: A UTF-16 text of Western letters is half NULs; separators and line ends alone give some per cent.
_NUL_SHARE, _NUL_SIDE = 0.05, 0.95


@dataclass(frozen=True)
class Encoding:
    """``name`` as people read it, ``sure`` whether the bytes prove it, ``note`` a sentence or ""."""

    name: str
    sure: bool
    note: str = ""


def given(name: str) -> Encoding:
    """The encoding that a person chose; raises ``UnreadableFile`` for a name that isn't known."""
    wide = {"utf-16": "utf-16-le", "utf-8-sig": "utf-8", "utf-32": "utf-32-le"}
    try:
        codec = codecs.lookup(name).name
    except (LookupError, ValueError):
        codec = ""
    label = LABELS.get(wide.get(codec, codec))
    if label is None:
        raise UnreadableFile(f"The encoding {name[:40]!r} isn't known: choose one such as UTF-8 or Windows-1252.")
    return Encoding(label, True)


def detect(path: str | os.PathLike[str]) -> Encoding:
    """The encoding of a file. Reads all of it once (strict UTF-8 must hold to the end), in blocks."""
    with open(path, "rb") as file:
        head = file.read(limits.HEAD)
    mark, codec = _by_mark(head), _by_nuls(head)
    if mark not in ("", "utf-8"):
        # The mark leaves no doubt. If the text is damaged all the same, reading it says where.
        return Encoding(LABELS[mark], True)
    if codec and first_fault(path, codec) is None:
        return Encoding(LABELS[codec], True)
    fault = first_fault(path, "utf-8")
    if fault is None:
        return Encoding("UTF-8", True)
    return _guess(path, head, fault)


def _by_mark(head: bytes) -> str:
    """The codec of a byte order mark, or ""."""
    return next((codec for mark, codec in _MARKS if head.startswith(mark)), "")


def _by_nuls(head: bytes) -> str:
    """UTF-16 without a mark: the NULs lie nearly all on one side of the byte pairs. "" if it isn't."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if even + odd < len(head) * _NUL_SHARE:
        return ""
    if odd >= (even + odd) * _NUL_SIDE:
        return "utf-16-le"
    return "utf-16-be" if even >= (even + odd) * _NUL_SIDE else ""


def first_fault(path: str | os.PathLike[str], codec: str) -> int | None:
    """The offset of the first byte that ``codec`` can't read, or None if it reads the whole file."""
    decoder, done = codecs.getincrementaldecoder(codec)("strict"), 0
    with open(path, "rb") as file:
        while True:
            block = file.read(limits.MEGABYTE)
            held = len(decoder.getstate()[0])
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                return done - held + error.start
            if not block:
                return None
            done += len(block)


def _guess(path: str | os.PathLike[str], head: bytes, fault: int) -> Encoding:
    """The likeliest 8-bit encoding (or cp932), never sure; ``fault`` is where UTF-8 failed."""
    with open(path, "rb") as file:
        file.seek(max(0, fault - limits.GUESS_BYTES // 2))
        sample = file.read(limits.GUESS_BYTES)
    wanted = codecs.lookup(codepages.guess(sample)).name
    codec = next(c for c in (wanted, *_LAST_RESORTS) if c in LABELS and first_fault(path, c) is None)
    label = LABELS[codec]
    if _is_mixed(path, fault):
        line = line_of(path, fault)
        note = f"The file is UTF-8 up to line {line:,}, but not there: it is read as {label}, which is a guess"
        return Encoding(label, False, note)
    return Encoding(label, False, f"The encoding is a guess: {label}")


def _is_mixed(path: str | os.PathLike[str], fault: int) -> bool:
    """Whether what comes before the first fault holds letters that are only right in UTF-8."""
    with open(path, "rb") as file:
        while fault > 0:
            block = file.read(min(fault, limits.MEGABYTE))
            fault -= len(block)
            if not block.isascii():
                return True
    return False


def line_of(path: str | os.PathLike[str], offset: int) -> int:
    """The 1-based line that the byte at ``offset`` lies on."""
    line = 1
    with open(path, "rb") as file:
        while offset > 0:
            block = file.read(min(offset, limits.MEGABYTE))
            if not block:
                break
            line += block.count(b"\n")
            offset -= len(block)
    return line
