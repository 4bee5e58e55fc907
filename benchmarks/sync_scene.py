"""Two-way sync with the sandbox: worker, web and sandbox are processes of their own, as ``make run`` starts them.

The first full sync of everybody: beside what the sandbox's limits allow, and without limits beside a bare client that
makes the same records in the same run. What a second full sync writes, which has to be nothing. And how long a change
takes to the other side, both ways, while 10,000 others are synced.
"""

from __future__ import annotations

import json
import math
import re
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bare_client
import httpx
from django.contrib.auth.models import User
from django.db import connections
from people import person, write_file
from scenes import intake
from sync_programs import free_port, sandbox, web, worker

from contacts.models import Contact
from contacts.services.people import edit_contact
from contacts.services.seed import seed_people
from syncrules.models import CallBudget, Connection, Link, Look, Override, Pull, Push, SyncError, SyncRun
from syncrules.services import checking, editing, versions
from syncrules.services.going_live.basis import basis_of
from syncrules.services.sync import runs
from syncrules.services.two_way.retesting import GATE

SLUG, INTERVAL = "sandbox", 10.0
LIMIT = 190
OTHERS, SAMPLES, LOOK = 10_000, 40, 0.02
PATIENCE = 1800.0
#: The number of the first of the people who are synced meanwhile.
NEW = 6_000_000
#: Rows beside the seeded ones: hub field, MAP field, direction, rule.
ROWS = (
    ("last_name", "lastname", "to-map", "hub"),
    ("company", "company", "to-map", "hub"),
    ("job_title", "jobtitle", "to-hub", "fresh"),
)
Say = Callable[..., None]
Targets = list[tuple[int, str]]


def run(say: Say, folder: Path) -> None:
    """Print the three figures."""
    seed_people()
    made = connection_to_sandbox()
    people = Contact.objects.exclude(email="").count()
    say(f"full sync of {people:,} contacts with the sandbox")
    free = folder / "free.sqlite3"
    _without_limits(say, made, free, folder / "bare.sqlite3", people)
    _forget(made)
    _with_limits(say, made, folder / "limited.sqlite3", people)
    _delays(say, made, folder)


def _without_limits(say: Say, made: Connection, store: Path, bare: Path, people: int) -> None:
    made.calls, made.searches, made.share = 1_000_000, 100_000, 100
    made.save()
    port = free_port()
    with sandbox(port, store, 0), worker(port):
        first = _full(made)
        before = _writes(port), _written_here()
        second = _full(made)
        after = _writes(port), _written_here()
    there = list(_stored(store))
    names = sorted({name for values in there for name in values})
    with sandbox(port, bare, 0):
        alone = bare_client.make(port, there)
        reading = bare_client.read(port, names)
    say(f"  no limits: {first:.1f} s, {people / first:,.0f} contacts/s; {len(there):,} are there")
    say(f"  a bare client makes them in {alone:.1f} s, {len(there) / alone:,.0f}/s: ours is {alone / first:.0%} of it")
    say(f"  a second full sync: {second:.1f} s (reading alone: {reading:.1f} s), "
        f"{after[0] - before[0]} writes there, {after[1] - before[1]} here")  # fmt: skip


def _with_limits(say: Say, made: Connection, store: Path, people: int) -> None:
    made.calls, made.searches, made.share = LIMIT, 5, 95
    made.save()
    port = free_port()
    with sandbox(port, store, LIMIT), worker(port):
        took = _full(made)
    least = (math.ceil(people / 100) + 1) / (LIMIT / INTERVAL)
    say(f"  {LIMIT} calls in 10 s: {took:.1f} s, {least / took:.0%} of what they allow (share set: {made.share}%)")


def _delays(say: Say, made: Connection, folder: Path) -> None:
    """Edits on both sides, one after the other on each, while 10,000 others wait."""
    port, own, store = free_port(), free_port(), folder / "limited.sqlite3"
    targets = _targets(made)
    there: list[float] = []
    here: list[float] = []
    hooks = f"http://127.0.0.1:{own}/hooks/{SLUG}"
    with web(own, port), sandbox(port, store, LIMIT, hooks), worker(port), _busy(made, folder):
        out = threading.Thread(target=_aside, args=(_there, targets[:SAMPLES], store, there))
        out.start()
        _here(targets[SAMPLES:], port, here)
        out.join()
    for words, found in (("from here to there", there), ("from there to here", here)):
        median, most = statistics.median(found), sorted(found)[int(len(found) * 0.95)]
        say(f"  {words}, while {OTHERS:,} others wait: {median:.2f} s at the median, {most:.2f} s at 95%")


# --- the hub ---


