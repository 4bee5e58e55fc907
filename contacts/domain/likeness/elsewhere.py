"""A value that stands in another field: the two lines of an address the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from contacts.domain.likeness.further import ELSEWHERE, NEAR, OTHER, FurtherColumn

Found = dict[int, tuple[int, float]]


def crossed(columns: Sequence[FurtherColumn], texts: Sequence[int], found: Found, a: int, b: int) -> None:
    """Put right, in ``found``, what two text fields say apart and crosswise don't. ``a``, ``b``: places."""
    loose = [n for n in texts if n not in found or found[n][0] == OTHER]
    for one, other in combinations(loose, 2):
        if one not in found and other not in found:
            continue
        first, second = columns[one], columns[other]
        hits = first.is_in(second, a, b) + first.is_in(second, b, a)
        if hits:
            found.pop(other, None)
            found[one] = ELSEWHERE, hits * min(first.bits(NEAR, 0), second.bits(NEAR, 0))
