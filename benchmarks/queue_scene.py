"""The review queue at 1,000 and at 100,000 open cases: the list, one case, and deciding it with the next one opened."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.color import no_style
from django.db import connection
from django.db.models import Max
from django.test import Client
from people import person

from contacts.domain.changes import Person
from contacts.domain.origins import Writer, fresh
from contacts.models import Address, Arrival, Contact, Review, ReviewCandidate, Source
from contacts.services import bulk, contact_rows, write
from contacts.services.review.basis import basis_of
from contacts.services.review.cases import load

SMALL, LARGE, STEP = 1_000, 100_000, 10_000
TIMES = 9
REVIEW_COLUMNS = ["id", "kind", "status", "waiting_key", "rule", "reason", "who", "source_id", "opened_at",
                  "decided_by_name", "note", "score", "due_at"]  # fmt: skip
LISTS = {
    "front page": "/admin/",
    "queue, first page": "/admin/review/",
    "queue, deep inside": "/admin/review/?after={middle}",
    "queue, one source": "/admin/review/?source={source}",
    "queue, very likely": "/admin/review/?score=95",
    "queue, late ones": "/admin/review/?age=late",
    "queue, mine": "/admin/review/?who=me",
    "queue, a filter that nothing passes": "/admin/review/?score=50&kind=mailbox",
    "one case": "/admin/review/{middle}/",
}


def run(say: Callable[..., None]) -> None:
    """Print milliseconds and queries of each page at both sizes."""
    User.objects.create_superuser("queue-bench", password="bench")
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(username="queue-bench"), "django.contrib.auth.backends.ModelBackend")
    _grow(0, SMALL)
    small = _measure(client)
    for done in range(SMALL, LARGE, STEP):
        _grow(done, min(STEP, LARGE - done))
    large = _measure(client)
    say(f"the review queue, ms (and queries) at {SMALL:,} and {LARGE:,} open cases:")
    for name, (ms, queries) in small.items():
        many_ms, many_queries = large[name]
        say(f"  {name:36} {ms:6.1f} ({queries:2})  {many_ms:6.1f} ({many_queries:2})")


def _measure(client: Client) -> dict[str, tuple[float, int]]:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    waiting = Review.objects.filter(status="open").order_by("pk").values_list("pk", flat=True)
    source = Source.objects.order_by("pk").values_list("slug", flat=True)[1]
    names = {"middle": waiting[waiting.count() // 2], "source": source}
    found = {name: _timed(lambda path=path: client.get(path.format(**names))) for name, path in LISTS.items()}
    cases = iter(waiting[: 2 * TIMES + 2])
    found["different people, and the next case"] = _timed(lambda: _decide(client, next(cases), act="different"))
    found["same person, and the next case"] = _timed(lambda: _decide(client, next(cases), act="same"))
    return found


def _timed(ask: Callable[[], Any]) -> tuple[float, int]:
    asked: list[str] = []
    with connection.execute_wrapper(lambda do, sql, *rest: asked.append(sql) or do(sql, *rest)):
        assert ask().status_code == 200
    times = []
    for _ in range(TIMES):
        started = time.perf_counter()
        ask()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times), len(asked)


def _decide(client: Client, case: int, act: str) -> Any:
    """A decision and the page that follows it, as a browser asks for them."""
    known = load([case], datetime.now(UTC))
    contact = known.candidates_of(case)[0]
    seen = {"basis": basis_of(known.offers[case], [contact]), "candidate": contact.pk}
    return client.post(f"/admin/review/{case}/decide/", {"act": act, **seen}, follow=True)


def _grow(done: int, count: int) -> None:
    models = (Contact, Review, Arrival)
    contact, case, arrival = ((m.objects.aggregate(last=Max("pk"))["last"] or 0) + 1 for m in models)
    sources = list(Source.objects.order_by("pk").values_list("pk", flat=True))
    rows: dict[str, list[Any]] = {"contacts": [], "addresses": [], "cases": [], "candidates": [], "arrivals": []}
    for n in range(count):
        _add(rows, contact + n, case + n, arrival + n, sources[n % 7 % len(sources)], done + n)
    bulk.insert(Contact, contact_rows.CONTACT_COLUMNS, rows["contacts"])
    bulk.insert(Address, write.ADDRESS_COLUMNS, rows["addresses"])
    bulk.insert(Review, REVIEW_COLUMNS, rows["cases"])
    bulk.insert(ReviewCandidate, ["review_id", "contact_id"], rows["candidates"])
    bulk.insert(Arrival, write.ARRIVAL_COLUMNS, rows["arrivals"])
    with connection.cursor() as cursor:  # the ids are ours: PostgreSQL has to go on after them
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def _add(rows: dict[str, list[Any]], contact: int, case: int, arrival: int, source: int, n: int) -> None:
    """One contact with some gaps, and an arrival of the same name that is held against it."""
    at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=20 * n)
    moment, writer = bulk.as_time(at), Writer("source", "bench", at.isoformat())
    names = ["first_name", "last_name", "email", "phone", "company", "job_title"]
    values = dict(zip(names, person(contact, full=True), strict=False)) | {"source": source, "phone": ""}
    values |= {"lifecycle_stage": "new-lead", "company_domain": values["email"].partition("@")[2]}
    one = Person(values, fresh(dict.fromkeys(values, "created"), writer), id=contact)
    rows["contacts"].append(contact_rows.contact_row(one, moment, moment))
    rows["addresses"].append((contact, values["email"], values["email"], True, moment, "bench", None))
    raw = {name: values[name] for name in ("first_name", "last_name", "company")}
    raw |= {"email": f"q{contact}@{values['company_domain']}", "job_title": "another title", "country": "Ireland"}
    who, key = f"{values['first_name']} {values['last_name']}", raw["email"]
    rows["arrivals"].append((arrival, source, "", None, None, "api", "bench", moment, None, None, "", "",
                             bulk.as_json(raw), key, who, "", "held", "Same name and company domain.", "[]", None,
                             case, None))  # fmt: skip
    due = bulk.as_time(at - timedelta(hours=n % 30))
    rows["cases"].append((case, "hold", "open", f"a:{key}", "name-and-domain", f"Same name as #{contact}.", who, source,
                          moment, "", "", 95 if n % 10 == 0 else 80, due))  # fmt: skip
    rows["candidates"].append((case, contact))
