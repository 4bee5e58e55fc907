"""What each side must hold after a sync, by the words of a row's rule and direction (playbook, Step 4).

Written down a second time on purpose, and simpler than the judges: it is what they are tested against. Values are in
the hub's terms, None for none. ANY where the rule promises nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from syncrules.domain.cases import same
from syncrules.domain.worksheet import Direction, Row, Rule

ANY: Any = object()


class Sides(NamedTuple):
    """What the hub holds and what the MAP holds."""

    hub: Any
    map: Any


class Meeting(NamedTuple):
    """The values that meet in one row. ``typed``: a person wrote the hub's. ``into``, ``out``: where it may flow."""

    hub: Any
    map: Any
    typed: bool
    into: bool
    out: bool


def first(row: Row, hub: Any, there: Any, *, typed: bool) -> Sides:
    """What comes of two records that meet for the first time."""
    return _FIRST.get(row.rule, _nothing)(_meeting(row, hub, there, typed))


def later(row: Row, stood: Sides, changed: Any, *, typed: bool) -> Sides:
    """What comes of the MAP's change of its value to ``changed``, None where it was emptied there.

    Where both sides stayed apart, as nobody agreed on either value, the hub's goes on to count.
    """
    if stood.hub is ANY or row.blank_counts:
        return Sides(ANY, ANY)
    apart = stood.hub is not None and stood.map is not ANY and not same(stood.hub, stood.map)
    return _LATER.get(row.rule, _nothing)(_meeting(row, stood.hub, changed, typed or apart))


def _meeting(row: Row, hub: Any, there: Any, typed: bool) -> Meeting:
    into = row.direction in (Direction.TO_HUB, Direction.BOTH)
    return Meeting(hub, there, typed, into, row.direction in (Direction.TO_MAP, Direction.BOTH))


def _nothing(m: Meeting) -> Sides:
    return Sides(ANY, ANY)


def _first_gaps(m: Meeting) -> Sides:
    """Gaps are filled on both sides, and two values stay apart."""
    hub = m.map if m.hub is None and m.into else m.hub
    return Sides(hub, m.map if m.map is not None else m.hub if m.out else None)


def _first_once(m: Meeting) -> Sides:
    gaps = _first_gaps(m)
    return gaps if m.into or m.map is not None else Sides(gaps.hub, ANY)


def _fill(m: Meeting) -> Sides:
    """The MAP fills the hub's gaps whatever the direction; else the hub's value counts."""
    if m.hub is None:
        return Sides(m.map, m.map)
    return Sides(m.hub, m.hub if m.out else m.map)


def _hub(m: Meeting) -> Sides:
    """The hub's value stands in the MAP."""
    if m.hub is None:
        return Sides(ANY if m.into else None, ANY)
    return Sides(m.hub, m.hub if m.out else m.map)


def _first_fresh(m: Meeting) -> Sides:
    """Of two values that nobody agreed on the hub's counts."""
    if not m.into:
        return Sides(m.hub, ANY)
    if m.hub is None:
        return Sides(m.map, m.map)
    return Sides(m.hub, m.hub if m.out else m.map)


def _later_gaps(m: Meeting) -> Sides:
    hub = m.map if m.hub is None and m.into else m.hub
    return Sides(hub, m.map if m.map is not None else ANY)


def _later_fresh(m: Meeting) -> Sides:
    """What the MAP changed is taken, unless a person wrote the hub's value. Nothing is emptied."""
    if not m.into:
        return Sides(m.hub, ANY)
    if m.map is None:
        return Sides(m.hub, ANY)
    if m.hub is not None and m.typed:
        return Sides(m.hub, m.hub if m.out else m.map)
    return Sides(m.map, m.map)


_FIRST: dict[str, Callable[[Meeting], Sides]] = {
    Rule.NEVER: _first_gaps,
    Rule.ONCE: _first_once,
    Rule.FILL: _fill,
    Rule.HUB: _hub,
    Rule.FRESH: _first_fresh,
}
_LATER: dict[str, Callable[[Meeting], Sides]] = {
    Rule.NEVER: _later_gaps,
    Rule.ONCE: _later_gaps,
    Rule.FILL: _fill,
    Rule.HUB: _hub,
    Rule.FRESH: _later_fresh,
}
