"""The addresses of a contact, as people add, promote and remove them. An address belongs to one contact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from contacts.domain.changes import Person
from contacts.domain.identity import Address as Read
from contacts.domain.identity import NotAnAddress, is_stand_in, read_address
from contacts.models import Address, Contact
from contacts.services import bulk, story, write
from contacts.services.consent.unsubscribing import BEFORE, follow
from contacts.services.people import Invalid, store, with_contact


def add_address(contact_id: int, text: str, *, user: Any, reason: str = "", at: datetime) -> None:
    """Add an address as an alias, or as the primary one where there is none."""
    address = _read(text)

    def add(contact: Contact, person: Person) -> None:
        taken = Address.objects.select_related("contact").filter(key=address.key).first()
        if taken is not None:
            raise _taken(taken, contact)
        primary = not contact.addresses.filter(primary=True).exists()
        row = (
            contact.pk,
            address.shown,
            address.key,
            primary,
            bulk.as_time(at),
            story.person_name(user),
            None,
        )
        bulk.insert(Address, write.ADDRESS_COLUMNS, [row])
        if primary:
            person.values["email"] = address.shown
        said = f"address added: {address.shown}. {reason}"
        store(contact, person, ["email"] if primary else [], user=user, reason=said, at=at)
        follow([address.key], actor=BEFORE, why=address.shown, at=at)

    with_contact(contact_id, user, add, lambda person: [address.key])


def make_primary(contact_id: int, address_id: int, *, user: Any, reason: str = "", at: datetime) -> None:
    """Make an alias the primary address; the one that was becomes an alias."""

    def promote(contact: Contact, person: Person, address: Address) -> None:
        if address.primary:
            return
        contact.addresses.filter(primary=True).update(primary=False)
        contact.addresses.filter(pk=address.pk).update(primary=True)
        person.values["email"] = address.shown
        said = f"address made primary: {address.shown}. {reason}"
        store(contact, person, ["email"], user=user, reason=said, at=at)

    _on_address(contact_id, address_id, user, promote)


def remove_alias(contact_id: int, address_id: int, *, user: Any, reason: str = "", at: datetime) -> None:
    """Take an alias away. The primary address stays until another one takes its place."""

    def remove(contact: Contact, person: Person, address: Address) -> None:
        if address.primary:
            raise Invalid({"address": "The primary address stays. Make another one primary first."})
        address.delete()
        store(contact, person, [], user=user, reason=f"address removed: {address.shown}. {reason}", at=at)

    _on_address(contact_id, address_id, user, remove)


def _on_address(contact_id: int, address_id: int, user: Any, act: Callable[[Contact, Person, Address], None]) -> None:
    def on_contact(contact: Contact, person: Person) -> None:
        address = contact.addresses.filter(pk=address_id).first()
        if address is None:
            raise Invalid({"address": "This contact has no such address any more."})
        act(contact, person, address)

    def keys(person: Person) -> list[str]:
        return list(Address.objects.filter(pk=address_id).values_list("key", flat=True))

    with_contact(contact_id, user, on_contact, keys)


def _read(text: str) -> Read:
    try:
        address = read_address(text)
    except NotAnAddress as error:
        raise Invalid({"address": f"“{text.strip()[:120]}” is not an address: {error}."}) from None
    if is_stand_in(address.key):
        raise Invalid({"address": f"“{address.shown}” stands for no address: it is nobody’s mailbox."})
    return address


def _taken(taken: Address, contact: Contact) -> Invalid:
    if taken.contact_id == contact.pk:
        return Invalid({"address": f"{taken.shown} is an address of this contact already."})
    said = f"{taken.shown} belongs to {taken.contact}, contact #{taken.contact_id}: an address has one contact."
    return Invalid({"address": said}, taken.contact)
