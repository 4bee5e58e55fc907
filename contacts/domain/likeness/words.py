"""Findings in words that a sales-ops person reads."""

from __future__ import annotations

from collections.abc import Iterator

from contacts.domain.likeness import firms, further, naming, scoring, weights
from contacts.domain.likeness.population import Population
from contacts.domain.likeness.profiles import Evidence
from contacts.domain.likeness.scoring import Findings
from contacts.domain.likeness.spellings import Spelling

_FIRST = {
    naming.SAME: "both {a}",
    naming.PART: "{short} is part of {long}",
    naming.SHORT: "{a} and {b} may be short for one name",
    naming.INITIAL: "{short} may stand for {long}",
    naming.SOUND: "{a} and {b} sound alike",
    naming.SLIP: "{a} and {b} differ by a typing slip",
    naming.UNLIKE: "{a} and {b} are not alike",
    naming.OTHER: "{a} and {b} are two different names",
}
_FIRM = {
    firms.DOMAIN: "both at {domain}",
    firms.NAME: "{a} and {b} are one company's name",
    firms.VARIANT: "{a} and {b} may be one company",
    firms.OTHER: "{a} and {b}: may have moved",
    scoring.OLD: "one has an old address at {domain}",
}
_PHONE = {
    scoring.SAME: "the same number",
    scoring.SLIP: "the numbers differ by one slip",
    scoring.DIFFERENT: "different numbers",
    scoring.CROWD: "the same number, but many share it",
}
_BOX = {
    scoring.SAME: "{a} and {b} reach one mailbox",
    scoring.SLIP: "{a} and {b} differ by one slip",
    scoring.FROM_NAME: "the same name before the @",
    scoring.RARE: "the same before the @, and few have that",
}
_FURTHER = {
    further.SAME: "both {a}",
    further.NEAR: "{a} and {b} differ by one slip",
    further.LIKE: "{a} and {b} are like each other",
    further.OTHER: "{a} and {b}",
    further.ELSEWHERE: "the same, in another field",
}


def evidence(everyone: Population, a: int, b: int, found: Findings) -> tuple[Evidence, ...]:
    """What each field says about the contacts at two places, in the order of a contact's page."""
    told = (*_names(everyone, a, b, found), *_rest(everyone, a, b, found))
    return tuple(Evidence(field, text, round(bits, 1)) for field, text, bits in told)


def _names(everyone: Population, a: int, b: int, found: Findings) -> Iterator[tuple[str, str, float]]:
    (first_a, last_a), (first_b, last_b) = everyone.names(a), everyone.names(b)
    named = found.named
    if named.swapped:
        yield (
            "name",
            f"first and last name swapped: {_whole(first_a, last_a)} and {_whole(first_b, last_b)}",
            (found.name_bits),
        )
        return
    if named.first[0] != naming.MISSING:
        yield "first name", _part_words(named.first[0], first_a, first_b), named.first[1]
    if named.last[0] != naming.MISSING:
        yield "last name", _part_words(named.last[0], last_a, last_b), found.name_bits - named.first[1]
    if named.generations:
        yield "last name", f"{last_a.shown} and {last_b.shown} may be two generations", weights.GENERATION
    for place in (a, b):
        if everyone.name_from_address[place] and everyone.first[place]:
            yield "name", f"read off {everyone.boxes[place].partition(' ')[0]}", weights.FROM_ADDRESS


def _part_words(finding: str, a: Spelling, b: Spelling) -> str:
    if finding == naming.NICKNAME:
        nick, full = sorted((a, b), key=lambda one: (len(one.folded), one.folded))
        if not (nick.forms and full.folded in nick.forms):
            nick, full = full, nick
        return f"{nick.shown} is short for {full.shown}"
    short, long = sorted((a.shown, b.shown), key=lambda name: (len(name), name))
    low, high = sorted((a.shown, b.shown))
    return _FIRST[finding].format(a=low, b=high, short=short, long=long)


def _whole(first: Spelling, last: Spelling) -> str:
    return f"{first.shown} {last.shown}"


def _rest(everyone: Population, a: int, b: int, found: Findings) -> Iterator[tuple[str, str, float]]:
    if found.firm[0] != firms.MISSING:
        mine, theirs = (everyone.firms.items[everyone.firm[place]] for place in (a, b))
        low, high = sorted((mine.shown, theirs.shown))
        domain = _common_domain(everyone, a, b, found.firm[0])
        yield "company", _FIRM[found.firm[0]].format(a=low, b=high, domain=domain), found.firm[1]
    if found.phone[0] != scoring.MISSING:
        yield "phone", _PHONE[found.phone[0]], found.phone[1]
    if found.box[0] in _BOX:
        low, high = sorted(everyone.boxes[place].partition(" ")[0] for place in (a, b))
        yield "e-mail", _BOX[found.box[0]].format(a=low, b=high), found.box[1]
    for number, finding, bits in found.further:
        column = everyone.further[number]
        low, high = sorted(column.shown[column.values[place]] for place in (a, b))
        yield column.field.label, _FURTHER[finding].format(a=low, b=high), bits


def _common_domain(everyone: Population, a: int, b: int, finding: str) -> str:
    mine, theirs = (everyone.firms.items[everyone.firm[place]] for place in (a, b))
    if finding == scoring.OLD:
        return theirs.domain if theirs.domain_key in everyone.old_domains.get(a, frozenset()) else mine.domain
    return mine.domain or theirs.domain or mine.shown
