"""How steady each further field is, learned from pairs that are sure without it (see ``further``)."""

from __future__ import annotations

from array import array
from zlib import crc32

from contacts.domain.likeness.further import ELSEWHERE
from contacts.domain.likeness.population import Population
from contacts.domain.likeness.scoring import Judge

#: So many pairs are looked at; more say no more.
_SAMPLE = 60_000
_ROUNDS = 2
#: Bits from which a pair counts as sure: a score of 99.
_SURE = 6.7


def learn(everyone: Population, judge: Judge, pairs: array[int]) -> None:
    """Set the weights of the further fields. Without such fields nothing is done."""
    if not everyone.further:
        return
    sample = _sample(everyone, pairs)
    for _ in range(_ROUNDS):
        seen = [[0, 0, 0, 0] for _ in everyone.further]
        for a, b in sample:
            found = judge.compare(a, b)
            for number, finding, bits in found.further:
                if finding != ELSEWHERE:
                    seen[number][finding] += found.bits - bits >= _SURE
        for column, findings in zip(everyone.further, seen, strict=True):
            column.learn(findings)


def _sample(everyone: Population, pairs: array[int]) -> list[tuple[int, int]]:
    """A share of the pairs, picked by what they are about and not by their order."""
    shift = len(everyone).bit_length()
    mask = (1 << shift) - 1
    every = max(len(pairs) // _SAMPLE, 1)
    places = ((pair >> shift, pair & mask) for pair in pairs)
    return [(a, b) for a, b in places if (_mark(everyone, a) + _mark(everyone, b)) % every == 0]


def _mark(everyone: Population, place: int) -> int:
    first, last = everyone.names(place)
    return crc32(first.folded.encode()) + crc32(last.folded.encode()) + everyone.phone[place]
