"""The search for likely duplicates, from starting the command to the last case stored: time, memory, and how right."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import doubles
from django.core.management import call_command
from django.db import connection

from contacts.domain.changes import Person
from contacts.domain.likeness import Profile
from contacts.domain.origins import Writer, fresh
from contacts.models import Address, Contact, ReviewCandidate, Source
from contacts.services import bulk, contact_rows, write
from contacts.services.seed import seed_rules

SIZES = (100_000, 1_000_000)
STEP = 10_000
ROOT = Path(__file__).resolve().parent.parent
Truth = dict[tuple[int, int], str]  # pairs of contacts that are one person, and the way of the double
EXACT = ("same name and company", "same phone")


def run(say: Callable[..., None]) -> None:
    """Print the figures of each size."""
    say("likely duplicates among invented contacts, of which one in twelve has a double")
    for size in SIZES:
        _empty()
        true = _fill(size)
        found = _search()
        suggested = set(_suggested())
        right = suggested & true.keys()
        keys = sum(way in EXACT for way in true.values()) / len(true)
        say(
            f"  {size:9,} contacts: {found['seconds']:.0f} s, {found['megabytes']:,} MB, {found['cases']:,} cases; "
            f"precision {len(right) / len(suggested):.3f}, recall {len(right) / len(true):.3f} "
            f"(exact keys would find {keys:.3f})"
        )
        asked, hit = Counter(true.values()), Counter(true[pair] for pair in right)
        say("     of each kind: " + ", ".join(f"{way} {hit[way] / asked[way]:.2f}" for way in sorted(asked)))


def _empty() -> None:
    call_command("flush", interactive=False, verbosity=0)
    seed_rules()


def _fill(size: int) -> Truth:
    """Store the contacts; the answer is which of them are one person."""
    true, first = Truth(), dict[int, int]()
    source = Source.objects.values_list("pk", flat=True)[0]
    people = doubles.contacts(size)
    while some := list(islice(people, STEP)):
        _store([profile for profile, _ in some], source)
        for profile, who in some:
            if who in first:
                true[first[who], profile.id] = profile.further["way"]
            first.setdefault(who, profile.id)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return true


def _store(profiles: Iterable[Profile], source: int) -> None:
    at = datetime(2026, 4, 1, tzinfo=UTC)
    moment, writer = bulk.as_time(at), Writer("source", "bench", at.isoformat())
    contacts, addresses = list[tuple[Any, ...]](), list[tuple[Any, ...]]()
    for one in profiles:
        values = {
            "email": one.addresses[0] if one.addresses else "", "first_name": one.first_name,
            "last_name": one.last_name, "company": one.company, "company_domain": one.domain, "phone": one.phone,
            "source": source,
        }  # fmt: skip
        person = Person(values, fresh(dict.fromkeys(values, "created"), writer), id=one.id, addresses=[])
        contacts.append(contact_rows.contact_row(person, moment, moment))
        addresses += [(one.id, key, key, n == 0, moment, "bench", None) for n, key in enumerate(one.addresses)]
    bulk.insert(Contact, contact_rows.CONTACT_COLUMNS, contacts)
    bulk.insert(Address, write.ADDRESS_COLUMNS, addresses)


def _search() -> dict[str, Any]:
    """The command in a process of its own, with the most memory that it and its own processes needed together."""
    command = [sys.executable, str(ROOT / "manage.py"), "scan_duplicates", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    most = 0
    while process.poll() is None:
        most = max(most, sum(map(_kilobytes, _family(process.pid))))
        time.sleep(0.5)
    out, _ = process.communicate()
    return json.loads(out) | {"megabytes": most // 1024}


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return
    for child in children.split():
        yield from _family(int(child))


def _kilobytes(pid: int) -> int:
    """A process's memory; what it shares with others is counted once among them. 0 where the system does not say."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _suggested() -> Iterator[tuple[int, int]]:
    """Every two contacts of a case."""
    members: dict[int, list[int]] = {}
    for case, contact in ReviewCandidate.objects.order_by("contact_id").values_list("review_id", "contact_id"):
        members.setdefault(case, []).append(contact)
    for some in members.values():
        yield from combinations(some, 2)
