"""Which pairs are worth comparing: those that share a key. A million contacts have 500,000,000,000 pairs.

Several cheap keys, so that whatever is wrong in a record, another key is likely right. A block that is too large
is split by finer keys; what is still too large is skipped and counted, as a key that many share says little.
What an exact rule finds is never skipped: a large block of it becomes a chain.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple
from zlib import crc32

from contacts.domain.likeness.further import FurtherColumn
from contacts.domain.likeness.mailboxes import telling_local
from contacts.domain.likeness.population import Population

Keys = Callable[[int], Iterable[int]]
Finer = Callable[[int], int]


class Kind(NamedTuple):
    """One kind of key: a contact's keys, how large a block may be, and finer keys for larger ones."""

    name: str
    keys: Keys
    limit: int
    finer: tuple[Finer, ...] = ()
    chain: bool = False


class Blocked(NamedTuple):
    """Candidate pairs, each as ``low place << shift | high place``, and how many blocks were skipped."""

    pairs: array[int]
    skipped: int


def kinds(everyone: Population, phone_limit: int) -> list[Kind]:
    """All kinds of keys for these contacts."""
    keys = _Keys(everyone, phone_limit)
    by_name, by_sound = (keys.fine_last, keys.fine_first), (keys.fine_last_sound, keys.fine_first_sound)
    found = [
        Kind("phone", keys.phone, phone_limit),
        Kind("name and company", keys.name_at_firm, 12, chain=True),
        Kind("last name and company", keys.last_at_firm, 16, by_name),
        Kind("first name and company", keys.first_at_firm, 12, by_sound),
        Kind("initials and company", keys.initials_at_firm, 10, by_sound),
        Kind("last name and word of the company", keys.last_and_word, 10, by_name),
        Kind("name", keys.name, 12, (keys.fine_firm, keys.fine_local)),
        Kind("sound of the name", keys.sounds, 10, by_name),
        Kind("last name and initial", keys.last_and_initial, 8),
        Kind("mailbox", keys.locals, 8, by_sound),
    ]
    return found + [
        Kind(column.field.slug, keys.value_of(column), 20, (*by_sound, *by_name)) for column in everyone.further
    ]


def candidates(kind: Kind, contacts: int) -> Blocked:
    """The pairs that share a key of one kind. A pair may come several times."""
    shift = contacts.bit_length()
    packed = [key << shift | place for place in range(contacts) for key in kind.keys(place)]
    packed.sort()
    pairs, skipped = array("Q"), 0
    for block in _blocks(packed, shift):
        whole, left_out = _bounded(block, kind, 0)
        skipped += left_out
        for members in whole:
            pairs.extend([low << shift | high for low, high in combinations(members, 2)])
        if left_out and kind.chain:
            pairs.extend([low << shift | high for low, high in pairwise(block)])
    return Blocked(pairs, skipped)


def _blocks(packed: Sequence[int], shift: int) -> Iterator[list[int]]:
    """Runs of two or more places under one key; places rise within a run."""
    mask = (1 << shift) - 1
    previous, block = -1, list[int]()
    for item in packed:
        key, place = item >> shift, item & mask
        if key != previous:
            if len(block) > 1:
                yield block
            previous, block = key, [place]
        elif place != block[-1]:
            block.append(place)
    if len(block) > 1:
        yield block


def _bounded(block: list[int], kind: Kind, depth: int) -> tuple[list[list[int]], int]:
    """The block, or its parts by finer keys, and how many parts are too large all the same."""
    if len(block) <= kind.limit:
        return [block], 0
    if depth == len(kind.finer):
        return [], 1
    parts: dict[int, list[int]] = {}
    for place in block:
        parts.setdefault(kind.finer[depth](place), []).append(place)
    found, skipped = list[list[int]](), 0
    for part in parts.values():
        if len(part) > 1:
            smaller, left_out = _bounded(part, kind, depth + 1)
            found += smaller
            skipped += left_out
    return found, skipped


class _Keys:
    """The keys of each kind, as whole numbers. No key where a part is missing."""

    def __init__(self, everyone: Population, phone_limit: int) -> None:
        self._all = everyone
        self._phone_limit = phone_limit

    def phone(self, place: int) -> Iterable[int]:
        sharers = self._all.phone_sharers(place)
        return (self._all.phone[place],) if 1 < sharers <= self._phone_limit else ()

    def name_at_firm(self, place: int) -> Iterable[int]:
        return [both << 32 | firm for both in self.name(place) for firm in self._firms(place)]

    def last_at_firm(self, place: int) -> Iterable[int]:
        last = self._all.names(place)[1]
        return [last.sound << 32 | firm for firm in self._firms(place)] if last.folded else ()

    def first_at_firm(self, place: int) -> Iterable[int]:
        first = self._all.names(place)[0]
        return [first.sound << 32 | firm for firm in self._firms(place)] if first.folded else ()

    def initials_at_firm(self, place: int) -> Iterable[int]:
        initials = self._initials(place)
        return [initials << 32 | firm for firm in self._firms(place)] if initials else ()

    def last_and_word(self, place: int) -> Iterable[int]:
        words = self._all.firms.items[self._all.firm[place]].words
        first, last = self._all.names(place)
        if not words or not last.folded or not first.folded:
            return ()
        return ((last.sound << 32 | ord(first.folded[0])) << 32 | crc32(words[0].encode()),)

    def name(self, place: int) -> Iterable[int]:
        first, last = self._all.names(place)
        return (_unordered(first.key, last.key),) if first.folded and last.folded else ()

    def sounds(self, place: int) -> Iterable[int]:
        first, last = self._all.names(place)
        return (_unordered(first.sound, last.sound),) if first.folded and last.folded else ()

    def last_and_initial(self, place: int) -> Iterable[int]:
        first, last = self._all.names(place)
        return (last.key << 32 | ord(first.folded[0]),) if first.folded and last.folded else ()

    def locals(self, place: int) -> Iterable[int]:
        boxes = self._all.boxes[place]
        told = [telling_local(box) for box in boxes.split(" ")] if boxes else ()
        return [crc32(local.encode()) for local in told if local in self._all.local_counts]

    def value_of(self, column: FurtherColumn) -> Keys:
        def keys(place: int) -> Iterable[int]:
            value = column.values[place]
            return (value,) if column.count(value) > 1 else ()

        return keys

    def fine_last(self, place: int) -> int:
        return self._all.names(place)[1].key

    def fine_first(self, place: int) -> int:
        return self._all.names(place)[0].key

    def fine_last_sound(self, place: int) -> int:
        return self._all.names(place)[1].sound

    def fine_first_sound(self, place: int) -> int:
        return self._all.names(place)[0].sound

    def fine_firm(self, place: int) -> int:
        return next(iter(self._firms(place)), -place)

    def fine_local(self, place: int) -> int:
        return next(iter(self.locals(place)), -place)

    def _firms(self, place: int) -> Sequence[int]:
        keys = self._all.firms.keys(self._all.firm[place])
        old = self._all.old_domains.get(place)
        return (*keys, *(key * 2 for key in old)) if old else keys

    def _initials(self, place: int) -> int:
        first, last = self._all.names(place)
        return _unordered(ord(first.folded[0]), ord(last.folded[0])) if first.folded and last.folded else 0


def _unordered(a: int, b: int) -> int:
    return (a << 32 | b) if a <= b else (b << 32 | a)
