"""Countries: any usual writing to one name and its ISO 3166-1 alpha-2 code.

The names are Unicode CLDR's (data/README.md says which, and how they are renewed).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from contacts.domain.names import fold

_DATA = Path(__file__).parent / "data"
_LONGEST_NAME = 100


class Country(NamedTuple):
    """The English short name that people use, and the ISO 3166-1 alpha-2 code."""

    name: str
    code: str


def read_country(text: str) -> Country | None:
    """The country that a code (DE, DEU), an English name, a local one or a usual variant means.

    None if the text is none of these: the caller then keeps it as it is.
    """
    return _read(text) if len(text) <= _LONGEST_NAME else None


@lru_cache(maxsize=4096)
def _read(text: str) -> Country | None:
    return _by_writing().get(fold(text))


@cache
def _by_writing() -> dict[str, Country]:
    """Every folded writing. Codes win over names, and writings kept by hand over both."""
    countries = {row[0]: (row, Country(row[2], row[0])) for row in _rows("countries.txt")}
    writings: dict[str, Country] = {}
    for row, country in countries.values():
        writings |= dict.fromkeys(map(fold, (row[2], *row[3].split("|"))), country)
    for row, country in countries.values():
        writings |= dict.fromkeys(map(fold, row[:2]), country)
    for code, variants in _rows("country_variants.txt"):
        writings |= dict.fromkeys(map(fold, variants.split("|")), countries[code][1])
    writings.pop("", None)
    return writings


def _rows(file_name: str) -> Iterator[list[str]]:
    for line in (_DATA / file_name).read_text("utf-8").splitlines():
        if not line.startswith("#"):
            yield line.split("\t")
