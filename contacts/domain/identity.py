"""From a raw record to its match keys: the front door of everything that reads a value.

Nothing outside this package normalises an address, a name, a company, a country or a phone number again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from contacts.domain.addresses import Address, NotAnAddress, is_stand_in, read_address
from contacts.domain.blanks import clean, is_blank
from contacts.domain.companies import Domain, company_domain, company_key, is_shared_host, registrable
from contacts.domain.countries import Country, read_country
from contacts.domain.names import (
    fold,
    full_person_key,
    person_key,
    share_a_name,
    sort_key,
    split_name,
    tokens,
)
from contacts.domain.phones import NotAPhone, read_phone

__all__ = [
    "Address", "Country", "Domain", "Keys", "NotAPhone", "NotAnAddress",
    "clean", "company_domain", "company_key", "fold", "full_person_key", "is_blank", "is_shared_host",
    "is_stand_in", "match_keys", "person_key", "read_address", "read_country", "read_phone", "registrable",
    "share_a_name", "sort_key", "split_name", "tokens",
]  # fmt: skip


class Keys(NamedTuple):
    """What a record may be matched by. An empty key matches nothing."""

    address: Address | None
    person: str
    phone: str
    company: str
    domain: str
    domain_how: str


def match_keys(values: Mapping[str, str], region: str = "") -> Keys:
    """The keys of a record, by our field names; never raises.

    ``region`` is the one its source names; the record's own country goes before it. A value that can't be
    read gives no key: whoever must say why reads it with ``read_address`` or ``read_phone``.
    """
    address = _address(_value(values, "email"))
    company = company_domain(_value(values, "company_domain"), address.domain if address else "")
    domain, how = company or ("", "")
    first, last = _value(values, "first_name"), _value(values, "last_name")
    country = read_country(_value(values, "country"))
    return Keys(
        address=address,
        person=full_person_key(first, last, domain),
        phone=_phone(_value(values, "phone"), country.code if country else region),
        company=company_key(_value(values, "company")),
        domain=domain,
        domain_how=how,
    )


def _value(values: Mapping[str, str], field: str) -> str:
    text = values.get(field, "")
    return "" if not text or is_blank(text, field) else text


def _address(text: str) -> Address | None:
    try:
        address = read_address(text) if text else None
    except NotAnAddress:
        return None
    return None if address is None or is_stand_in(address.key) else address


def _phone(text: str, region: str) -> str:
    try:
        return read_phone(text, region) if text else ""
    except NotAPhone:
        return ""
