"""How rare a value is, in bits: 10 bits are one in a thousand.

Counted in the data itself. A small hub says little about that, so known frequencies of names (US Census Bureau,
see data/README.md) count as some thousand contacts more.
"""

from __future__ import annotations

from functools import cache
from math import log2
from pathlib import Path

from contacts.domain.names import fold

_DATA = Path(__file__).parent.parent / "data"
#: How many contacts the known frequencies count for.
_KNOWN_COUNTS_FOR = 2000
_UNLISTED = 1 / 100_000
_MOST = 22.0


def name_bits(kind: str, folded: str, count: int, total: int) -> float:
    """Rarity of a "first" or "last" name that ``count`` of ``total`` contacts have: how few others have it."""
    known, others = _census(kind).get(folded, _UNLISTED), max(count - 1, 0)
    return min(log2((total + _KNOWN_COUNTS_FOR) / (others + _KNOWN_COUNTS_FOR * known)), _MOST)


def value_bits(count: int, total: int, usual: float, weight: int = 1000) -> float:
    """Rarity of any other value; ``usual`` is its share where nothing is known, and counts as ``weight`` contacts."""
    return min(log2((total + weight) / (count + weight * usual)), _MOST)


def is_listed(kind: str, folded: str) -> bool:
    """Whether it is a well-known "first" or "last" name."""
    return folded in _census(kind)


@cache
def _census(kind: str) -> dict[str, float]:
    lines = (_DATA / f"common_{kind}_names.txt").read_text("utf-8").splitlines()
    rows = (line.split() for line in lines if not line.startswith("#"))
    return {fold(name): int(share) / 100_000 for name, share in rows}
