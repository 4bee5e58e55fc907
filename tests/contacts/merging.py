"""Kit of the tests of merging: people who are one, merges by a reviewer, and the hub as it is but for bookkeeping."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.db import connection

from contacts.models import Address, Arrival, Contact, Merge, Review, ReviewCandidate
from contacts.services import merging
from contacts.services.people import edit_contact
from tests.contacts.deciding import NOW, person, send

LATER, LATEST = NOW + timedelta(hours=3), NOW + timedelta(hours=6)
#: What a merge and its undoing count up, and nobody reads as a value.
BOOKKEEPING = ("version", "updated_at")


def sean() -> Contact:
    return send(email="sean@acme.example", first_name="Sean", last_name="Obrien", company="Acme", country="IE").contact


def his_other(**more: str) -> Contact:
    """The same man, met at a trade show under another address."""
    given = {"email": "sob@home.example", "first_name": "Shaun", "job_title": "VP", "company_domain": "acme.example"}
    return send("trade-show-scan", at=NOW + timedelta(hours=1), **(given | more)).contact


def merge(kept: Contact, *lost: Contact, who: str = "reviewer", at: datetime = LATER, **picks: Contact) -> list[Merge]:
    """The contacts made one by a person; the kept one is read again."""
    wanted = {field: contact.pk for field, contact in picks.items()}
    done = merging.merge(kept.pk, [c.pk for c in lost], picks=wanted, user=person(who), at=at)
    kept.refresh_from_db()
    return done


def unmerge(merge: Merge, who: str = "reviewer", *, at: datetime = LATEST, **given: Any) -> Merge:
    return merging.unmerge(merge.pk, user=person(who), at=at, **given)


def edit(contact: Contact, who: str = "sales", at: datetime = LATER, **changes: str) -> None:
    version = Contact.objects.values_list("version", flat=True).get(pk=contact.pk)
    edit_contact(contact.pk, changes, user=person(who), reason="said so", version=version, at=at)


def fresh(contact: Contact) -> Contact:
    return Contact.objects.get(pk=contact.pk)


def addresses(contact: Contact) -> list[tuple[str, bool]]:
    """Its addresses, each with whether it is the primary one."""
    return list(Address.objects.filter(contact=contact).order_by("-primary", "key").values_list("key", "primary"))


def history(ident: int) -> list[tuple[str, str]]:
    rows = Contact.history.model.objects.filter(id=ident).order_by("history_id")
    return list(rows.values_list("history_type", "history_change_reason"))


def hub() -> dict[str, list[dict[str, Any]]]:
    """Everything that a merge may touch, as it is, but for the bookkeeping."""
    found = {m.__name__: list(m.objects.order_by("pk").values()) for m in (Contact, Address, Arrival, Review)}
    for row in found["Contact"]:
        for column in BOOKKEEPING:
            del row[column]
        row["origins"] = by_field(row["origins"])
    found["ReviewCandidate"] = list(ReviewCandidate.objects.order_by("pk").values())
    return found


def by_field(origins: dict[str, Any]) -> dict[str, Any]:
    """Field to writer and rule, whatever the order in which the writers stand."""
    return {field: (*map(str, origins["by"][n]), rule) for field, (n, rule) in origins["of"].items()}


def command(name: str, *args: Any) -> str:
    out = io.StringIO()
    call_command(name, *map(str, args), stdout=out)
    return out.getvalue()


def answered(name: str, *args: Any) -> Any:
    return json.loads(command(name, *args, "--json"))


def check_sound(ids: Iterable[int] | None = None) -> None:
    """What must hold at any time, read by plain SQL: one primary address a contact, and it is the e-mail shown."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM contacts_address GROUP BY key HAVING count(*) > 1")
        assert cursor.fetchall() == []
        cursor.execute(
            'SELECT c.id, c.email, count(a.id), sum(CASE WHEN a."primary" THEN 1 ELSE 0 END), '
            'max(CASE WHEN a."primary" THEN a.shown END) '
            "FROM contacts_contact c LEFT JOIN contacts_address a ON a.contact_id = c.id GROUP BY c.id, c.email"
        )
        for ident, email, number, primaries, shown in cursor.fetchall():
            assert (primaries or 0) == min(number, 1), f"contact {ident} has {primaries} primary addresses"
            assert email == (shown or ""), f"contact {ident} shows another address than its primary one"
