"""Kit of the tests of the pages of syncing: rows as the engine leaves them, without an engine."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse

from contacts.models import Contact
from syncrules.models import Connection, Hook, Link, Look, Push, SyncCount, SyncError, SyncRun
from tests.contacts.deciding import person, send
from tests.syncrules.worksheets import seed

SANDBOX = "sandbox"
#: Made-up people by what stands in the address.
PEOPLE = (("Marta", "Núñez", "Kern Präzision"), ("Erik", "Lund", "Nordfab"), ("Grace", "Mensah", "Volta Works"),
          ("Olga", "Petrova", "Ural Steel"), ("Sean", "O'Brien", "Acme Tooling"))  # fmt: skip


def live(now: datetime, **given: Any) -> Connection:
    """The seeded connection to the sandbox, live and pulled a moment ago."""
    connection = seed()
    fields = {"state": Connection.State.LIVE, "pulled_at": now - timedelta(seconds=40), **given}
    Connection.objects.filter(pk=connection.pk).update(**fields)
    connection.refresh_from_db()
    return connection


def people(count: int = len(PEOPLE)) -> list[Contact]:
    """Contacts of the hub, the same ones each time."""
    for n in range(count):
        first, last, company = PEOPLE[n % len(PEOPLE)]
        send(email=f"person{n}@firm{n}.example", first_name=first, last_name=last, company=company)
    wanted = [f"person{n}@firm{n}.example" for n in range(count)]
    return list(Contact.objects.filter(email__in=wanted).order_by("pk"))


def link(connection: Connection, contact: Contact, record: str, **given: Any) -> Link:
    return Link.objects.create(connection=connection, contact=contact, record_id=record, **given)


def push(connection: Connection, subject: object, now: datetime, **given: Any) -> Push:
    """Something that waits in the outbox."""
    given = {"changed_at": now, "due_at": now} | given
    return Push.objects.create(connection=connection, subject=str(subject), **given)


def look(connection: Connection, record: str, now: datetime, **given: Any) -> Look:
    """Something that waits in the inbox."""
    given = {"told_at": now, "due_at": now} | given
    return Look.objects.create(connection=connection, record_id=record, **given)


def error(connection: Connection, subject: object, now: datetime, **given: Any) -> SyncError:
    """Something that the MAP did not take; of a contact where the subject is one."""
    about = {"contact_id": subject.pk, "subject": str(subject.pk)} if isinstance(subject, Contact) else {}
    given = {"way": "to-map", "kind": "record", "cause": "invalid", "text": "It said no.", "first_at": now,
             "last_at": now, "subject": str(subject)} | about | given  # fmt: skip
    return SyncError.objects.create(connection=connection, **given)


def count(connection: Connection, at: datetime, **counts: int) -> SyncCount:
    """What was done in the hour of ``at``."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    return SyncCount.objects.create(connection=connection, hour=hour, **counts)


def run(connection: Connection, now: datetime, **given: Any) -> SyncRun:
    return SyncRun.objects.create(connection=connection, **{"started_by_name": "Priya", "created_at": now} | given)


def hook(connection: Connection, key: str, now: datetime, **given: Any) -> Hook:
    given = {"happening": "changed", "record_id": "103", "happened_at": now, "received_at": now} | given
    return Hook.objects.create(connection=connection, key=key, **given)


def as_(name: str) -> Client:
    """Somebody's browser."""
    client = Client()
    client.force_login(person(name), backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(client: Client, name: str = "connection", **query: str) -> str:
    """A page of the seeded connection, with its white space made one."""
    answer = client.get(reverse(f"rules:{name}", args=[SANDBOX]), query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def press(client: Client, name: str, **said: str) -> str:
    """What the page says after a button was pressed."""
    answer = client.post(reverse(f"rules:{name}", args=[SANDBOX]), said, follow=True)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())
