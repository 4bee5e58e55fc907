"""What a person types into a list's search box, as ways that an index can answer.

Everything is searched from its beginning. The words go through ``domain.identity``, so that case, accents and
punctuation make no difference: "Sean O'Brien", "O'Brien, Sean", "obrien" and "seán ob" all find him.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Q, QuerySet

from contacts.domain.identity import NotAnAddress, NotAPhone, clean, fold, read_address, read_phone
from contacts.lists import ANY, Way
from contacts.models import Address, Arrival, Contact, HubSettings
from contacts.orders import ByBytes, read_id, starts_with
from contacts.services.merged import living_id

LONGEST = 200
_MOST_WORDS = 4
_SEPARATORS = re.compile(r"[\s,;._]+")
_PHONE = re.compile(r"(?:\+|00)?[0-9][0-9 ()./\-]*", re.ASCII)
_ID = re.compile(r"#\s*([0-9][0-9 ,.]*)", re.ASCII)
FROM_THE_BEGINNING = "An address is searched from its beginning: type what stands before the @."
NOTHING_TO_SEARCH = "There is no letter or digit in that to search for."


@dataclass
class Search:
    """The ways to answer a search; ``problem`` says why there is none."""

    ways: list[Way] = field(default_factory=list)
    problem: str = ""


def search_contacts(typed: str) -> Search:
    """Contacts by name, address, company, phone or #number."""
    text = clean(typed[:LONGEST])
    number = _number(text)
    if number is not None:
        return Search([_contact_way(number)])
    if text.startswith("@"):
        return Search(problem=FROM_THE_BEGINNING)
    if "@" in text:
        return Search([_address_way(text)])
    words = _words(text)
    if not words:
        return Search(problem=NOTHING_TO_SEARCH)
    ways = _phone_ways(text) + _name_ways(words)
    if " " not in text:
        ways.append(_address_way(text))
    ident = read_id(text)
    return Search(ways + ([_contact_way(ident)] if ident else []))


def _contact_way(number: int) -> Way:
    """The contact that a number leads to, also where it was merged into another."""
    return Way(Contact.objects.filter(pk=living_id(number)).values_list("pk", flat=True))


def search_arrivals(typed: str) -> Search:
    """Arrivals by address, last name (and first), or #number."""
    text = clean(typed[:LONGEST])
    number = _number(text)
    if number is not None:
        return Search([Way(Arrival.objects.filter(pk=number).values_list("pk", flat=True))])
    if text.startswith("@"):
        return Search(problem=FROM_THE_BEGINNING)
    words = _words(text)
    if not words:
        return Search(problem=NOTHING_TO_SEARCH)
    ways = [_arrival_way("email_key", _address_key(text))] if " " not in text or "@" in text else []
    if "@" not in text:
        ways.append(_arrival_way("who_key", "".join(words)))
        for first, last in _splits(words):
            ways.append(_arrival_way("who_key", f"{last} {first}"))
            ways.append(_arrival_way("who_key", last, Q(who_key__contains=f" {first}")))
    ident = read_id(text)
    return Search(ways + ([Way(Arrival.objects.filter(pk=ident).values_list("pk", flat=True))] if ident else []))


def _number(text: str) -> int | None:
    match = _ID.fullmatch(text)
    return read_id(re.sub(r"[ ,.]", "", match[1])) if match else None


def _words(text: str) -> list[str]:
    words = [word for part in _SEPARATORS.split(text) if (word := fold(part))]
    if len(words) <= _MOST_WORDS:
        return words
    return [*words[: _MOST_WORDS - 1], "".join(words[_MOST_WORDS - 1 :])]


def _splits(words: list[str]) -> list[tuple[str, str]]:
    """First and last name, at each place where the words can part, both ways round."""
    halves = [("".join(words[:n]), "".join(words[n:])) for n in range(1, len(words))]
    return list(dict.fromkeys([*halves, *((b, a) for a, b in halves)]))


def _by(rows: QuerySet[Any], column: str, prefix: str, ident: str = "pk") -> QuerySet[Any]:
    """Ids of the rows whose column begins so, in the order of its index."""
    return rows.filter(starts_with(column, prefix)).order_by(ByBytes(F(column))).values_list(ident, flat=True)


def _name_ways(words: list[str]) -> list[Way]:
    """By last name, first name or company as a whole, and by each split: the first name whole, then begun."""
    people, whole = Contact.objects.all(), "".join(words)
    ways = [Way(_by(people, column, whole)) for column in ("sort_key", "person_key", "company_key")]
    for first, last in _splits(words):
        ways.append(Way(_by(people, "person_key", f"{first}|{last}")))
        ways.append(Way(_by(people, "sort_key", last), starts_with("person_key", first)))
    return ways


def _arrival_way(column: str, prefix: str, checked: Q = ANY) -> Way:
    return Way(_by(Arrival.objects.all(), column, prefix), checked)


def _address_way(text: str) -> Way:
    return Way(_by(Address.objects.all(), "key", _address_key(text), "contact_id"))


def _address_key(text: str) -> str:
    """A whole address as it is compared, or the beginning of one as far as it was typed."""
    try:
        return read_address(text).key
    except NotAnAddress:
        return text.lower().replace("ς", "σ")


def _phone_ways(text: str) -> list[Way]:
    """By the beginning of an international number, or by a whole one of the hub's own region."""
    if not _PHONE.fullmatch(text):
        return []
    digits = re.sub(r"[^0-9]", "", text)
    if text.startswith(("+", "00")):
        return [_phone_way("+" + digits.removeprefix("00") if text[0] != "+" else "+" + digits)]
    try:
        return [_phone_way(read_phone(text, HubSettings.load().default_region))]
    except NotAPhone:
        return []


def _phone_way(prefix: str) -> Way:
    """A range up to the next number of this length, as PostgreSQL's index on phones is a plain one."""
    numbers = Contact.objects.exclude(phone="").filter(phone__gte=prefix)
    end = prefix.rstrip("9")
    if end != "+":
        numbers = numbers.filter(phone__lt=end[:-1] + chr(ord(end[-1]) + 1))
    return Way(numbers.order_by("phone").values_list("pk", flat=True))
