"""How a name sounds, roughly: Meier, Mayer and Maier have one key, and so have Jon and John.

The idea is Soundex's and its successors': letters by groups that sound alike, the silent ones left out.
It finds other spellings; how like two names are is judged elsewhere.
"""

from __future__ import annotations

import re
from functools import lru_cache

_LONGEST = 6
_SPELLINGS = (
    ("sch", "s"), ("sh", "s"), ("ch", "k"), ("ck", "k"), ("ph", "f"), ("th", "t"), ("gh", "g"), ("kn", "n"),
    ("wr", "r"), ("qu", "kw"), ("tz", "s"), ("cz", "s"), ("sz", "s"), ("dt", "t"), ("ey", "i"), ("ay", "i"),
    ("ei", "i"), ("ai", "i"), ("ie", "i"),
)  # fmt: skip
_SPOKEN_ALIKE = str.maketrans({"c": "k", "q": "k", "z": "s", "v": "f", "y": "i", "h": ""})
_ALIKE = str.maketrans({"x": "k", "g": "k", "w": "f", "d": "t", "b": "p", "j": "i", "m": "n"})
_VOWELS = str.maketrans("", "", "aeiou")
_REPEATED = re.compile(r"(.)\1+")


@lru_cache(maxsize=65_536)
def spoken(folded: str) -> str:
    """A folded name as it is spoken: "steven" and "stephen" are "stefen". Another script stays as it is."""
    if not folded.isascii():
        return folded
    for spelling, one in _SPELLINGS:
        folded = folded.replace(spelling, one)
    return _REPEATED.sub(r"\1", folded.translate(_SPOKEN_ALIKE))


@lru_cache(maxsize=65_536)
def sound_of(folded: str) -> str:
    """A wide key without its vowels, for finding candidates: "smith" and "schmidt" are "snt"."""
    text = spoken(folded)
    if not text.isascii():
        return text[:_LONGEST]
    head = "a" if text[:1] in "aeiou" else text[:1].translate(_ALIKE)
    return (head + _REPEATED.sub(r"\1", text[1:].translate(_ALIKE).translate(_VOWELS)))[:_LONGEST]
