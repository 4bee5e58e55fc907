"""Kit of the tests of taking an import back."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.core.management import call_command
from django.db import connection

from contacts.models import Contact, ImportBatch
from contacts.services import imports, undo, uploads
from contacts.services.people import edit_contact
from tests.contacts.deciding import NOW, person, source

HEADER = ("Email", "First name", "Last name", "Company", "Job title", "Phone")
ANN = ("ann@harbor.example", "Ann", "Lee", "Harbor Works", "Buyer", "+12125550101")
LATER, LATEST = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
BOB = ("bob@pier.example", "Bob", "Ray", "Pier Nine", "Welder", "+12125550102")


def imported(
    *rows: Sequence[Any], header: Sequence[str] = HEADER, slug: str = "trade-show-scan", at: Any = LATER
) -> ImportBatch:
    """A file that was uploaded and taken in to its end."""
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    batch, _ = uploads.open_batch(io.BytesIO(text.getvalue().encode()), "list.csv", source(slug), at=at, by="Olga Ops")
    imports.queue(batch)
    assert imports.run(batch.pk, clock=lambda: at)
    batch.refresh_from_db()
    assert batch.status == "done"
    return batch


def take_back(batch: ImportBatch, **more: Any) -> undo.UndoPlan:
    return undo.undo_import(batch.pk, actor="Olga Ops", user_id=person("ops").pk, clock=lambda: LATEST, **more)


def edit(email: str, who: str = "sales", **changes: str) -> Contact:
    contact = Contact.objects.get(addresses__key=email)
    edit_contact(contact.pk, changes, user=person(who), version=contact.version, at=LATER)
    contact.refresh_from_db()
    return contact


def counts(plan: undo.UndoPlan) -> tuple[int, int, int]:
    return plan.counts["removed"], plan.counts["emptied"], plan.counts["left"]


def reasons(plan: undo.UndoPlan) -> list[tuple[str, str]]:
    return [(left.field, left.reason) for left in plan.left]


def history(contact_id: int) -> list[Any]:
    return list(Contact.history.model.objects.filter(id=contact_id).order_by("history_id"))


def command(*args: Any) -> str:
    out = io.StringIO()
    call_command("undo_import", *map(str, args), stdout=out)
    return out.getvalue()


def people(numbers: Iterable[int], **more: str) -> list[Sequence[str]]:
    return [(f"p{n}@firm{n}.example", f"Name{n}", f"Sur{n}", f"Firm {n}", "Buyer", "") for n in numbers]


def statements(act: Callable[[], Any]) -> int:
    """How many statements an act sends. Counted at the door: the work keeps no log of them."""
    sent: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        sent.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        act()
    return len(sent)
