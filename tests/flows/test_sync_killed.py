"""D1: killed before or after any statement of its work, a sync is gone on with: nothing is lost, nothing is doubled.

A normal run tries a few of the moments; with CRMHUB_EVERY_STATEMENT=1 it tries all of them.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from syncrules.sandbox.server import SandboxServer
from tests.flows.hub import ROOT, Hub, finished
from tests.flows.killing import NEVER
from tests.flows.sync_killing import HERE, PEOPLE
from tests.syncrules.sync.real import Hands, sandbox

TRIED, TOGETHER = 8, 20
#: What the MAP numbers and dates by itself.
OWN = {"hs_object_id", "createdate", "lastmodifieddate"}
EVERY = bool(os.environ.get("CRMHUB_EVERY_STATEMENT"))
pytestmark = pytest.mark.slow


def there(hands: Hands) -> None:
    """Half of the MAP's people are the hub's too; one opted out, and one address is nobody's."""
    for n, (email, first, last, job) in enumerate(PEOPLE):
        if n >= HERE // 2:
            hands.create(email=email, firstname=first, lastname=last, title=f"Senior {job}")
    hands.create(email="out@out-works.com", firstname="Olive", lastname="Out", optout="true")


def changed_there(hands: Hands) -> None:
    """Its users go on as well."""
    known = {record.values["email"]: ident for ident, record in hands.everybody().items() if "email" in record.values}
    mails = [email for email, *_ in PEOPLE]
    hands.edit(known[mails[8]], stage="mql", title="Director")
    hands.edit(known[mails[9]], optout="true")
    hands.remove(known[mails[10]])
    hands.join(known[mails[4]], known[mails[5]])
    hands.create(email="new@new-works.com", firstname="Nora", lastname="New")


def run(hub: Hub, *args: str) -> str:
    command = [sys.executable, "-m", "tests.flows.sync_killing", *args]
    pipe = subprocess.PIPE
    return finished(subprocess.Popen(command, env=hub.env, cwd=ROOT, stdout=pipe, stderr=pipe, text=True))


class Pair:
    """A hub with its sandbox, which can be copied whole."""

    def __init__(self, folder: Path, template: Hub, stack: ExitStack, store: Path | None = None) -> None:
        self.hub = Hub(folder, template.server, template=template)
        self.store = folder / "map.sqlite3"
        if store:
            with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(self.store)) as copy:
                source.backup(copy)  # a bare copy of the file would lack what its server wrote last
        stack.callback(self.hub.remove)
        self.server: SandboxServer = stack.enter_context(sandbox(store=self.store))
        self.hands = Hands(self.server)

    def end_state(self) -> dict[str, Any]:
        """What both sides hold, without numbers and times.

        A write of which nobody knows comes back as a change of the MAP: that is one more thing pulled, and an arrival
        that brought nothing where the record was new. It may change nothing else.
        """
        records = sorted(
            sorted((name, value) for name, value in record.values.items() if name not in OWN)
            for record in self.hands.everybody().values()
        )
        contacts = self.hub.rows(
            "SELECT email, first_name, last_name, company, job_title, lifecycle_stage_id "
            "FROM contacts_contact ORDER BY 1"
        )
        count = {
            name: self.hub.one(f"SELECT count(*) FROM {table}")
            for name, table in {
                "arrivals": "contacts_arrival WHERE outcome <> 'unchanged'", "cases": "contacts_review",
                "refusals": "contacts_refusal", "links": "syncrules_link", "waiting": "syncrules_push",
                "looks": "syncrules_look", "errors": "syncrules_syncerror", "history": "contacts_historicalcontact",
            }.items()
        }  # fmt: skip
        links = self.hub.rows("SELECT state, count(*) FROM syncrules_link GROUP BY state ORDER BY state")
        return {"records": records, "contacts": contacts, "links": links, **count}


def tried(moments: int) -> list[int]:
    every = range(1, moments + 1)
    return list(every) if EVERY else sorted({1, moments, *random.Random(moments).sample(every, TRIED)})


@pytest.fixture
def pairs(seeded_hub: Hub, tmp_path: Path) -> Iterator[Callable[..., Pair]]:
    with ExitStack() as stack:
        made: list[Pair] = []

        def make(like: Pair | None = None) -> Pair:
            template, store = (like.hub, like.store) if like else (seeded_hub, None)
            made.append(Pair(tmp_path / f"pair{len(made)}", template, stack, store))
            return made[-1]

        yield make


def kill_everywhere(template: Pair, pairs: Callable[..., Pair]) -> None:
    unbroken = pairs(template)
    moments = int(run(unbroken.hub, "kill", points([(unbroken, NEVER)])))
    run(unbroken.hub, "settle", unbroken.server.url)
    wanted = unbroken.end_state()
    assert wanted["waiting"] == wanted["looks"] == wanted["errors"] == 0
    all_ = tried(moments)
    for start in range(0, len(all_), TOGETHER):
        killed = [(pairs(template), at) for at in all_[start : start + TOGETHER]]
        ended = run(template.hub, "kill", points(killed)).splitlines()
        for (pair, at), how in zip(killed, ended, strict=True):
            assert how == "SIGKILL" or int(how) < at, f"moment {at} of {moments}"  # a run may have a few less
            assert pair.end_state() == wanted, f"killed at moment {at} of {moments}"


def points(of: list[tuple[Pair, int]]) -> str:
    return json.dumps(
        [(str(p.hub.folder), p.hub.name if p.hub.server else str(p.hub.file), at, p.server.url) for p, at in of]
    )


def test_the_first_sync_ends_alike_whenever_its_worker_is_killed(pairs: Callable[..., Pair]) -> None:
    template = pairs()
    there(template.hands)
    run(template.hub, "fill", template.server.url)
    kill_everywhere(template, pairs)


def test_later_changes_of_both_sides_end_alike_whenever_their_worker_is_killed(pairs: Callable[..., Pair]) -> None:
    template = pairs()
    there(template.hands)
    run(template.hub, "fill", template.server.url)
    run(template.hub, "settle", template.server.url)
    changed_there(template.hands)
    run(template.hub, "change", template.server.url)
    kill_everywhere(template, pairs)
