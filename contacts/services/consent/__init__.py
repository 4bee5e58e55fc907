"""The ledger of consent as a service: what was said goes in (``append``), what stands comes out."""

from contacts.services.consent.ledger import Said, append
from contacts.services.consent.reading import every_standing, of_addresses, of_contact, of_contacts, stopped
from contacts.services.consent.showing import opt_in, opt_in_of

__all__ = [
    "Said",
    "append",
    "every_standing",
    "of_addresses",
    "of_contact",
    "of_contacts",
    "opt_in",
    "opt_in_of",
    "stopped",
]
