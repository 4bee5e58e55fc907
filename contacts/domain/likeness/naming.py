"""How two names compare: the same, a nickname, an initial, a slip of the hand, swapped, or another name."""

from __future__ import annotations

from typing import NamedTuple

from rapidfuzz.distance import OSA

from contacts.domain.likeness import weights as w
from contacts.domain.likeness.spellings import Spelling, spoken_alike

# Findings about one part of a name.
MISSING, SAME, PART, NICKNAME, SHORT, INITIAL, SOUND, SLIP, UNLIKE, OTHER = (
    "missing same part nickname short initial sound slip unlike other".split()
)
CONFLICTS = frozenset((UNLIKE, OTHER))
_UNFIT = CONFLICTS | {MISSING, INITIAL}
_ONE_SLIP_FROM, _TWO_SLIPS_FROM = 3, 7
_CUT_FIRST_FROM, _CUT_LAST_FROM = 3, 4

Finding = tuple[str, float]


class Named(NamedTuple):
    """What the names of two contacts say."""

    first: Finding
    last: Finding
    swapped: bool = False
    generations: bool = False  # whether they tell two generations

    @property
    def conflict(self) -> bool:
        """Whether these look like names of two people."""
        return self.first[0] in CONFLICTS or self.generations

    @property
    def same(self) -> bool:
        return self.first[0] == SAME and self.last[0] == SAME and not self.generations


def compare_names(first_a: Spelling, last_a: Spelling, first_b: Spelling, last_b: Spelling) -> Named:
    """Both names as they stand, or crossed if that fits better."""
    first, last = compare_first(first_a, first_b), compare_last(last_a, last_b)
    generations = last_a.generation != last_b.generation and last[0] not in CONFLICTS
    if first[1] >= 0 and last[1] >= 0:
        return Named(first, last, generations=generations)
    crossed = max(_crossed(first_a, last_a, first_b, last_b), _crossed(first_b, last_b, first_a, last_a))
    if crossed and crossed[0] + w.SWAPPED > first[1] + last[1]:
        return Named(crossed[1], crossed[2], swapped=True)
    return Named(first, last, generations=generations)


def _crossed(
    first_a: Spelling, last_a: Spelling, first_b: Spelling, last_b: Spelling
) -> tuple[float, Finding, Finding] | tuple[()]:
    """The names of one against those of the other, crosswise; () unless a part fits."""
    first, last = compare_first(last_a, first_b), compare_last(first_a, last_b)
    if first[0] in _UNFIT and last[0] in _UNFIT:
        return ()
    # Each stands as a first name in one and as a last name in the other: it is as common as its commoner use.
    first = first[0], min(first[1], last_a.least_bits, first_b.least_bits)
    last = last[0], min(last[1], first_a.least_bits, last_b.least_bits)
    return first[1] + last[1], first, last


def compare_first(a: Spelling, b: Spelling) -> Finding:
    """The first names, with the bits of what was found."""
    if not a.folded or not b.folded:
        return MISSING, 0.0
    if a.key == b.key:
        return SAME, a.first_bits
    commoner = min(a.first_bits, b.first_bits)
    if a.is_initial or b.is_initial:
        return (INITIAL, w.INITIAL) if a.folded[0] == b.folded[0] else (OTHER, w.OTHER_FIRST)
    alike = _alike_first(a, b)
    if alike:
        return alike[0], max(commoner + alike[1], w.LEAST_FOR_AGREEMENT)
    if a.known and b.known and (a.listed == b.listed or abs(a.first_bits - b.first_bits) < w.OFTEN_ENOUGH):
        return OTHER, w.OTHER_FIRST
    return _slip(a.folded, b.folded, max(a.first_bits, b.first_bits)) or (UNLIKE, w.UNLIKE_FIRST)


def _alike_first(a: Spelling, b: Spelling) -> Finding | None:
    """Two known ways of writing one name, and what each costs."""
    if (b.forms and a.folded in b.forms) or (a.forms and b.folded in a.forms):
        return NICKNAME, w.NICKNAME
    if (a.words or b.words) and _is_part(a, b):
        return PART, w.NAME_PART
    if spoken_alike(a, b):
        return SOUND, w.SAME_SOUND
    if (a.forms and b.forms and not a.forms.isdisjoint(b.forms)) or _is_cut(a.folded, b.folded, _CUT_FIRST_FROM):
        return SHORT, w.SHORTENED
    return None


def compare_last(a: Spelling, b: Spelling) -> Finding:
    """The last names, with the bits of what was found."""
    if not a.folded or not b.folded:
        return MISSING, 0.0
    if a.key == b.key:
        return SAME, a.last_bits
    commoner = min(a.last_bits, b.last_bits)
    if len(a.folded) == 1 or len(b.folded) == 1:
        return (INITIAL, w.INITIAL) if a.folded[0] == b.folded[0] else (UNLIKE, w.UNLIKE_LAST)
    if (a.words or b.words) and _is_part(a, b):
        return PART, max(commoner + w.NAME_PART, w.LEAST_FOR_AGREEMENT)
    if spoken_alike(a, b):
        return SOUND, max(commoner + w.SAME_SOUND, w.LEAST_FOR_AGREEMENT)
    if _is_cut(a.folded, b.folded, _CUT_LAST_FROM):
        return SHORT, max(commoner + w.SHORTENED, w.LEAST_FOR_AGREEMENT)
    return _slip(a.folded, b.folded, max(a.last_bits, b.last_bits)) or (UNLIKE, w.UNLIKE_LAST)


def _is_part(a: Spelling, b: Spelling) -> bool:
    """Whether all words of one are words of the other: Jean and Jean-Luc, Berg and van der Berg."""
    mine, theirs = a.words or (a.folded,), b.words or (b.folded,)
    shorter, longer = (mine, theirs) if len(mine) <= len(theirs) else (theirs, mine)
    return set(shorter) <= set(longer) and any(len(word) > 1 for word in shorter)


def _is_cut(a: str, b: str, least: int) -> bool:
    shorter, longer = (a, b) if len(a) <= len(b) else (b, a)
    return len(shorter) >= least and longer.startswith(shorter)


def _slip(a: str, b: str, rarer: float) -> Finding | None:
    """One or two slips of the hand, weighed by the rarer spelling: what many are called is no slip."""
    shorter = min(len(a), len(b))
    allowed = 0 if shorter < _ONE_SLIP_FROM else 1 if shorter < _TWO_SLIPS_FROM else 2
    slips = OSA.distance(a, b, score_cutoff=allowed) if allowed else 1
    if slips > allowed:
        return None
    bits = rarer + (w.ONE_SLIP if slips == 1 else w.TWO_SLIPS)
    return SLIP, min(max(bits, w.LEAST_FOR_SLIP), w.MOST_FOR_SLIP)
