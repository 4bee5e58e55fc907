"""Kit of the tests of the lists."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from contacts import lists
from contacts.domain.identity import company_key, person_key, read_address, sort_key
from contacts.models import Address, Arrival, Contact, Source, Stage
from contacts.roles import ROLES

NOW = datetime(2026, 3, 17, 9, 40, tzinfo=UTC)


def make_contact(first: str = "", last: str = "", email: str = "", **values: Any) -> Contact:
    """A contact with the keys that the writer would give it."""
    contact = Contact.objects.create(
        first_name=first,
        last_name=last,
        email=email,
        created_at=NOW,
        updated_at=NOW,
        sort_key=sort_key(first, last),
        person_key=person_key(first, last, values.get("company_domain", "")),
        company_key=company_key(values.get("company", "")),
        **values,
    )
    if email:
        shown, key, _ = read_address(email)
        Address.objects.create(contact=contact, shown=shown, key=key, added_at=NOW, added_by="test")
    return contact


def make_source(slug: str = "form", **values: Any) -> Source:
    stage, _ = Stage.objects.get_or_create(slug="new-lead", defaults={"label": "New Lead", "rank": 10})
    return Source.objects.create(slug=slug, name=values.pop("name", slug.title()), entry_stage=stage, **values)


def make_arrival(**values: Any) -> Arrival:
    return Arrival.objects.create(**{"door": "api", "received_at": NOW, "outcome": "created", "raw": {}} | values)


def client_with(*rights: str, name: str = "somebody") -> Client:
    """Somebody on the staff with exactly these rights of the contacts app."""
    user = User.objects.create_user(name, is_staff=True, first_name="Priya")
    user.user_permissions.set(Permission.objects.filter(codename__in=rights, content_type__app_label="contacts"))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def as_role(role: str) -> Client:
    group = Group.objects.create(name=role)
    group.permissions.set(Permission.objects.filter(codename__in=ROLES[role], content_type__app_label="contacts"))
    client = client_with(name=role)
    User.objects.get(username=role).groups.add(group)
    return client


def every_page(listing: lists.Listing, *, backwards: bool) -> list[list[int]]:
    """The ids of all pages, following the ways on from one end to the other."""
    pages, cursor = [], None
    for _ in range(100):
        shown = lists.page(listing, cursor, backwards=backwards)
        pages.append([row.pk for row in shown.rows])
        onwards = shown.previous if backwards else shown.next
        if onwards is None:
            return pages
        cursor = listing.order.read(onwards)
    raise AssertionError("the pages never end")
