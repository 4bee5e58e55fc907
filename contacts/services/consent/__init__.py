"""The ledger of consent as a service: what was said goes in (``append``), what stands comes out."""

from contacts.services.consent.ledger import Said, append
from contacts.services.consent.reading import every_standing, of_addresses, of_contact, of_contacts, stopped

__all__ = ["Said", "append", "every_standing", "of_addresses", "of_contact", "of_contacts", "stopped"]
