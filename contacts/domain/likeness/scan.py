"""The whole search: take contacts in, find candidates, learn, compare, and give the likely pairs and cases."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence, Set

from contacts.domain.likeness import weights
from contacts.domain.likeness.blocks import candidates, kinds
from contacts.domain.likeness.cases import Grouped, group
from contacts.domain.likeness.learning import learn
from contacts.domain.likeness.population import Population
from contacts.domain.likeness.profiles import FurtherField, Pair, Profile
from contacts.domain.likeness.scoring import Judge
from contacts.domain.likeness.words import evidence
from contacts.domain.likeness.workers import shared_out, uncollected

Progress = Callable[[str, int, int], None]


class Likely:
    """The likely pairs, the surest first. Evidence is worked out when a pair is asked for."""

    def __init__(self, everyone: Population, judge: Judge, found: Sequence[tuple[float, int, int]]) -> None:
        self._all, self._judge = everyone, judge
        ids = everyone.ids
        ordered = sorted(found, key=lambda one: (-one[0], min(ids[one[1]], ids[one[2]]), max(ids[one[1]], ids[one[2]])))
        self._bits = array("d", [bits for bits, _, _ in ordered])
        self._places = [(a, b) if ids[a] < ids[b] else (b, a) for _, a, b in ordered]
        self.compared = self.skipped_blocks = 0

    def __len__(self) -> int:
        return len(self._bits)

    def __iter__(self) -> Iterator[Pair]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, place: int) -> Pair:
        a, b = self._places[place]
        found = self._judge.compare(a, b)
        score = weights.score(self._bits[place])
        return Pair(*self.pair(place), score, evidence(self._all, a, b, found))

    def score(self, place: int) -> int:
        """The score of a pair without its evidence."""
        return weights.score(self._bits[place])

    def ids(self) -> Iterator[tuple[int, int]]:
        """The pairs as ids only."""
        return map(self.pair, range(len(self)))

    def pair(self, place: int) -> tuple[int, int]:
        """A pair as ids only, the lower one first."""
        a, b = self._places[place]
        return self._all.ids[a], self._all.ids[b]

    def down_to(self, least: int) -> range:
        """The places of the pairs that have at least this score."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.score(middle) >= least else (low, middle)
        return range(low)

    def cases(self, places: Sequence[int], different: Set[tuple[int, int]] = frozenset()) -> Grouped:
        """The pairs at these places (in their order) as cases of two to five contacts."""
        return group(places, [self.pair(place) for place in places], different)


def scan(
    profiles: Iterable[Profile],
    fields: Sequence[FurtherField] = (),
    *,
    phone_limit: int,
    different: Set[tuple[int, int]] = frozenset(),
    threshold: int = weights.THRESHOLD,
    processes: int = 1,
    progress: Progress | None = None,
) -> Likely:
    """Find the pairs whose score is at least ``threshold``.

    ``phone_limit``: a phone that more contacts share is no evidence. ``different``: pairs of ids, the lower
    first, that are known to be two people. The result is the same for any number of ``processes``, any order of
    the contacts, and whatever their ids are.
    """
    say = progress or _silently
    everyone = Population(fields)
    with uncollected():
        everyone.take(profiles, lambda done: say("read", done, 0))
        judge = Judge(everyone, phone_limit)
        pairs, skipped = _candidates(everyone, phone_limit, processes, say)
        learn(everyone, judge, pairs)
        found = _compare(everyone, judge, pairs, (threshold, processes, different), say)
    likely = Likely(everyone, judge, found)
    likely.compared, likely.skipped_blocks = len(pairs), skipped
    return likely


def _candidates(everyone: Population, phone_limit: int, processes: int, say: Progress) -> tuple[array[int], int]:
    """Every candidate pair once, in order, and how many blocks were skipped."""
    all_kinds = kinds(everyone, phone_limit)

    def work(share: int, shares: int) -> bytes:
        pairs, skipped = array("Q"), 0
        for number, kind in enumerate(all_kinds[share::shares]):
            blocked = candidates(kind, len(everyone))
            pairs.extend(blocked.pairs)
            skipped += blocked.skipped
            if share == 0:
                say("look", number * shares, len(all_kinds))
        return array("Q", [skipped, *sorted(set(pairs))]).tobytes()

    skipped, merged = 0, set[int]()
    for answer in shared_out(work, processes):
        part = array("Q")
        part.frombytes(answer)
        skipped += part[0]
        merged.update(part[1:])
    return array("Q", sorted(merged)), skipped


def _compare(
    everyone: Population,
    judge: Judge,
    pairs: array[int],
    how: tuple[int, int, Set[tuple[int, int]]],
    say: Progress,
) -> list[tuple[float, int, int]]:
    """The pairs that reach the threshold, with their bits."""
    threshold, processes, different = how
    shift = len(everyone).bit_length()
    mask, least, ids = (1 << shift) - 1, weights.bits_for(threshold), everyone.ids

    def work(share: int, shares: int) -> bytes:
        found = array("d")
        for number, pair in enumerate(pairs[share::shares]):
            a, b = pair >> shift, pair & mask
            bits = judge.compare(a, b).bits
            if bits >= least and (min(ids[a], ids[b]), max(ids[a], ids[b])) not in different:
                found.extend((bits, a, b))
            if share == 0 and number % 50_000 == 0:
                say("compare", number * shares, len(pairs))
        return found.tobytes()

    rows = list[tuple[float, int, int]]()
    for answer in shared_out(work, processes):
        part = array("d")
        part.frombytes(answer)
        rows += [(part[n], int(part[n + 1]), int(part[n + 2])) for n in range(0, len(part), 3)]
    return rows


def _silently(what: str, done: int, total: int) -> None:
    """For callers who watch nothing."""
