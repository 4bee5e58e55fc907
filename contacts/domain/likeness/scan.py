"""The whole search: take contacts in, find candidates, learn, compare, and give the likely pairs and cases."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from contacts.domain.likeness import weights
from contacts.domain.likeness.blocks import candidates, kinds
from contacts.domain.likeness.cases import Grouped, group
from contacts.domain.likeness.learning import learn
from contacts.domain.likeness.population import Population
from contacts.domain.likeness.profiles import FurtherField, Pair, Profile
from contacts.domain.likeness.scoring import Judge
from contacts.domain.likeness.words import evidence
from contacts.domain.likeness.workers import shared_out, uncollected

#: Called with the step ("read", "look", "compare"), how much of it is done, and of how much; 0: nobody knows.
Progress = Callable[[str, int, int], None]
_STEP = 50_000


class Likely:
    """The likely pairs, the surest first. Evidence is worked out when a pair is asked for."""

    def __init__(self, everyone: Population, judge: Judge, found: Sequence[tuple[float, int, int]]) -> None:
        self._all, self._judge = everyone, judge
        ids = everyone.ids
        ordered = sorted(found, key=lambda one: (-one[0], min(ids[one[1]], ids[one[2]]), max(ids[one[1]], ids[one[2]])))
        self._bits = array("d", [bits for bits, _, _ in ordered])
        self._places = [(a, b) if ids[a] < ids[b] else (b, a) for _, a, b in ordered]
        self.compared = 0  # pairs
        self.skipped_blocks = 0  # keys that too many share

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
    the contacts, and whatever their ids are; only of many with one name at one company the links of the chain
    follow the order.
    """
    everyone = Population(fields)
    work = _Work(everyone, Judge(everyone, phone_limit), processes, progress or _silently)
    with uncollected():
        everyone.take(profiles, lambda done: work.say("read", done, 0))
        pairs, skipped = work.candidates(phone_limit)
        learn(everyone, work.judge, pairs)
        found = work.compare(pairs, weights.bits_for(threshold), different)
    likely = Likely(everyone, work.judge, found)
    likely.compared, likely.skipped_blocks = len(pairs), skipped
    return likely


@dataclass
class _Work:
    """What is shared out among the processes."""

    everyone: Population
    judge: Judge
    processes: int
    say: Progress

    def candidates(self, phone_limit: int) -> tuple[array[int], int]:
        """Every candidate pair once, in order, and how many blocks were skipped."""
        all_kinds = kinds(self.everyone, phone_limit)

        def block(share: int, shares: int) -> bytes:
            pairs, skipped = array("Q"), 0
            for number, kind in enumerate(all_kinds[share::shares]):
                blocked = candidates(kind, len(self.everyone))
                pairs.extend(blocked.pairs)
                skipped += blocked.skipped
                self._told("look", share, number * shares, len(all_kinds))
            return array("Q", [skipped, *sorted(set(pairs))]).tobytes()

        skipped, merged = 0, set[int]()
        for answer in shared_out(block, self.processes):
            part = array("Q")
            part.frombytes(answer)
            skipped += part[0]
            merged.update(part[1:])
        return array("Q", sorted(merged)), skipped

    def compare(self, pairs: array[int], least: float, different: Set[tuple[int, int]]) -> list[tuple[float, int, int]]:
        """The pairs that have at least these bits, each with its bits and places."""
        shift = len(self.everyone).bit_length()
        mask = (1 << shift) - 1

        def judged(share: int, shares: int) -> bytes:
            found = array("d")
            for number, pair in enumerate(pairs[share::shares]):
                a, b = pair >> shift, pair & mask
                bits = self.judge.compare(a, b).bits
                if bits >= least and self._ids(a, b) not in different:
                    found.extend((bits, a, b))
                if number % _STEP == 0:
                    self._told("compare", share, number * shares, len(pairs))
            return found.tobytes()

        rows = list[tuple[float, int, int]]()
        for answer in shared_out(judged, self.processes):
            part = array("d")
            part.frombytes(answer)
            rows += [(part[n], int(part[n + 1]), int(part[n + 2])) for n in range(0, len(part), 3)]
        return rows

    def _ids(self, a: int, b: int) -> tuple[int, int]:
        one, other = self.everyone.ids[a], self.everyone.ids[b]
        return (one, other) if one < other else (other, one)

    def _told(self, step: str, share: int, done: int, total: int) -> None:
        """Progress is told by one process for all."""
        if share == 0:
            self.say(step, done, total)


def _silently(step: str, done: int, total: int) -> None:
    """For callers who watch nothing."""
