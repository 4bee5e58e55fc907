"""From an unsubscribe at a door to the sandbox's acknowledgement, while 50,000 other changes wait in the outbox.

Web, worker and sandbox are processes of their own, and the sandbox imposes HubSpot's limits. By HTTP the clock starts
before the request; for a file it starts when its rows are stored, as reading a file is not what is measured.
"""

from __future__ import annotations

import csv
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from django.contrib.auth.models import User
from django.test import Client
from people import person, write_file
from scenes import intake
from sync_programs import free_port, sandbox, web, worker
from sync_scene import LIMIT, connection_to_sandbox

from contacts.models import Contact, Source, SourceToken
from contacts.services.consent.links import path_for
from contacts.services.seed import seed_people
from syncrules.models import OptOutOrder, Push

OTHERS, EACH, PATIENCE, PAUSE = 50_000, 40, 60.0, 0.1
Say = Callable[..., None]
#: The number of the first of the people who are here already.
FIRST = 3_000_000


def run(say: Say, folder: Path) -> None:
    """Print half and 99% for each door."""
    seed_people()
    made = connection_to_sandbox()
    made.share = 95
    made.save()
    write_file(folder / "queued.csv", (person(FIRST + n, full=False) for n in range(OTHERS)))
    intake(folder / "queued.csv")
    who = iter(range(FIRST + OTHERS - 1, FIRST, -1))
    port, own = free_port(), free_port()
    with web(own, port), sandbox(port, folder / "stops.sqlite3", LIMIT), worker(port), _doors(own) as doors:
        while Push.objects.filter(connection=made).count() > OTHERS - 500:
            time.sleep(PAUSE)
        found = {name: [_timed(press, next(who)) for _ in range(EACH)] for name, press in doors.items()}
        waits = Push.objects.filter(connection=made).count()
        found["a file"] = _by_file(folder, [next(who) for _ in range(EACH)])
    say(f"unsubscribes, with {OTHERS:,} other changes queued ({waits:,} were left when the last had been told by HTTP)")
    for name, took in found.items():
        say(f"  {name}: {statistics.median(took):.2f} s at the median, {_most(took):.2f} s at 99%")
    say(f"  all {sum(map(len, found.values()))}: {_most([t for took in found.values() for t in took]):.2f} s at 99%")


def _most(took: list[float]) -> float:
    return sorted(took)[min(len(took) - 1, int(len(took) * 0.99))]


@contextmanager
def _doors(port: int) -> Iterator[dict[str, Callable[[str], None]]]:
    """What is pressed, by the name of the door; each gets an address."""
    base = f"http://127.0.0.1:{port}"
    token = SourceToken(source_slug=Source.objects.get(slug="website-contact-form").slug)
    bearer = {"Authorization": f"Bearer {token.issue()}"}
    token.save()
    signed_in = Client()
    signed_in.force_login(User.objects.get(username="ops"))
    cookies = {name: morsel.value for name, morsel in signed_in.cookies.items()}
    with httpx.Client(base_url=base, trust_env=False, timeout=30) as by_hand:
        by_hand.cookies.update(cookies)
        by_hand.get("/admin/").raise_for_status()
        known: dict[str, Any] = dict(Contact.objects.values_list("email", "pk"))

        def page(address: str) -> None:
            form = {"note": "by phone", "csrfmiddlewaretoken": by_hand.cookies["csrftoken"]}
            answer = by_hand.post(
                f"/admin/contacts/{known[address]}/unsubscribe/", data=form, headers={"Referer": base}
            )
            assert answer.status_code == 302, answer.text[:300]

        def api(address: str) -> None:
            httpx.post(f"{base}/api/v1/unsubscribe", json={"email": address}, headers=bearer).raise_for_status()

        def link(address: str) -> None:
            httpx.post(base + path_for(address), data={"List-Unsubscribe": "One-Click"}).raise_for_status()

        yield {"the contact's page": page, "the API": api, "the link in a mail": link}


def _timed(press: Callable[[str], None], number: int) -> float:
    address, started = person(number, full=False)[2], datetime.now(UTC)
    press(address)
    return (_acknowledged(address).acknowledged_at - started).total_seconds()


def _by_file(folder: Path, numbers: list[int]) -> list[float]:
    path = folder / "stops.csv"
    addresses = [person(number, full=False)[2] for number in numbers]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("Email", "Unsubscribed"), *((address, "yes") for address in addresses)])
    intake(path)
    orders = [_acknowledged(address) for address in addresses]
    return [(order.acknowledged_at - order.asked_at).total_seconds() for order in orders]


def _acknowledged(address: str) -> OptOutOrder:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        order = OptOutOrder.objects.filter(address=address, acknowledged_at__isnull=False).first()
        if order is not None:
            return order
        time.sleep(0.01)
    raise SystemExit(f"{address} is not acknowledged")
