"""Which first names may be the same person's: Bob, Rob and Robert. Tables and their sources: data/README.md."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from contacts.domain.names import fold

_DATA = Path(__file__).parent / "data"
_FILES = ("nicknames.txt", "nicknames_other.txt")


def full_forms(folded: str) -> frozenset[str]:
    """The name itself and the full names that it may be short for, each folded."""
    return _table().get(folded) or frozenset((folded,))


@cache
def _table() -> dict[str, frozenset[str]]:
    forms: dict[str, set[str]] = {}
    for file in _FILES:
        for line in (_DATA / file).read_text("utf-8").splitlines():
            full, _, short = line.partition(":")
            if not line.startswith("#"):
                for name in short.split():
                    forms.setdefault(fold(name), {fold(name)}).add(fold(full))
    return {name: frozenset(found) for name, found in forms.items()}
