"""Cleaning one value as it came, and telling a value from a stand-in for "nothing".

Sources: Unicode UAX #15 (normal form C), the blanks that HubSpot, Salesforce, Excel, MySQL and pandas write.
"""

from __future__ import annotations

import re
import unicodedata

from contacts.domain.fields import ALIASES, BY_NAME

#: What may surround a value and is never a part of it: white space, control characters, and marks
#: without a width (zero-width space and joiners, word joiner, byte order mark, text direction).
OUTER = "".join(
    chr(code)
    for code in (
        *range(0x21), *range(0x7F, 0xA1), 0xAD, 0x1680, 0x180E, *range(0x2000, 0x2010),
        *range(0x2028, 0x2030), 0x205F, *range(0x2060, 0x2065), *range(0x2066, 0x206A), 0x3000, 0xFEFF,
    )
)  # fmt: skip

_WHITE_SPACE_IN_ASCII = " \t\n\r\v\f\x1c\x1d\x1e\x1f"
# Control characters that are no white space, and lone surrogates, which no database can store.
_UNSTORABLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]+")
# Sorting a run of combining marks takes the square of its length, so endless runs are left alone.
_ENDLESS_MARKS = re.compile(r"([^\w\x00-\x7f]{31,})")
_MARKS_MATTER_FROM = 500

_PUNCTUATION_ONLY = re.compile(r"[-–—_.·…?¿*/\\|#!,;:'\"()\[\]{}<>=+~^%&$]*")
_STAND_INS = frozenset(
    """
    n/a #n/a n\\a n.a. n.a n./a. n/a. (n/a) <n/a> [n/a] (na) <na> \\n (blank) <blank> [blank] (empty)
    <empty> [empty] (none) <none> [none] -none- --none-- (null) <null> [null] (unknown) <unknown>
    [unknown] (not_set) #ref! #value! #name? #null! #num! #div/0! #error! {{null}} ${null}
    """.split()
) | {"(not set)", "(not provided)", "(no value)", "[not provided]", "(leer)", "(vide)"}
# Words for "nothing" that are surnames too: Ms Null, Mr None, Mr Na, Ms Nan.
_WORDS = frozenset(
    """
    none null nil unknown undefined na nan nat notprovided unavailable tbd tba unbekannt inconnu
    """.split()
) | {
    "not available",
    "not provided",
    "not applicable",
    "not specified",
    "not given",
    "no value",
    "keine angabe",
}
_LONGEST = max(map(len, _STAND_INS | _WORDS))
_NAMES = frozenset({"first_name", "last_name", "name"})
#: Fields in which a word for "nothing" is no value. Custom fields are not among them: "None" may be a choice.
_WORDY = (frozenset(BY_NAME) | frozenset(ALIASES)) - _NAMES
# A value of its own in one field: "NA" is Namibia's code.
_REAL = frozenset({("country", "na")})


def clean(text: str) -> str:
    """The value as a person would retype it, in Unicode's normal form C and on one line.

    Control characters go, runs of white space become one space, and what surrounds the value goes.
    Marks without a width stay inside it, where Persian, Hindi and emoji need them.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split()) if "  " in text else text.strip(" ")
    text = _normal_form(_UNSTORABLE.sub("", text))
    return " ".join(text.split()).strip(OUTER)


def trim(text: str) -> str:
    """Only what surrounds the value taken off; nothing inside it is touched."""
    return text.strip(_WHITE_SPACE_IN_ASCII if text.isascii() and text.isprintable() else OUTER)


def is_blank(text: str, field: str) -> bool:
    """Whether the value says nothing: it is empty, or a stand-in such as "-", "N/A" or "(blank)".

    "null", "none", "na" and the like count only in fields where they can't be a real value.
    """
    if len(text) > _LONGEST and text.isascii() and text[0] > " " < text[-1] and text[0].isalnum():
        return False
    word = clean(text).lower()
    if word in _STAND_INS or _PUNCTUATION_ONLY.fullmatch(word):
        return True
    return word in _WORDS and field in _WORDY and (ALIASES.get(field, field), word) not in _REAL


def _normal_form(text: str) -> str:
    if len(text) < _MARKS_MATTER_FROM or text.isascii():
        return unicodedata.normalize("NFC", text)
    pieces = _ENDLESS_MARKS.split(text)
    pieces[::2] = [unicodedata.normalize("NFC", piece) for piece in pieces[::2]]
    return "".join(pieces)
