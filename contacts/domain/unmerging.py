"""One contact becomes the two again that it was made of: what goes back, and what happened since.

What is still as the merge made it goes back to how it was. What was written since goes to the side it belongs to:
by the address that an arrival came by. What a person wrote since could be about either of the two: it stays with
the contact that was kept, unless somebody says where it belongs. Nothing here is ever less protected than before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from contacts.domain import rules
from contacts.domain.merging import KEPT, LOST, STAGE
from contacts.domain.origins import Writer, forget, origin_of, stamp
from contacts.domain.overwrite import is_empty
from contacts.domain.protection import protections

#: What somebody says about a new address stands under its key behind this.
ADDRESS = "address:"


class Email(NamedTuple):
    """One address of a contact at some moment; ``id`` is its row."""

    id: int
    key: str
    shown: str
    primary: bool


@dataclass(frozen=True)
class Was:
    """A contact at some moment."""

    values: Mapping[str, Any]
    origins: dict[str, Any]
    shared_mailbox: bool
    last_activity: datetime | None
    created_at: datetime
    addresses: tuple[Email, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(a.key for a in self.addresses)


class Since(NamedTuple):
    """An arrival that came since the merge; ``stranger``: its name had nothing in common with the contact's."""

    id: int
    email_key: str
    occurred_at: datetime | None
    review_id: int | None = None
    stranger: bool = False


class Part(NamedTuple):
    """What becomes of one field, or of one address: where today's value goes, by which rule.

    ``open`` is whether somebody may say where it belongs.
    """

    name: str
    now: Any
    kept: Any
    lost: Any
    side: str
    rule: str
    open: bool = False


@dataclass
class Half:
    """One of the two afterwards."""

    values: dict[str, Any]
    origins: dict[str, Any]
    shared_mailbox: bool
    last_activity: datetime | None
    created_at: datetime
    addresses: list[Email] = field(default_factory=list)
    arrivals: list[Since] = field(default_factory=list)


@dataclass
class PartingPlan:
    """The whole way back, before anything is written."""

    kept: Half
    lost: Half
    parts: list[Part]

    @property
    def unplaced(self) -> list[Part]:
        """What nobody but a person can say the place of."""
        return [part for part in self.parts if part.open]


@dataclass(frozen=True)
class Parting:
    """Everything that the way back depends on."""

    kept: Was  # before the merge
    lost: Was
    after: Was  # as the merge left them, one
    now: Was
    since: Sequence[Since]
    place: Mapping[str, str]  # what somebody said: field, or address behind ``ADDRESS``, to side
    writer: Writer  # who takes it back


def plan_parting(given: Parting) -> PartingPlan:
    """The two contacts as they were, with what happened since on the side it belongs to."""
    parts: list[Part] = []
    sides = _addresses(given, parts)
    came_by = {a.id: side for a in given.since if (side := sides.get(a.email_key))}
    kept, lost = _half(given.kept), _half(given.lost)
    for name in dict.fromkeys([*given.now.values, *given.kept.values, *given.lost.values]):
        if name != "email":
            _place(name, given, came_by, kept, lost, parts)
    for arrival in given.since:
        (lost if came_by.get(arrival.id) == LOST else kept).arrivals.append(arrival)
    for half, side in ((kept, KEPT), (lost, LOST)):
        _settle(half, side, given, sides)
    _split_mailbox(kept, lost, given)
    return PartingPlan(kept, lost, parts)


def protection_of(given: Parting) -> tuple[frozenset[str], frozenset[str]]:
    """What the kept and the lost contact need afterwards: their own, and what came since stands for both."""
    now = protections(given.now.values)
    since = frozenset() if _unchanged(STAGE, given) else now
    return (protections(given.kept.values) & now) | since, protections(given.lost.values) | since


def _half(was: Was) -> Half:
    return Half(dict(was.values), was.origins, was.shared_mailbox, was.last_activity, was.created_at)


# --- values ---


def _place(name: str, given: Parting, came_by: Mapping[int, str], kept: Half, lost: Half, parts: list[Part]) -> None:
    """One field: back to how it was on both sides, and what was written since to its side."""
    now = given.now.values.get(name)
    mine, theirs = given.kept.values.get(name), given.lost.values.get(name)
    if _unchanged(name, given):
        if mine != now or not is_empty(theirs):
            parts.append(Part(name, now, mine, theirs, KEPT, rules.UNMERGE_BACK))
        return
    side, rule, asks = _side_of(name, given, came_by)
    for half, mark in ((kept, KEPT), (lost, LOST)):
        if side in (mark, "both"):
            _write(half, name, given)
    parts.append(Part(name, now, kept.values.get(name), lost.values.get(name), side, rule, asks))


