"""From raw values to match keys: the front door of everything that reads a value.

Nothing outside this package normalises an address, a name, a company, a country or a phone number again.
"""

from __future__ import annotations

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
    "Address", "Country", "Domain", "NotAPhone", "NotAnAddress",
    "clean", "company_domain", "company_key", "fold", "full_person_key", "is_blank", "is_shared_host",
    "is_stand_in", "person_key", "read_address", "read_country", "read_phone", "registrable",
    "share_a_name", "sort_key", "split_name", "tokens",
]  # fmt: skip