def connection_to_sandbox() -> Connection:
    """The seeded connection, live, with some more rows in force."""
    made, at = Connection.objects.get(slug=SLUG), datetime.now(UTC)
    for ours, theirs, direction, rule in ROWS:
        row = {"field_name": ours, "hub_field": ours, "map_field": theirs, "direction": direction, "rule": rule}
        editing.add_row(made, row, None, at)
    draft = versions.draft_or_none(made)
    versions.put_in_force(made, None, "The benchmark's.", at, draft.revision, checking.stops)
    made.state, made.takes_part, made.qualifies = Connection.State.LIVE, {}, {}
    made.save()
    Override.objects.create(  # else the workers would test the new worksheet beside what is measured
        connection=made, gate=GATE, said="", reason="a benchmark", basis=basis_of(made), asked_by_name="one",
        asked_at=at, agreed_by_name="another", agreed_at=at,
    )  # fmt: skip
    return made


def _full(made: Connection) -> float:
    """Seconds of a full sync, from its beginning to its end."""
    run_id = runs.start(made, "bench", datetime.now(UTC)).pk
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        found = SyncRun.objects.get(pk=run_id)
        if found.finished_at:
            if found.status != SyncRun.Status.DONE:
                raise SystemExit(found.problem)
            return (found.finished_at - found.started_at).total_seconds()
        time.sleep(0.2)
    raise SystemExit("the full sync does not end")


def _forget(made: Connection) -> None:
    """As if the connection were new."""
    for model in (Push, Look, Link, Pull, SyncError, SyncRun, CallBudget):
        model._default_manager.filter(connection=made).delete()
    Connection.objects.filter(pk=made.pk).update(cursor="", departures="", pulled_at=None, allowance={})


def _written_here() -> int:
    """Rows of history: one for each write of a contact."""
    return Contact.history.count()


# --- the sandbox ---


def _writes(port: int) -> int:
    """How many writes the sandbox got since it started."""
    line = httpx.get(f"http://127.0.0.1:{port}/_sandbox/requests?since=999999999", headers=bare_client.HEADERS)
    return int(line.json()["writes"])


def _stored(store: Path) -> Iterator[dict[str, str]]:
    """What was written into the sandbox, record by record."""
    kept = ("email", "firstname", "lastname", "company", "lifecyclestage", "last_activity", "hs_analytics_source")
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as file:
        for (text,) in file.execute("SELECT properties FROM contacts"):
            values = json.loads(text)
            yield {name: values[name] for name in kept if values.get(name)}


# --- delays ---


def _targets(made: Connection) -> Targets:
    """Contacts with a record there, and no job title."""
    links = Link.objects.filter(connection=made, contact__job_title="").order_by("pk")
    return list(links.values_list("contact", "record_id")[: 2 * SAMPLES])


@contextmanager
def _busy(made: Connection, folder: Path) -> Iterator[None]:
    """10,000 others wait in the outbox, and others again as soon as they are sent."""
    stop = threading.Event()
    feeder = threading.Thread(target=_aside, args=(_feed, made, folder, stop))
    feeder.start()
    while not _waiting(made) > OTHERS // 2:
        time.sleep(LOOK)
    try:
        yield
    finally:
        stop.set()
        feeder.join()


def _feed(made: Connection, folder: Path, stop: threading.Event) -> None:
    """Files of new people, one after the other."""
    turn = 0
    while not stop.is_set():
        if _waiting(made) < OTHERS // 4:
            path = folder / f"others{turn}.csv"
            write_file(path, (person(n, full=False) for n in range(NEW + turn * OTHERS, NEW + (turn + 1) * OTHERS)))
            intake(path)
            turn += 1
        stop.wait(0.2)


def _waiting(made: Connection) -> int:
    return Push.objects.filter(connection=made).count()


def _there(targets: Targets, store: Path, took: list[float]) -> None:
    """Edit here, one after the other, and look into the sandbox's own file until each is there."""
    user = User.objects.get(username="sales")
    sql = "SELECT json_extract(properties, '$.company') FROM contacts WHERE id = ?"
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as file:
        for contact, record in targets:
            version, text = Contact.objects.values_list("version", flat=True).get(pk=contact), f"Edited {record}"
            values = {"company": text}
            edit_contact(contact, values, user=user, reason="bench", version=version, at=datetime.now(UTC))
            took.append(_until(lambda r=record, t=text: file.execute(sql, (int(r),)).fetchone()[0] == t))


def _here(targets: Targets, port: int, took: list[float]) -> None:
    """Edit on the sandbox's own page, one after the other, and look here until each has come."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as page:
        key = re.findall('name="key" value="([^"]+)"', page.get("/").text)[0]
        for contact, record in targets:
            text = f"Buyer {record}"
            form = {"key": key, "jobtitle": text, "was.jobtitle": ""}
            page.post(f"/contacts/{record}", data=form, follow_redirects=False)
            took.append(_until(lambda c=contact, t=text: Contact.objects.filter(pk=c, job_title=t).exists()))


def _until(there: Callable[[], bool]) -> float:
    """Seconds until it is so; what never comes counts as the whole patience."""
    started = time.perf_counter()
    while not there() and time.perf_counter() - started < 30:
        time.sleep(LOOK)
    return time.perf_counter() - started


def _aside(work: Callable[..., None], *given: Any) -> None:
    """In a thread of its own, whose lines to the database are closed in the end."""
    try:
        work(*given)
    finally:
        connections.close_all()
