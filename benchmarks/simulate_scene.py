"""A draft simulated over 10,000 and over 1,000,000 events: seconds, differences, and what it takes in memory."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection as database
from people import person

from contacts.domain.changes import Person
from contacts.domain.origins import Writer, fresh
from contacts.models import Arrival, Contact, Source
from contacts.services import bulk, contact_rows
from syncrules.domain.worksheet import FieldType
from syncrules.models import Connection, Link, Pull, WorksheetRow, WorksheetVersion
from syncrules.services.catalogue import worksheet_of
from syncrules.services.simulate import simulate

SIZES, STEP = (10_000, 1_000_000), 20_000
#: Events of one contact: an arrival of a form that feeds the MAP, and three records pulled.
EACH = 4
START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
FIELDS = {"first_name": "firstname", "last_name": "lastname", "job_title": "jobtitle", "company": "company"}
ARRIVAL = ["source_id", "source_slug", "door", "actor", "received_at", "content_hash", "external_id", "raw",
           "email_key", "who", "who_key", "outcome", "reason", "verdicts", "contact_id"]  # fmt: skip
LINK = ["connection_id", "contact_id", "record_id", "agreed", "seen", "agreed_at", "version"]
PULL = ["connection_id", "contact_id", "record_id", "values", "version", "verdicts", "at"]


def run(say: Callable[..., None]) -> None:
    """Print both sizes beside each other."""
    made, draft = _connection()
    say("simulating a draft, by the number of events:")
    done = 0
    for size in SIZES:
        for start in range(done, size // EACH, STEP):
            _grow(made, start, min(STEP, size // EACH - start))
        done = size // EACH
        before, started = _peak(), time.perf_counter()
        found = simulate(made, worksheet_of(made, draft), last=size)
        seconds = time.perf_counter() - started
        say(
            f"  {found.arrivals:>9,} events of {found.contacts:,} contacts: {seconds:6.1f} s, "
            f"{found.total:,} differences, peak memory {_peak()} MB (before: {before})"
        )


def _connection() -> tuple[Connection, WorksheetVersion]:
    form = Source.objects.get(slug="website-contact-form")
    own = Source.objects.create(slug="bench-map", name="Bench MAP", kind="map", entry_stage=form.entry_stage)
    catalogue = [FieldType(name, name, "text") for name in FIELDS.values()]
    made = Connection.objects.create(slug="bench-map", name="Bench MAP", kind="memory", source=own, created_at=START)
    made.catalogue = [{"name": f.name, "label": f.label, "type": f.type} for f in catalogue]
    made.save()
    made.fed_by.add(form)
    return _version(made, 1, "in-force", "never") and made, _version(made, 2, "draft", "fresh")


def _version(made: Connection, number: int, state: str, rule: str) -> WorksheetVersion:
    version = WorksheetVersion.objects.create(
        connection=made, number=number, state=state, made_by="bench", made_at=START, saved_by="bench", saved_at=START,
    )  # fmt: skip
    for place, (hub, there) in enumerate(FIELDS.items(), 1):
        WorksheetRow.objects.create(
            version=version, key=place, number=place, field_name=hub, hub_field=hub, map_field=there,
            direction="both", rule=rule if hub == "job_title" else "never", changed_at=START,
        )  # fmt: skip
    return version


def _grow(made: Connection, start: int, count: int) -> None:
    """``count`` more contacts with a link, an arrival and three pulls each."""
    form = Source.objects.get(slug="website-contact-form")
    ids = list(bulk.reserve_ids([Contact], count)[0])
    rows = list(_people(form, made, ids, start))
    bulk.insert(Contact, contact_rows.CONTACT_COLUMNS, [r["contact"] for r in rows])
    bulk.insert(Link, LINK, [r["link"] for r in rows])
    bulk.insert(Arrival, ARRIVAL, [r["arrival"] for r in rows])
    bulk.insert(Pull, PULL, [pull for r in rows for pull in r["pulls"]])
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")


def _people(form: Source, made: Connection, ids: list[int], start: int) -> Iterator[dict[str, Any]]:
    for n, ident in enumerate(ids, start):
        email, first, last, company, *_ = [*person(n, full=True), "", "", "", ""]
        moment = START + timedelta(seconds=n)
        at, title = bulk.as_time(moment), "VP of Engineering"
        values = {"email": email, "first_name": first, "last_name": last, "company": company, "job_title": title}
        writer = Writer("person" if n % 3 == 0 else "source", form.name, moment.isoformat(), None)
        origins = fresh(dict.fromkeys(values, "person" if n % 3 == 0 else "created"), writer)
        shown = {there: str(values[hub]) for hub, there in FIELDS.items()}
        seen = bulk.as_json(shown | {"jobtitle": f"vp eng {n % 7}"})
        agreed = bulk.as_json({hub: [values[hub], values[hub]] for hub in FIELDS})
        verdicts = bulk.as_json([["job_title", "kept", "present", "vp eng", title]])
        pull = (made.pk, ident, f"r{n}", seen, 1, "[]", at)
        yield {
            "contact": contact_rows.contact_row(Person(values, origins, ident), at, at),
            "link": (made.pk, ident, f"r{n}", agreed, seen, at, 1),
            "arrival": (form.pk, "", "api", form.name, at, "", "", "{}", "", "", "", "unchanged", "", verdicts, ident),
            "pulls": [pull] * (EACH - 1),
        }


def _peak() -> int:
    """The most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
