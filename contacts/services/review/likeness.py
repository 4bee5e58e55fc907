"""What speaks for it that an arrival is about a candidate, in words, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from contacts.domain import queue
from contacts.domain.changes import Incoming
from contacts.domain.identity import fold

NAMES = (("first_name", "first name"), ("last_name", "last name"))
OTHERS = (("company_domain", "company domain"), ("company", "company"), ("phone", "phone"))


class Likeness(NamedTuple):
    """One candidate: a score of 0 to 100, that in words, and what is the same and what is not."""

    score: int
    sure: str
    same: Sequence[str]
    other: Sequence[str]


def likeness(incoming: Incoming, values: Mapping[str, Any], addresses: Sequence[str]) -> Likeness:
    """An arrival beside a contact, by the keys that the decision tree goes by."""
    mine = incoming.values | {"company_domain": incoming.domain}
    same, other = list[str](), list[str]()
    if incoming.address is not None and incoming.address.key in addresses:
        same.append("address")
    for name, words in (*NAMES, *OTHERS):
        one, two = str(mine.get(name) or ""), str(values.get(name) or "")
        if one and two:
            (same if fold(one) == fold(two) else other).append(words)
    if "company domain" in same and "company" in same:
        same.remove("company")
    score = _score(same, mine, values)
    return Likeness(score, queue.sureness(score), same, other)


def _score(same: Sequence[str], mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> int:
    if "address" in same:
        return queue.SAME_ADDRESS
    if {"first name", "last name", "company domain"} <= set(same):
        return queue.SAME_NAME
    alike = queue.alike(mine, theirs)
    if "phone" in same:
        return queue.SAME_PHONE_AND_A_NAME if alike else queue.SAME_PHONE
    return queue.ALIKE if alike else 0


def sentence(letter: str, found: Likeness) -> str:
    """ "A has the same first name, last name and company domain, but another phone."."""
    names = [word for word in found.other if word != "company"]
    but = f", but another {listed(names)}" if names and found.same else ""
    return f"{letter} has the same {listed(found.same)}{but}." if found.same else f"{letter} shares nothing any more."


def listed(words: Sequence[str]) -> str:
    """ "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
