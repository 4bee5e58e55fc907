"""Kit of law D1: workers of a connection that kill themselves at a chosen moment, and others that go on.

Run as a program inside a hub, as ``killing`` is; the MAP is a sandbox in the process of the test.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta

from tests.flows.killing import NEVER, Fuse, in_a_child

SLUG = "sandbox"
HERE = 8
#: The contacts of the hub overlap with the records of the MAP.
PEOPLE = tuple((f"p{n}@firm{n}-works.com", f"First{n}", f"Last{n}", f"Job {n}") for n in range(12))


def sync(url: str, rounds: int = 1) -> None:
    """Rounds of everything that workers do for the connection."""
    from django.utils import timezone

    from syncrules.models import Connection
    from syncrules.services.sync.rounds import whole_round
    from tests.syncrules.connectors.benches import hubspot

    for _ in range(rounds):
        connector = hubspot(url)
        whole_round(Connection.objects.get(slug=SLUG), connector, timezone.now)
        connector.close()


def work(url: str, at: int) -> int:
    """A round, to its end or to that moment; how many moments there were."""
    from django.db import connection

    fuse = Fuse(at)
    with connection.execute_wrapper(fuse):
        sync(url)
    return fuse.passed


def fill(url: str) -> None:
    """People reach the hub, and the connection is turned on."""
    from syncrules.models import Connection
    from tests import factories

    records = [
        factories.record(email=email, first_name=first, last_name=last, job_title=job)
        for email, first, last, job in PEOPLE[:HERE]
    ]
    factories.arrive(*records, at=moment(0))
    Connection.objects.filter(slug=SLUG).update(state="live", takes_part={}, qualifies={})


def change(url: str) -> None:
    """People edit, merge and unsubscribe here what both sides agreed on."""
    from django.contrib.auth.models import User

    from contacts.models import Contact
    from contacts.services import merging
    from contacts.services.people import edit_contact
    from tests import factories

    user = User.objects.create(username="root", is_superuser=True, is_staff=True)

    def edit(n: int, **values: str) -> None:
        contact = Contact.objects.get(addresses__key=PEOPLE[n][0])
        edit_contact(contact.pk, values, user=user, reason="said so", version=contact.version, at=moment(n))

    edit(0, job_title="Owner", company="Kestrel Optics")
    edit(1, lifecycle_stage="unsubscribed")
    ids = [Contact.objects.get(addresses__key=PEOPLE[n][0]).pk for n in (2, 3)]
    merging.merge(ids[0], ids[1:], user=user, at=moment(20))
    factories.arrive(factories.record(email="late@late-works.com", first_name="Late", last_name="Comer"), at=moment(30))


def moment(minute: int) -> datetime:
    from django.utils import timezone

    return timezone.now() - timedelta(hours=1) + timedelta(minutes=minute)


ACTS = {"fill": fill, "change": change, "settle": lambda url: sync(url, 4)}


def main() -> None:
    """Arguments: an act and the MAP's address; or "kill" and a list of folder, database, moment and address."""
    import django

    django.setup()
    import tests.syncrules.connectors.benches  # noqa: F401  (loaded once, for all of them)

    if sys.argv[1] != "kill":
        ACTS[sys.argv[1]](sys.argv[2])
        return
    for folder, database, at, url in json.loads(sys.argv[2]):
        ended = in_a_child(folder, database, lambda at=at, url=url: work(url, at))  # type: ignore[misc]
        if at != NEVER:
            in_a_child(folder, database, lambda url=url: sync(url, 3) or 0)  # type: ignore[misc]
        print(ended, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
