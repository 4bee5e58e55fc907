"""The duplicate audit of 1,000,000 contacts beside a bare SQL GROUP BY of the same keys, in the same run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import connection, transaction
from django.utils import timezone
from people import person

from contacts.domain.changes import Person
from contacts.domain.origins import Writer, fresh
from contacts.models import Address, Contact, Source
from contacts.services import bulk, contact_rows, write
from syncrules.services import audit, health

MANY, STEP = 1_000_000, 20_000
#: One in so many contacts has the name and the company of another.
ONE_IN = 40
FIELDS = ["first_name", "last_name", "email", "phone", "company", "job_title", "country"]
#: What the audit groups by, and nothing else.
BARE = (
    "SELECT lower(email), count(*) FROM contacts_contact WHERE email <> '' GROUP BY lower(email) HAVING count(*) > 1",
    "SELECT person_key, count(*) FROM contacts_contact WHERE person_key <> '' GROUP BY person_key HAVING count(*) > 1",
)
#: The same by the address's stored key, which an index has already in order.
STORED = ("SELECT key, count(*) FROM contacts_address GROUP BY key HAVING count(*) > 1", BARE[1])
TURNS = 3


def run(say: Callable[..., None]) -> None:
    """Print the seconds of each, their ratio, and what the front page's figures cost afterwards."""
    start = (Contact.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    source = Source.objects.order_by("pk").first()
    for first in range(0, MANY, STEP):
        _grow(start, first, source.pk)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    times: dict[str, list[float]] = {"bare": [], "stored": [], "audit": []}
    for _ in range(TURNS):
        times["bare"].append(_bare(BARE))
        times["stored"].append(_bare(STORED))
        began = time.perf_counter()
        made = audit.start(None, "bench", timezone.now())
        audit.work(made.pk)
        times["audit"].append(time.perf_counter() - began)
    made.refresh_from_db()
    bare, stored, ours = (statistics.median(times[name]) for name in ("bare", "stored", "audit"))
    say(f"duplicate audit of {made.contacts:,} contacts, {made.duplicates:,} too many in {made.groups:,} groups:")
    say(f"  bare GROUP BY {bare:.2f} s, by stored keys {stored:.2f} s, the audit with its groups kept {ours:.2f} s")
    say(f"  the audit takes {ours / bare:.1f} times a bare GROUP BY of its keys, {ours / stored:.1f} of stored ones")
    _health(say)


def _health(say: Callable[..., None]) -> None:
    began = time.perf_counter()
    health.work(health.start("bench", timezone.now()).pk)
    worked = time.perf_counter() - began
    began = time.perf_counter()
    assert health.latest() is not None
    front = (time.perf_counter() - began) * 1000
    say(f"  a health report {worked:.1f} s; its figures for the front page {front:.1f} ms")


def _bare(statements: tuple[str, ...]) -> float:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)
            cursor.fetchall()
    return time.perf_counter() - began


def _grow(start: int, first: int, source: int) -> None:
    at = datetime(2026, 4, 1, tzinfo=UTC)
    moment, writer = bulk.as_time(at), Writer("source", "bench", at.isoformat())
    contacts, addresses = [], []
    for n in range(first, first + STEP):
        like = n - 7 if n % ONE_IN == 7 else n
        firm = f"firm{like % 20011}.example"
        values = dict(zip(FIELDS, person(like, full=True), strict=False))
        values |= {"source": source, "phone": "", "company_domain": firm, "email": f"p{n}@{firm}"}
        one = Person(values, fresh(dict.fromkeys(values, "created"), writer), id=start + n, addresses=[])
        contacts.append(contact_rows.contact_row(one, moment, moment))
        addresses.append((start + n, values["email"], values["email"], True, moment, "bench", None))
    with transaction.atomic():
        bulk.insert(Contact, contact_rows.CONTACT_COLUMNS, contacts)
        bulk.insert(Address, write.ADDRESS_COLUMNS, addresses)
