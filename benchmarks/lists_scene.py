"""The lists at 10,000 and at 1,000,000 contacts and arrivals: first page, a page deep inside, and search."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from people import person

from contacts.domain.changes import Person
from contacts.domain.identity import Address
from contacts.domain.origins import Writer, fresh
from contacts.models import Address as AddressRow
from contacts.models import Arrival, Contact, Source
from contacts.services import bulk, contact_rows, write

PAGES = {
    "contacts, first page": "/admin/contacts/",
    "contacts, by name": "/admin/contacts/?order=name",
    "contacts, deep inside": "/admin/contacts/?from=5000",
    "contacts, search by name": "/admin/contacts/?q=smithaa",
    "contacts, search by address": "/admin/contacts/?q=p77@firm",
    "arrivals, first page": "/admin/arrivals/",
    "arrivals, deep inside": "/admin/arrivals/?from=5000",
    "arrivals, search by address": "/admin/arrivals/?q=p77@firm",
}
SMALL, LARGE, STEP = 10_000, 1_000_000, 10_000


def run(say: Callable[..., None]) -> None:
    """Print the milliseconds of each page at both sizes."""
    User.objects.create_superuser("bench", password="bench")
    Arrival.objects.all().delete()
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(username="bench"), "django.contrib.auth.backends.ModelBackend")
    start = (Contact.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    source = Source.objects.first()
    grow(start, SMALL, source.pk)
    small = _measure(client)
    for done in range(SMALL, LARGE, STEP):
        grow(start + done, STEP, source.pk)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    large = _measure(client)
    say(f"lists, ms at {SMALL:,} and {LARGE:,} more rows:")
    for name in PAGES:
        say(f"  {name:30} {small[name]:6.1f} {large[name]:6.1f}   {large[name] / small[name]:.2f} times")


def _measure(client: Client) -> dict[str, float]:
    found = {}
    for name, path in PAGES.items():
        times = []
        for _ in range(7):
            started = time.perf_counter()
            assert client.get(path, follow=True).status_code == 200, path
            times.append((time.perf_counter() - started) * 1000)
        found[name] = statistics.median(times)
    return found


def grow(first: int, count: int, source: int) -> None:
    at = datetime(2026, 4, 1, tzinfo=UTC)
    moment, writer = bulk.as_time(at), Writer("source", "bench", at.isoformat())
    contacts, addresses, arrivals = [], [], []
    for n in range(first, first + count):
        names = ["first_name", "last_name", "email", "phone", "company", "job_title", "country"]
        values = dict(zip(names, person(n, full=True), strict=False)) | {"source": source, "phone": ""}
        one = Person(values, fresh(dict.fromkeys(values, "created"), writer), id=n, addresses=[])
        address = Address(values["email"], values["email"], "x")
        contacts.append(contact_rows.contact_row(one, moment, moment))
        addresses.append((n, address.shown, address.key, True, moment, "bench", n))
        sort = contact_rows.match_keys(values)[1]
        arrivals.append((n, source, "", None, None, "api", "bench", moment, None, None, "", "", "{}", address.key,
                         f"{values['first_name']} {values['last_name']}", sort, "created", "Nothing matched.", "[]",
                         n, None, None))  # fmt: skip
    bulk.insert(Contact, contact_rows.CONTACT_COLUMNS, contacts)
    bulk.insert(AddressRow, write.ADDRESS_COLUMNS, addresses)
    bulk.insert(Arrival, write.ARRIVAL_COLUMNS, arrivals)
