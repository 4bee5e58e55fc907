"""Archives that want to do harm: refused with a sentence, and with little memory."""

import random
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from contacts.readers import UnreadableFile, inspect, limits, survey

from .conftest import make_xlsx, sheet_xml, text_row

_SST = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
_SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
_HEADER = text_row(1, "Email", "Note")


def _huge_cells():
    yield _SHEET
    for _ in range(100):
        yield b'<row><c t="inlineStr"><is><t>' + b"A" * 1_000_000 + b"</t></is></c></row>"
    yield b"</sheetData></worksheet>"


def _empty_rows():
    yield _SHEET
    for first in range(0, 3_000_000, 1000):
        yield b"".join(b'<row r="%d"/>' % (first + n) for n in range(1000))
    yield b"</sheetData></worksheet>"


def _many_strings():
    noise = random.Random(1)
    yield _SST
    for _ in range(200):
        pad = noise.randbytes(300).hex().encode()
        yield b"<si><t>" + pad + b"</t></si>" + b"<si><t/></si>" * 50_000
    yield b"</sst>"


def _deep():
    noise = random.Random(1)
    yield _SHEET
    for _ in range(300):
        yield noise.randbytes(200).hex().encode() + b"<a>" * 50_000


def _long_attribute():
    noise = random.Random(1)
    yield _SHEET + b'<row r="1" x="'
    for _ in range(400):
        yield noise.randbytes(500).hex().encode() * 100
    yield b'"/></sheetData></worksheet>'


def _repeated():
    yield _SHEET
    for n in range(1, 12_001):
        yield b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n)
    yield b"</sheetData></worksheet>"


_PLAIN = sheet_xml(_HEADER, text_row(2, "a@x.example", "1"))
_BIG = _SST + b"<si><t>" + b"B" * 999_000 + b"</t></si></sst>"


_READ = """
import resource, sys
from contacts.readers import UnreadableFile, inspect, survey
try:
    survey(sys.argv[1], inspect(sys.argv[1]))
except UnreadableFile:
    pass
own = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(max(int(own.split()[1]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
"""


def _memory_of_reading(path):
    """The most memory, in KB, of a process that does nothing else, and of its children.

    Not its own ru_maxrss: Linux keeps that of the process which it was forked from.
    """
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", _READ, str(path)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.parametrize(
    ("sheet", "shared", "sentence"),
    [
        (_huge_cells, b"", "unpacks to far more than its size"),
        (_empty_rows, b"", "rows beyond 1,048,576"),
        (lambda: _PLAIN, _many_strings, "unpacks to far more"),
        (_deep, b"", "more memory|damaged|unpacks"),
        (_long_attribute, b"", "damaged"),
        (_repeated, _BIG, "unpacks to far more"),
        (lambda: b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + _PLAIN, b"", "damaged"),
        (lambda: b"not xml", b"", "damaged"),
    ],
)
def test_a_bomb_is_refused_with_little_memory(tmp_path, sheet, shared, sentence):
    content = shared() if callable(shared) else shared
    path = make_xlsx(tmp_path / "bomb.xlsx", {"S": sheet()}, shared=content)
    with pytest.raises(UnreadableFile, match=sentence):
        survey(path, inspect(path))
    assert _memory_of_reading(path) < 300 * 1024
    assert [found.name for found in tmp_path.iterdir()] == ["bomb.xlsx"]


def test_a_directory_that_lies_about_sizes_does_not_pass(tmp_path):
    path = make_xlsx(tmp_path / "lie.xlsx", {"S": _huge_cells()})
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x01\x02")
    while at != -1:
        length = struct.unpack("<H", data[at + 28 : at + 30])[0]
        if data[at + 46 : at + 46 + length].endswith(b"sheet1.xml"):
            data[at + 24 : at + 28] = struct.pack("<I", 1_000)
        at = data.find(b"PK\x01\x02", at + 4)
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match="damaged"):
        inspect(path)


def test_other_archives_are_refused_with_what_to_do(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("list.csv", "Email\na@x.example\n")
    with pytest.raises(UnreadableFile, match="is a zip archive, not a workbook: unpack it"):
        inspect(path)
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(limits.MAX_MEMBERS + 1):
            archive.writestr(str(n), "")
    with pytest.raises(UnreadableFile, match="has 5,001 parts"):
        inspect(path)
    cut = make_xlsx(tmp_path / "cut.xlsx", {"S": _PLAIN})
    cut.write_bytes(cut.read_bytes()[:-200])
    with pytest.raises(UnreadableFile, match="damaged"):
        inspect(cut)


def test_a_locked_archive_is_refused(tmp_path):
    path = make_xlsx(tmp_path / "a.xlsx", {"S": _PLAIN})
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match="protected by a password"):
        inspect(path)
