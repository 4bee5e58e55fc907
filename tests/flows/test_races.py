"""A1, A2, B3, C5: several processes at once, on whichever database the suite runs on."""

from __future__ import annotations

import json
import time
from pathlib import Path

from contacts.models import ImportBatch, Source
from contacts.services import imports, leases
from tests import factories
from tests.flows.hub import Hub, finished

PROCESSES = 4
#: Each process waits for the same moment, then sends its records one at a time.
SEND = """
import json, sys, time
from tests import factories
records, moment = json.loads(sys.argv[1]), float(sys.argv[2])
policy = factories.policy()
time.sleep(max(0, moment - time.time()))
from contacts.services.intake import take
for values in records:
    take([factories.record(**values)], policy, factories.entrance())
print(len(records))
"""


def send_at_once(hub: Hub, *lists: list[dict[str, str]]) -> None:
    """Each list from a process of its own, all beginning together; none of them may fail."""
    moment = time.time() + 1.5
    running = [hub.start(SEND, json.dumps(records), moment) for records in lists]
    assert [int(finished(process)) for process in running] == [len(records) for records in lists]


def test_one_new_address_from_many_processes_is_one_contact_and_every_attempt_is_logged(hub: Hub) -> None:
    """A1: in mixed case, with spaces, as IDN and as punycode."""
    puny = "bücher-hub.de".encode("idna").decode()
    spellings = ["Dana.Li@Bücher-Hub.de", "  DANA.LI@BÜCHER-HUB.DE\t", f"dana.li@{puny}", f"<Dana.LI@{puny.upper()}>"]
    addresses = [spellings[n % 4] for n in range(24)]
    send_at_once(hub, *[[{"email": a} for a in addresses[n:] + addresses[:n]] for n in range(PROCESSES)])
    assert hub.rows("SELECT count(*), count(DISTINCT key) FROM contacts_address") == [(1, 1)]
    assert hub.one("SELECT count(*) FROM contacts_contact") == 1
    outcomes = dict(hub.rows("SELECT outcome, count(*) FROM contacts_arrival GROUP BY outcome"))
    assert outcomes.pop("created") == 1
    assert sum(outcomes.values()) == 24 * PROCESSES - 1
    assert outcomes.keys() <= {"filled", "unchanged"}


def test_many_addresses_in_any_order_are_one_contact_each(hub: Hub) -> None:
    """A2."""
    addresses = [f"Person{n}@gmail.com" for n in range(40)]
    turned = [addresses[7 * n :] + addresses[: 7 * n] for n in range(PROCESSES)]
    send_at_once(hub, *[[{"email": a.upper() if n % 2 else a} for a in some] for n, some in enumerate(turned)])
    assert hub.one("SELECT count(*) FROM contacts_contact") == 40
    assert hub.rows("SELECT outcome, count(*) FROM contacts_arrival GROUP BY outcome ORDER BY outcome") == [
        ("created", 40),
        ("unchanged", 40 * (PROCESSES - 1)),
    ]


def test_namesakes_from_many_processes_with_an_address_each_are_one_contact_and_the_rest_is_held(hub: Hub) -> None:
    """No constraint of the database helps here: two records that may be one person are decided one by one."""
    people = [{"first_name": f"Dana{n}", "last_name": "Li"} for n in range(15)]
    callers = [{"phone": f"20255501{n:02}"} for n in range(15)]
    lists = [
        [
            *({**who, "email": f"d{n}.{p}@gmail.com", "domain": "harborworks.com"} for n, who in enumerate(people)),
            *({**who, "email": f"c{n}.{p}@gmail.com"} for n, who in enumerate(callers)),
        ]
        for p in range(PROCESSES)
    ]
    send_at_once(hub, *lists)
    assert hub.rows("SELECT outcome, count(*) FROM contacts_arrival GROUP BY outcome ORDER BY outcome") == [
        ("created", 30),
        ("held", 30 * (PROCESSES - 1)),
    ]


def test_the_same_stranger_from_many_processes_is_one_open_case(hub: Hub) -> None:
    """B3: with an address, without one, and where only the company's name tells the domain."""
    known = {"email": "dana@harborworks.com", "first_name": "Dana", "last_name": "Li", "company": "Harborworks"}
    send_at_once(hub, [known])
    name = {"first_name": "DANA", "last_name": "Li"}
    strangers = [
        {**name, "email": "dana.li@gmail.com", "domain": "harborworks.com"},
        {**name, "domain": "harborworks.com"},
        {**name, "company": "Harborworks"},
    ]
    send_at_once(hub, *[strangers[n % 3 :] + strangers[: n % 3] for n in range(PROCESSES)])
    assert hub.one("SELECT count(*) FROM contacts_contact") == 1
    cases = hub.rows("SELECT waiting_key FROM contacts_review WHERE status = 'open' ORDER BY waiting_key")
    assert cases == [("a:dana.li@gmail.com",), ("n:dana|li|harborworks.com",)]
    assert hub.one("SELECT count(*) FROM contacts_arrival WHERE outcome = 'held'") == 3 * PROCESSES


def test_two_workers_on_one_import_give_each_row_one_outcome(hub: Hub, tmp_path: Path) -> None:
    """C5: the second looks at the row and leaves it, or takes over what the first no longer holds."""
    rows = [[f"p{n}@gmail.com", f"P{n}"] for n in range(4200)]
    path = factories.csv_file(tmp_path / "list.csv", ["Email", "First name"], rows)
    queued = hub.python(
        """
import sys
from django.utils import timezone
from contacts.models import Source
from contacts.services import imports, uploads
from tests import factories
with open(sys.argv[1], "rb") as content:
    batch, _ = uploads.open_batch(content, "list.csv", Source.objects.get(slug=factories.FORM), at=timezone.now())
imports.queue(batch)
print(batch.pk)
""",
        path,
    )
    work = """
import sys, time
from contacts.tasks import look_at_import
time.sleep(max(0, float(sys.argv[2]) - time.time()))
look_at_import(int(sys.argv[1]))
"""
    moment = time.time() + 1.5
    for process in [hub.start(work, int(queued), moment) for _ in range(2)]:
        finished(process)
    assert hub.rows("SELECT status, done FROM contacts_importbatch") == [("done", 4200)]
    assert hub.rows("SELECT count(*), count(DISTINCT row) FROM contacts_arrival") == [(4200, 4200)]
    assert hub.one("SELECT count(*) FROM contacts_contact") == 4200


def test_an_import_that_a_living_process_works_on_is_left_alone(seeded: None) -> None:
    source = Source.objects.get(slug=factories.FORM)
    batch = ImportBatch.objects.create(source=source, filename="list.csv", created_at=factories.AT, status="queued")
    assert leases.take_lease(batch.pk, leases.new_holder(), factories.AT, "running", ("queued",))
    assert not imports.run(batch.pk, clock=lambda: factories.AT)
    assert leases.unfinished(factories.AT) == []
    assert leases.unfinished(factories.AT + 2 * leases.LEASE) == [batch.pk]
