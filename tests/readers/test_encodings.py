"""Encodings: certain, or a guess that says so."""

import codecs

import pytest

from contacts.readers import UnreadableFile, inspect, limits, survey
from contacts.readers.encodings import LABELS

from .conftest import load
from .samples import BADGE, SALESFORCE

_TEXT = "Email,Last name,Note\na@x.example,Müßig,€ 5\nb@x.example,Lefèvre,naïve\n"


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16LE"),
        ("utf-16-le", "UTF-16LE"),
        ("utf-16-be", "UTF-16BE"),
        ("utf-32", "UTF-32LE"),
    ],
)
def test_unicode_is_certain_with_and_without_a_mark(write, encoding, name):
    layout, rows = load(write(_TEXT, encoding=encoding))
    assert (layout.encoding, layout.encoding_sure, layout.notes) == (name, True, ())
    assert layout.columns[0] == "Email"
    assert [row.values[1] for row in rows] == ["Müßig", "Lefèvre"]


def test_utf16_big_endian_with_a_mark_is_certain(write):
    layout, _ = load(write("\ufeff" + SALESFORCE, encoding="utf-16-be"))
    assert (layout.encoding, layout.delimiter, layout.columns[0]) == ("UTF-16BE", "\t", "Lead ID")


@pytest.mark.parametrize(
    ("encoding", "name", "word"),
    [
        ("cp1252", "Windows-1252", "Müßig"),
        ("cp1252", "Windows-1252", "Anaïs Lefèvre"),
        ("cp1252", "Windows-1252", "José Núñez"),
        ("cp1252", "Windows-1252", "Søren Ærø"),
        ("cp1252", "Windows-1252", "João Conceição"),
        ("cp1250", "Windows-1250", "Łukasz Wiśniewski"),
        ("cp1250", "Windows-1250", "Dvořák Jiří"),
        ("cp1251", "Windows-1251", "Иван Петров"),
        ("cp1253", "Windows-1253", "Μαρία Παπαδοπούλου"),
        ("cp1254", "Windows-1254", "Işık Çağlar"),
        ("cp932", "MS932", "山田太郎"),
        ("mac_roman", "Macintosh", "Jürgen Müßig"),
    ],
)
def test_an_8_bit_encoding_is_guessed_and_the_guess_is_told(write, encoding, name, word):
    layout, rows = load(write(f"Email,Name\na@x.example,{word}\n", encoding=encoding))
    assert (layout.encoding, layout.encoding_sure) == (name, False)
    assert layout.notes == (f"The encoding is a guess: {name}",)
    assert rows[0].values[1] == word


def test_a_badge_scan_in_windows_1252_is_read_right(write):
    layout, rows = load(write(BADGE, encoding="cp1252"))
    assert (layout.encoding, layout.delimiter) == ("Windows-1252", ";")
    assert rows[0].values[2] == "Müßig"
    assert rows[2].values[1:3] == ["Anaïs", "Lefèvre"]


def test_utf8_must_hold_to_the_end_of_the_file(write):
    late = _TEXT.encode() + b"c@x.example,plain,\n" * 70_000 + "d@x.example,Müller,\n".encode("cp1252")
    layout = inspect(write(late))
    assert (layout.encoding, layout.encoding_sure) == ("Windows-1252", False)
    assert layout.notes == (
        "The file is UTF-8 up to line 70,004, but not there: it is read as Windows-1252, which is a guess",
    )


def test_a_letter_cut_by_a_block_is_not_a_fault(write):
    path = write("Email,Note\n" + "a@x.example,ü\n" * (limits.BLOCK // 3))
    layout = inspect(path)
    assert (layout.encoding, survey(path, layout).rows) == ("UTF-8", limits.BLOCK // 3)


def test_the_person_may_choose_and_a_wrong_choice_names_the_line(write):
    path = write(_TEXT, encoding="cp1252")
    assert load(path, encoding="iso-8859-1")[0].encoding == "ISO-8859-1"
    with pytest.raises(UnreadableFile, match=r"^Line 2 can't be read as UTF-8 \(byte 0xfc\): choose another encoding"):
        inspect(path, encoding="utf-8")
    for name in ("nonsense", "rot13", "zip", "utf-7", "idna"):
        with pytest.raises(UnreadableFile, match="isn't known: choose one such as UTF-8"):
            inspect(path, encoding=name)


def test_undecodable_bytes_far_into_the_file_are_refused_with_their_line(write):
    path = write(_TEXT.encode() + b"c@x.example,plain,\n" * 100_000 + b"d@x.example,M\xfcller,\n")
    layout = inspect(path, encoding="utf-8")
    with pytest.raises(UnreadableFile, match=r"^Line 100,004 can't be read as UTF-8 \(byte 0xfc\)"):
        survey(path, layout)


def test_every_name_of_an_encoding_is_one_that_python_knows():
    assert {label: codecs.lookup(label).name for label in LABELS.values()} == {
        label: codecs.lookup(codec).name for codec, label in LABELS.items()
    }
    assert all(codecs.lookup(codec).name == codec for codec in LABELS)


def test_a_damaged_file_with_a_mark_is_refused_and_not_guessed(write):
    path = write(_TEXT.encode("utf-16")[:-1])
    with pytest.raises(UnreadableFile, match=r"^Line 3 can't be read as UTF-16LE"):
        inspect(path)
