"""Each first or last name once, with what comparing needs of it."""

from __future__ import annotations

from array import array

from contacts.domain.identity import fold
from contacts.domain.likeness.rarity import is_listed, name_bits
from contacts.domain.names import generation_of, words_of
from contacts.domain.nicknames import full_forms
from contacts.domain.sounds import sound_of, spoken

#: From so many bearers, and from this share of all contacts, a name is well known here.
_KNOWN_FROM, _KNOWN_SHARE = 20, 1 / 10_000


class Spelling:
    """A name as people typed it."""

    __slots__ = (
        "first_bits", "folded", "forms", "generation", "key", "known", "last_bits", "listed", "shown", "sound", "words",
    )  # fmt: skip

    shown: str
    folded: str  # without its generation
    key: int  # the same for what folds alike
    sound: int  # the same for what sounds alike
    words: tuple[str, ...]  # if it has more than one
    forms: frozenset[str] | None  # full names that it may be short for, itself among them
    generation: str  # "jr", "iii"
    first_bits: float
    last_bits: float
    listed: bool  # well known as a first name anywhere
    known: bool  # or here

    @property
    def least_bits(self) -> float:
        """Rarity where nobody knows whether it is the first or the last name."""
        return min(self.first_bits, self.last_bits)

    @property
    def is_initial(self) -> bool:
        """Whether it is one letter, or several apart ("J. R.")."""
        return len(self.folded) == 1 or (bool(self.words) and all(len(word) == 1 for word in self.words))


BLANK = 0


class Spellings:
    """All names of the contacts, by number. Number 0 is no name."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._keys: dict[str, int] = {}
        self._sounds: dict[str, int] = {}
        self.items: list[Spelling] = []
        self._firsts, self._lasts = array("i"), array("i")
        self.number("")

    def number(self, shown: str) -> int:
        """The number of a name, which is taken in if it is new."""
        known = self._numbers.get(shown)
        if known is None:
            known = self._numbers[shown] = len(self.items)
            self.items.append(self._read(shown))
        return known

    def seen(self, first: int, last: int) -> None:
        """Count a contact's name."""
        self._firsts[self.items[first].key] += 1
        self._lasts[self.items[last].key] += 1

    def weigh(self, total: int) -> None:
        """Work out how rare each name is, once all contacts are taken in."""
        self._numbers.clear()
        for item in self.items:
            count = self._firsts[item.key]
            item.first_bits = name_bits("first", item.folded, count, total)
            item.last_bits = name_bits("last", item.folded, self._lasts[item.key], total)
            often = count >= _KNOWN_FROM and count >= total * _KNOWN_SHARE
            item.listed = is_listed("first", item.folded)
            item.known = often or item.listed

    def _read(self, shown: str) -> Spelling:
        item = Spelling()
        item.shown = shown
        name, item.generation = generation_of(shown) if " " in shown else (shown, "")
        item.folded = fold(name)
        item.key = self._keys.setdefault(item.folded, len(self._keys))
        if item.key == len(self._firsts):
            self._firsts.append(0)
            self._lasts.append(0)
        item.sound = self._sounds.setdefault(sound_of(item.folded), len(self._sounds))
        words = words_of(name) if not name.isalpha() else ()
        item.words = words if len(words) > 1 else ()
        forms = full_forms(item.folded)
        item.forms = forms if len(forms) > 1 else None
        item.first_bits = item.last_bits = 0.0
        item.listed = item.known = False
        return item


def spoken_alike(a: Spelling, b: Spelling) -> bool:
    """Steven and Stephen."""
    return a.sound == b.sound and spoken(a.folded) == spoken(b.folded)
