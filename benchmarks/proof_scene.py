"""The two-way test against the sandbox with HubSpot's limits, and the front page at 1,000,000 contacts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from lists_scene import STEP, grow
from sync_programs import sandbox
from sync_scene import LIMIT, connection_to_sandbox

from contacts.models import Contact, Source
from contacts.services.seed import seed_people
from crmhub import environment
from syncrules.services import calling, two_way

Say = Callable[..., None]
CONTACTS, TIMES = 1_000_000, 7
ROLES = ("ops", "reviewer", "sales", "auditor")


def two_way_test(say: Say, folder: Path) -> None:
    """Print how long a whole test takes, cleaning up included."""
    made, port, took = connection_to_sandbox(), environment.current().sandbox_port, []
    with sandbox(port, folder / "proof.sqlite3", LIMIT):
        for _ in range(3):
            started = time.perf_counter()
            test = two_way.run_here(made, "the benchmark", calling.connector_for(made))
            took.append(time.perf_counter() - started)
            if test.status != "passed":
                raise SystemExit(f"The test did not pass: {test.problem or test.checks}")
    moves = sum(check["evidence"]["looked_at"] for check in test.checks)
    say(f"two-way test: {', '.join(f'{t:.1f}' for t in took)} s, {moves} cases (aim under 60 s)")


def front(say: Say) -> None:
    """Print the milliseconds of the front page, by role."""
    seed_people()
    start = (Contact.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    for done in range(0, CONTACTS, STEP):
        grow(start + done, STEP, Source.objects.first().pk)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    say(f"front page at {Contact.objects.count():,} contacts (aim under 300 ms)")
    for role in ROLES:
        client = Client(HTTP_HOST=settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "127.0.0.1")
        client.force_login(User.objects.get(username=role), "django.contrib.auth.backends.ModelBackend")
        took = []
        for _ in range(TIMES):
            started = time.perf_counter()
            answer = client.get("/admin/")
            took.append(1000 * (time.perf_counter() - started))
            if answer.status_code != 200:
                raise SystemExit(f"The front page answers {answer.status_code}.")
        say(f"  {role:10} {statistics.median(took):6.1f} ms at the median, {max(took):6.1f} ms at most")
