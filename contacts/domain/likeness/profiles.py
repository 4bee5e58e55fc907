"""What the search for likely duplicates is given, and what it answers with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

FieldType = Literal["text", "number", "date", "choice"]

NOTHING: Mapping[str, str] = {}


class Profile(NamedTuple):
    """What is compared of one contact, as it is stored; "" where there is nothing.

    ``addresses`` are keys of e-mail addresses, the primary one first. ``further`` has the values of further
    fields by slug: what ops defined, such as a date of birth, a postcode or a customer number.
    """

    id: int
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    domain: str = ""
    phone: str = ""
    addresses: tuple[str, ...] = ()
    further: Mapping[str, str] = NOTHING


class FurtherField(NamedTuple):
    """A field beyond the hub's own ones: its slug, what people call it, and what its values are."""

    slug: str
    label: str
    type: FieldType = "text"


class Evidence(NamedTuple):
    """What one field says about a pair. ``bits`` is its weight: above 0 for one person, below for two."""

    field: str
    text: str
    bits: float

    def __str__(self) -> str:
        return f"{self.field}: {self.text}"


class Pair(NamedTuple):
    """Two contacts that look like one person. Of 100 pairs with a score of 90 about 90 should be one person."""

    low_id: int
    high_id: int
    score: int
    evidence: tuple[Evidence, ...] = ()
