"""From likely pairs to cases of two to five contacts: a chain of pairs is one case, and no case grows endless."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import NamedTuple

MOST_IN_CASE = 5


class Case(NamedTuple):
    """Contacts that look like one person, by their ids, and the links that made it one case, best first."""

    ids: tuple[int, ...]
    links: tuple[int, ...]  # places in the list of pairs


class Grouped(NamedTuple):
    """The cases, and how many pairs have to wait until a case beside them is decided."""

    cases: list[Case]
    waiting: int


def group(places: Iterable[int], pairs: Iterable[tuple[int, int]], different: Set[tuple[int, int]]) -> Grouped:
    """Join pairs, the surest first, as long as a case stays small and holds no two who are known to differ."""
    groups = dict[int, list[int]]()
    links = dict[int, list[int]]()
    waiting = 0
    for place, (low, high) in zip(places, pairs, strict=True):
        ours, theirs = groups.get(low) or [low], groups.get(high) or [high]
        if ours is theirs:
            continue
        if len(ours) + len(theirs) > MOST_IN_CASE or _known_apart(ours, theirs, different):
            waiting += 1
            continue
        joined = ours + theirs
        links[min(joined)] = sorted([*links.pop(min(ours), []), *links.pop(min(theirs), []), place])
        for member in joined:
            groups[member] = joined
    whole = {min(members): members for members in groups.values()}
    cases = [Case(tuple(sorted(members)), tuple(links[least])) for least, members in whole.items()]
    return Grouped(sorted(cases, key=lambda case: case.links[0]), waiting)


def _known_apart(ours: list[int], theirs: list[int], different: Set[tuple[int, int]]) -> bool:
    if not different:
        return False
    return any(((a, b) if a < b else (b, a)) in different for a in ours for b in theirs)
