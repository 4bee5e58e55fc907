"""Which records are one person, by what they share: an address first, then name and company domain. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from contacts.domain.identity import (
    NotAnAddress,
    company_domain,
    full_person_key,
    is_blank,
    is_stand_in,
    read_address,
)

#: The values of a record that tell who it is, by the hub's names for them.
EMAIL, FIRST, LAST, FIRM = "email", "first_name", "last_name", "company_domain"


class By(StrEnum):
    """What the records of a group share."""

    ADDRESS = "address"
    NAME = "name"


class Keys(NamedTuple):
    """What a record is grouped by; "" where it has none."""

    id: str
    address: str
    name: str


class Found(NamedTuple):
    """A group: what its records share, and their ids in the order in which they were read."""

    by: By
    key: str
    ids: tuple[str, ...]


def keys_of(record: str, email: str, first: str, last: str, firm: str) -> Keys:
    """The keys of a record, made as the hub makes them of every arrival; ``firm`` is a domain or a website."""
    key, host = "", ""
    if not is_blank(email, EMAIL):
        try:
            address = read_address(email)
            key, host = ("", "") if is_stand_in(address.key) else (address.key, address.domain)
        except NotAnAddress:
            pass
    domain = company_domain("" if is_blank(firm, FIRM) else firm, host)
    first, last = ("" if is_blank(part, FIRST) else part for part in (first, last))
    return Keys(record, key, full_person_key(first, last, domain.name if domain else ""))


def group(records: Iterable[Keys], apart: frozenset[tuple[str, str]] = frozenset()) -> list[Found]:
    """All groups: by address first, then by name and domain among what is left of those.

    ``apart`` are pairs of ids of which a person said that they are two; they never stand in one group by name.
    """
    by_address, by_name = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for record in records:
        if record.address:
            by_address[record.address].append(record.id)
        if record.name:
            by_name[record.name].append(record.id)
    return group_shared(
        ((key, ids) for key, ids in by_address.items() if len(ids) > 1),
        ((key, ids) for key, ids in by_name.items() if len(ids) > 1),
        apart,
    )


def group_shared(
    by_address: Iterable[tuple[str, Sequence[str]]],
    by_name: Iterable[tuple[str, Sequence[str]]],
    apart: frozenset[tuple[str, str]] = frozenset(),
) -> list[Found]:
    """The same from keys that several records share, each with the ids of those."""
    found, stands_for = [], dict[str, str]()
    for key, ids in by_address:
        once = tuple(dict.fromkeys(ids))
        if len(once) > 1:
            found.append(Found(By.ADDRESS, key, once))
            stands_for |= dict.fromkeys(once, once[0])
    joined = _Joined()
    for key, ids in by_name:
        for part in _parted(list(dict.fromkeys(stands_for.get(i, i) for i in ids)), apart):
            joined.join(key, part)
    return found + joined.groups()


def _parted(ids: list[str], apart: frozenset[tuple[str, str]]) -> Iterable[list[str]]:
    """The ids as they are, or where some are known to be different people, as the groups that may be one."""
    if not apart or len(ids) < 2:
        return [ids]
    parts: list[list[str]] = []
    for one in ids:
        fits = (p for p in parts if not any((a, one) in apart or (one, a) in apart for a in p))
        home = next(fits, None)
        if home is None:
            parts.append([one])
        else:
            home.append(one)
    return parts


class _Joined:
    """Groups by name; a record with two names (of the records that it stands for) joins both."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[str, list[str]]] = {}

    def join(self, key: str, ids: list[str]) -> None:
        if len(ids) < 2:
            return
        whole: tuple[str, list[str]] | None = None
        for one in ids:
            mine = self._of.get(one)
            if whole is None:
                whole = mine or (key, [one])
            elif mine is None:
                whole[1].append(one)
            elif mine is not whole:
                whole[1].extend(mine[1])
            for member in whole[1]:
                self._of[member] = whole

    def groups(self) -> list[Found]:
        once = {id(whole): whole for whole in self._of.values()}
        return [Found(By.NAME, key, tuple(ids)) for key, ids in once.values()]
