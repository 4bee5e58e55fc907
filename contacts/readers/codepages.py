"""Which 8-bit code page a piece of text is in, by its letters: a guess, and always shown as one.

``charset-normalizer`` tells double-byte text well, but finds Windows-1250 and Windows-1252 equally good
for short lists of names and takes the first by alphabet ("Anaïs" becomes "Anaďs"). Alphabets tell more:
no one language uses both ø and ž, and no letter of a word is a superscript 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from charset_normalizer import from_bytes

#: Codec -> alphabets of the languages written in it, beyond ASCII; ties go to the earlier codec.
_ALPHABETS: dict[str, tuple[str, ...]] = {
    "cp1252": ("äöüßéèêëàâçñóíúáìòùûîôïãõœ", "åäöæøéü", "áéíóúýþæöð"),
    "cp1250": (
        "ąćęłńóśźżäöüé",
        "áčďéěíňóřšťúůýžľĺŕôäöü",
        "áéíóöőúüű",
        "čćžšđ",
        "ăâîşţ",
    ),
    "cp1254": ("çğıöşüâî\u0307",),
    "cp1251": ("абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґў",),
    "cp1253": ("αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ",),
    "mac_roman": ("äöüßéèêëàâçñóíúáìòùûîôïãõœåæø",),
}
#: Scripts whose words hold no ASCII letters; in the others a word of accents only is unlikely.
_WHOLE_WORDS = ("cp1251", "cp1253")
#: Polish has words of accents only ("Żółć"); the others hardly do.
_MAY_RUN = "cp1250"
_HARMLESS = "€’‘“”„–—…«»\u00a0"
_TOUCHES_ASCII = re.compile(r"(?<=[a-zA-Z])[^\x00-\x7f]|[^\x00-\x7f](?=[a-zA-Z])")
_RUN = re.compile(r"[^\W\x00-\x7f\d_]{3,}")


def guess(sample: bytes) -> str:
    """The likeliest codec of a sample that is no UTF-8."""
    best = from_bytes(sample, cp_isolation=["cp932", *_ALPHABETS]).best()
    if best is not None and best.encoding == "cp932":
        return "cp932"
    faults = {codec: _faults(sample, codec) for codec in _ALPHABETS}
    return min(faults, key=lambda codec: faults[codec])


def _faults(sample: bytes, codec: str) -> int:
    """How many characters of the sample are odd if it is read in ``codec``, by its best alphabet."""
    text = sample.decode(codec, "replace")
    pattern = _TOUCHES_ASCII if codec in _WHOLE_WORDS else _RUN
    spoiled = 0 if codec == _MAY_RUN else sum(map(len, pattern.findall(text)))
    capitals = sum(a.islower() and b.isupper() and b > "\x7f" for a, b in pairwise(text))
    foreign = [letter for letter in text.casefold() if letter > "\x7f" and letter not in _HARMLESS]
    return spoiled + capitals + min(_strangers(foreign, alphabet) for alphabet in _ALPHABETS[codec])


def _strangers(letters: Iterable[str], alphabet: str) -> int:
    return sum(letter not in alphabet for letter in letters)
