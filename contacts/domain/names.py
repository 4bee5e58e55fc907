"""Names of people: folded for comparing, never changed for keeping.

Folding follows Unicode (UAX #15 compatibility decomposition, full case folding) and takes off what people
leave out when they type a name again: accents, punctuation, spaces. Different names stay different in any
script.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from nameparser import HumanName
from nameparser.config.conjunctions import CONJUNCTIONS
from nameparser.config.particles import PARTICLES
from nameparser.config.suffixes import SUFFIX_ACRONYMS, SUFFIX_WORDS
from nameparser.config.titles import TITLES

from contacts.domain.blanks import clean

#: No name is longer; what comes after is not compared. It bounds the time for text that is no name.
LONGEST_COMPARED = 1000
LONGEST_SORT_KEY = 120
#: Folding can make a text longer (ß, ligatures); this much of a first and of a last name is in a key.
LONGEST_IN_KEY = 200
_LONGEST_SPLIT = 200

_NOT_ALPHANUMERIC = str.maketrans("", "", "".join(chr(c) for c in range(128) if not chr(c).isalnum()))
# Letters that decomposition leaves whole although people type them without the stroke or as two.
_SPECIAL_LETTERS = str.maketrans(
    {
        "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th",
        "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ı": "i", "ħ": "h", "Ħ": "h", "ŧ": "t", "Ŧ": "t",
        "ŋ": "n", "Ŋ": "n", "ə": "a", "Ə": "a", "ɓ": "b", "Ɓ": "b", "ɗ": "d", "Ɗ": "d", "ƙ": "k", "Ƙ": "k",
        "ƴ": "y", "Ƴ": "y", "ĸ": "k", "ŀ": "l", "Ŀ": "l", "ـ": "",
    }
)  # fmt: skip
_SEPARATORS = re.compile(r"[\s\-‐-―.,;/()\"“”&+·・_|]+")


def fold(text: str) -> str:
    """The text for comparing: no case, accents, punctuation or spaces. "" if nothing is left."""
    return _folded(text[:LONGEST_COMPARED])


@lru_cache(maxsize=32768)
def _folded(text: str) -> str:
    if text.isascii():
        return text.lower().translate(_NOT_ALPHANUMERIC)
    # Twice, as case folding and decomposition each bring out work for the other (Unicode 3.13, D146).
    for _ in range(2):
        text = unicodedata.normalize("NFKD", text.translate(_SPECIAL_LETTERS).casefold())
    return unicodedata.normalize("NFC", "".join(filter(_is_compared, text)))


def _is_compared(character: str) -> bool:
    """Letters, digits, and the marks that are letters of their script (Hindi, Thai, Japanese)."""
    kind = unicodedata.category(character)
    if kind[0] != "M":
        return kind[0] in "LN"
    # Combining class: 1 strokes, 10-36 Hebrew and Arabic points, from 200 accents; all the rest are letters.
    place = unicodedata.combining(character)
    is_accent = place == 1 or 10 <= place <= 36 or place >= 200
    return not is_accent and kind != "Me" and not _is_invisible(character)


def _is_invisible(character: str) -> bool:
    """Variation selectors and the grapheme joiner: marks that choose a glyph."""
    return character == "\u034f" or "\ufe00" <= character <= "\ufe0f" or character >= "\U000e0100"


def tokens(text: str) -> frozenset[str]:
    """The words of a name, each folded: "Jean-Luc O'Neil" has jean, luc and oneil."""
    words = map(fold, _SEPARATORS.split(text[:LONGEST_COMPARED]))
    return frozenset(filter(None, words))


def words_of(text: str) -> tuple[str, ...]:
    """The same in their order, each as often as it is there."""
    return tuple(filter(None, map(fold, _SEPARATORS.split(text[:LONGEST_COMPARED]))))


def person_key(first: str, last: str, domain: str) -> str:
    """What likely namesakes at one company share; "" if there is no name."""
    first, last = fold(first)[:LONGEST_IN_KEY], fold(last)[:LONGEST_IN_KEY]
    return f"{first}|{last}|{domain}" if first or last else ""


def full_person_key(first: str, last: str, domain: str) -> str:
    """The same, but "" unless all three parts are there: only this one is evidence."""
    if not (first and last and domain):
        return ""
    first, last = fold(first)[:LONGEST_IN_KEY], fold(last)[:LONGEST_IN_KEY]
    return f"{first}|{last}|{domain}" if first and last else ""


def share_a_name(first_a: str, last_a: str, first_b: str, last_b: str) -> bool:
    """False only if both sides have a name and nothing in it is common.

    Common is a word, an initial or a short form ("J." and "Jean", "Rob" and "Robert"), the same name written
    together ("van der Berg" and "VanDerBerg"), and any of these with first and last name swapped.
    """
    if last_a and last_a == last_b and fold(last_a):
        return True
    a, b = _spellings(first_a, last_a), _spellings(first_b, last_b)
    if not a or not b or not a.isdisjoint(b):
        return True
    longer_a, longer_b = tuple(a), tuple(b)
    return any(x.startswith(longer_b) for x in longer_a) or any(x.startswith(longer_a) for x in longer_b)


def _spellings(first: str, last: str) -> frozenset[str]:
    joined = (fold(first), fold(last), fold(f"{first} {last}"), fold(f"{last} {first}"))
    return frozenset(filter(None, joined)) | tokens(first) | tokens(last)


def sort_key(first: str, last: str) -> str:
    """For lists and search by beginning: the last name, a space, the first name."""
    return f"{fold(last)} {fold(first)}".strip()[:LONGEST_SORT_KEY].rstrip()


def generation_of(last: str) -> tuple[str, str]:
    """A last name without its generation, and the generation: "Smith Jr." is "Smith" and "jr"; else "" for it."""
    name, _, end = clean(last).rpartition(" ")
    generation = {"junior": "jr", "senior": "sr"}.get(fold(end), fold(end))
    return (name.rstrip(" ,"), generation) if name and fold(end) in _TELLING_GENERATIONS else (last, "")


# Words by which nameparser decides anything other than "first last".
_TELLING_WORDS = frozenset().union(TITLES, SUFFIX_WORDS, SUFFIX_ACRONYMS, PARTICLES, CONJUNCTIONS)
_TWO_PLAIN_WORDS = re.compile(r"([A-Z][a-z]{2,}) ([A-Z][a-z]{2,})")
_GENERATIONS = frozenset(["jr", "sr", "i", "ii", "iii", "iv", "v", "junior", "senior"])
#: Without those that may be an initial.
_TELLING_GENERATIONS = _GENERATIONS - {"i", "v"}


def split_name(full: str) -> tuple[str, str]:
    """First and last name out of one column. Titles and degrees go, a generation stays ("Smith Jr.").

    A name of one word is a first name: half the world has no other, and forms greet by it. One that begins
    with a small particle ("van der Lee") is a last name. Middle names stay with the first.
    """
    full = clean(full)
    match = _TWO_PLAIN_WORDS.fullmatch(full)
    if match and match[1].lower() not in _TELLING_WORDS and match[2].lower() not in _TELLING_WORDS:
        return match[1], match[2]
    if " " not in full and "," not in full:
        return full, ""
    if len(full) > _LONGEST_SPLIT:
        first, _, last = full.rpartition(" ")
        return first, last
    if full.partition(" ")[0] in PARTICLES and "," not in full:
        return "", full
    return _split_by_parser(full)


@lru_cache(maxsize=4096)
def _split_by_parser(full: str) -> tuple[str, str]:
    name = HumanName(full)
    generation = [word for word in name.suffix.replace(",", " ").split() if fold(word) in _GENERATIONS]
    first = " ".join(filter(None, (name.first, name.middle)))
    last = " ".join(filter(None, (name.last, *generation)))
    return (first, last) if first or last else (full, "")
