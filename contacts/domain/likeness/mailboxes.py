"""E-mail addresses of two contacts are never equal, and yet say a lot: tags, dots, slips, and names in them."""

from __future__ import annotations

import re

from rapidfuzz.distance import OSA

from contacts.domain.identity import fold

#: Mailboxes of an office, not of a person (RFC 2142 names many; the rest are everyday ones).
_OFFICES = frozenset(
    """
    abuse accounting accounts admin administration ap ar billing bookings buero career careers contact contacto
    customerservice enquiries enquiry feedback finance frontdesk hello help helpdesk hi hostmaster hr info
    information inquiries inquiry invoice invoices jobs kontakt legal mail mailbox marketing media news newsletter
    noc noreply office order orders partner partners postmaster pr press privacy procurement purchasing reception
    recruiting reservations root sales security service services shop staff support team test user webmaster
    welcome
    """.split()
)
# Google delivers j.doe and jdoe to one mailbox; nobody else is known to.
_WITHOUT_DOTS = frozenset(("gmail.com", "googlemail.com"))
_LETTERS_APART = re.compile(r"[._-]+")
_LEAST_TELLING, _SLIP_FROM = 4, 6


def mailbox(address: str) -> str:
    """The mailbox that an address (a key) reaches: without its +tag, and for Google's without dots."""
    local, _, domain = address.rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _WITHOUT_DOTS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def telling_local(box: str) -> str:
    """What stands before the @, folded, if it could be one person's; "" for offices and short ones."""
    local = fold(box.rpartition("@")[0])
    return "" if local in _OFFICES or len(local) < _LEAST_TELLING else local


def name_in(box: str) -> tuple[str, str]:
    """The first and last name that an address spells: jane.doe@ has both, jdoe@ an initial; else two ""."""
    local = box.rpartition("@")[0]
    if not telling_local(box):
        return "", ""
    words = [word for word in (part.strip("0123456789") for part in _LETTERS_APART.split(local)) if word]
    if not all(map(str.isalpha, words)):
        return "", ""
    if len(words) == 2:
        return words[0], words[1]
    return (words[0][0], words[0][1:]) if len(words) == 1 and len(words[0]) >= _LEAST_TELLING else ("", "")


def is_from_name(local: str, first: str, last: str) -> bool:
    """Whether a (folded) local part only says what the (folded) names say: then it is no evidence beside them."""
    letters = local.strip("0123456789")
    if not first or not last:
        return letters in (first, last) and bool(letters)
    return letters in (
        first + last, last + first, first[0] + last, last + first[0], first + last[0], first, last,
        first[0] + last[0], last[0] + first,
    )  # fmt: skip


def is_slip(a: str, b: str) -> bool:
    """Whether two mailboxes differ by one slip of the hand, or two in long ones, on one side of the @."""
    local_a, _, domain_a = a.rpartition("@")
    local_b, _, domain_b = b.rpartition("@")
    if domain_a == domain_b:
        return _one_slip(local_a, local_b)
    return local_a == local_b and _one_slip(domain_a, domain_b)


def _one_slip(a: str, b: str) -> bool:
    if abs(len(a) - len(b)) > 1 or min(len(a), len(b)) < _SLIP_FROM:
        return False
    if a.strip("0123456789") == b.strip("0123456789"):
        return False  # jane1 and jane2 are two
    return OSA.distance(a, b, score_cutoff=1) <= 1
