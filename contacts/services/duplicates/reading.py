"""Contacts as the search sees them: plain rows, a page at a time, so that a million need little memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from django.db import connection

from contacts.domain.likeness import FieldType, FurtherField, Profile
from contacts.models import Contact, CustomField, Merge, NotSame, Review, ReviewCandidate
from contacts.services.merged import living_ids

PAGE = 20_000
#: The hub's own fields that say a little, beside those that ops define.
OWN_FIELDS = (FurtherField("job_title", "Job title", "choice"), FurtherField("country", "Country", "choice"))
_TYPES: dict[str, FieldType] = {
    CustomField.Type.TEXT: "text",
    CustomField.Type.NUMBER: "number",
    CustomField.Type.DATE: "date",
    CustomField.Type.CHOICE: "choice",
}
_CONTACTS = (
    "SELECT id, first_name, last_name, company, company_domain, phone, job_title, country, custom "
    "FROM contacts_contact WHERE id > %s ORDER BY id LIMIT %s"
)
_ADDRESSES = (
    "SELECT contact_id, key FROM contacts_address WHERE contact_id > %s AND contact_id <= %s "
    'ORDER BY "primary" DESC, id'
)


def further_fields() -> list[FurtherField]:
    """The fields that count as evidence: those that describe a person and have values worth comparing."""
    told = CustomField.objects.filter(type__in=_TYPES, describes_person=True).order_by("slug")
    return [*OWN_FIELDS, *(FurtherField(field.slug, field.label, _TYPES[field.type]) for field in told)]


def count() -> int:
    """How many contacts there are to look at."""
    return Contact.objects.count()


def profiles(fields: list[FurtherField]) -> Iterator[Profile]:
    """All contacts, two queries a page."""
    slugs = [field.slug for field in fields[len(OWN_FIELDS) :]]
    after = 0
    while rows := _rows(_CONTACTS, after, PAGE):
        addresses: dict[int, tuple[str, ...]] = {}
        for contact, key in _rows(_ADDRESSES, after, rows[-1][0]):
            addresses[contact] = (*addresses.get(contact, ()), key)
        for row in rows:
            yield _profile(row, addresses.get(row[0], ()), slugs)
        after = rows[-1][0]


def known_different() -> set[tuple[int, int]]:
    """Pairs of which a person said that they are two, as they are called today."""
    home = living_ids(Merge.objects.filter(undone_at=None).values_list("lost_id", flat=True))
    said = NotSame.objects.values_list("low_id", "high_id").iterator(PAGE)
    today = ((home.get(low, low), home.get(high, high)) for low, high in said)
    return {(min(pair), max(pair)) for pair in today}


def in_open_cases() -> dict[int, set[int]]:
    """Contact to the open cases about likely duplicates that it is in."""
    waiting = ReviewCandidate.objects.filter(review__kind=Review.Kind.PAIR, review__status=Review.Status.OPEN)
    found: dict[int, set[int]] = {}
    for contact, case in waiting.values_list("contact_id", "review_id").iterator(PAGE):
        found.setdefault(contact, set()).add(case)
    return found


def _profile(row: tuple[Any, ...], addresses: tuple[str, ...], slugs: list[str]) -> Profile:
    ident, first, last, company, domain, phone, job_title, country, custom = row
    further = {}
    if job_title:
        further["job_title"] = job_title
    if country:
        further["country"] = country
    if slugs and custom != "{}":
        values = orjson.loads(custom)
        further.update((slug, str(values[slug])) for slug in slugs if values.get(slug) not in (None, ""))
    return Profile(ident, first, last, company, domain, phone, addresses, further)


def _rows(sql: str, *params: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()