def _unchanged(name: str, given: Parting) -> bool:
    now, after = given.now, given.after
    same = now.values.get(name) == after.values.get(name) or _both_empty(name, now, after)
    return same and origin_of(now.origins, name) == origin_of(after.origins, name)


def _both_empty(name: str, one: Was, other: Was) -> bool:
    return is_empty(one.values.get(name)) and is_empty(other.values.get(name))


def _side_of(name: str, given: Parting, came_by: Mapping[int, str]) -> tuple[str, str, bool]:
    """Where a value belongs that was written since, why, and whether that is for a person to say."""
    if name == STAGE:
        if protections(given.now.values):
            return "both", rules.MERGE_UNSUBSCRIBED, False
        if protections(given.lost.values):
            return KEPT, rules.MERGE_UNSUBSCRIBED, False
    origin = origin_of(given.now.origins, name)
    side = came_by.get(origin.writer.arrival or 0) if origin else None
    if side:
        return side, rules.UNMERGE_CAME_BY, False
    return given.place.get(name, KEPT), rules.UNMERGE_UNPLACED, True


def _write(half: Half, name: str, given: Parting) -> None:
    """Today's value of a field, with today's origin."""
    half.values[name] = given.now.values.get(name)
    origin = origin_of(given.now.origins, name)
    half.origins = stamp(half.origins, {name: origin.rule}, origin.writer) if origin else forget(half.origins, {name})


# --- addresses, and what follows from them ---


def _addresses(given: Parting, parts: list[Part]) -> dict[str, str]:
    """Address to side. One that is new since the merge could be anybody's of the two."""
    sides: dict[str, str] = dict.fromkeys(given.kept.keys, KEPT) | dict.fromkeys(given.lost.keys, LOST)
    for address in given.now.addresses:
        name = ADDRESS + address.key
        if address.key not in sides:
            sides[address.key] = given.place.get(name, KEPT)
            parts.append(Part(name, address.shown, "", "", sides[address.key], rules.UNMERGE_UNPLACED, True))
    there = given.now.keys
    gone = [a for a in (*given.kept.addresses, *given.lost.addresses) if a.key not in there]
    parts += [Part(ADDRESS + a.key, "", a.shown, "", sides[a.key], rules.UNMERGE_GONE) for a in gone]
    return sides


def _settle(half: Half, side: str, given: Parting, sides: Mapping[str, str]) -> None:
    """Addresses with their primary one, the e-mail that follows from it, and the last activity."""
    was = given.kept if side == KEPT else given.lost
    mine = [a for a in given.now.addresses if sides[a.key] == side]
    primary = _primary(mine, was, given)
    half.addresses = [a._replace(primary=a.key == primary) for a in mine]
    email = next((a.shown for a in half.addresses if a.primary), "")
    if email != (was.values.get("email") or ""):
        half.values["email"] = email
        half.origins = _email_origin(half, email, given)
    times = [was.last_activity, *(a.occurred_at for a in half.arrivals)]
    half.last_activity = max((t for t in times if t is not None), default=None)


def _email_origin(half: Half, email: str, given: Parting) -> dict[str, Any]:
    """Whoever made the address primary wrote it, else who takes the merge back; of no address there is no origin."""
    if not email:
        return forget(half.origins, {"email"})
    origin = origin_of(given.now.origins, "email") if email == given.now.values.get("email") else None
    rule, writer = (origin.rule, origin.writer) if origin else (rules.UNMERGE_BACK, given.writer)
    return stamp(half.origins, {"email": rule}, writer)


def _primary(mine: Sequence[Email], was: Was, given: Parting) -> str:
    """The key of the primary address: what a person made primary since, else the one that was, else the first."""
    keys = [a.key for a in mine]
    before = _primary_of(was.addresses)
    now = _primary_of(given.now.addresses)
    if now in keys and now != _primary_of(given.after.addresses):
        return now
    return before if before in keys else next(iter(keys), "")


def _primary_of(addresses: Iterable[Email]) -> str:
    return next((a.key for a in addresses if a.primary), "")


def _split_mailbox(kept: Half, lost: Half, given: Parting) -> None:
    """A mailbox that turned out to be shared since: on the side whose address strangers wrote from, else on both."""
    if not given.now.shared_mailbox or given.after.shared_mailbox:
        return
    told = {side for side, half in ((KEPT, kept), (LOST, lost)) if any(a.stranger for a in half.arrivals)}
    kept.shared_mailbox |= not told or KEPT in told
    lost.shared_mailbox |= not told or LOST in told
