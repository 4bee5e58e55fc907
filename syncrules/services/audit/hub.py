"""The hub's own duplicates, grouped in the database by its stored keys; only what is shared is fetched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from contacts.models import Contact
from contacts.services.duplicates.reading import known_different
from syncrules.domain.audit import Entry, Fields, OptIn, propose
from syncrules.domain.grouping import By, Found, group_shared
from syncrules.domain.judges import STAGE
from syncrules.models import AuditGroup
from syncrules.services.audit import plans

#: ``address_once`` keeps two contacts from having one address. The audit doesn't take its word: it groups what the
#: contacts themselves show.
_BY_ADDRESS = """
    SELECT lower(email) AS shared, {ids} FROM contacts_contact WHERE email <> ''
    GROUP BY lower(email) HAVING count(*) > 1 ORDER BY 1"""
_BY_NAME = """
    SELECT person_key, {ids} FROM contacts_contact WHERE person_key <> ''
    GROUP BY person_key HAVING count(*) > 1 ORDER BY 1"""
_IDS = {"sqlite": "group_concat(id)", "postgresql": "string_agg(id::text, ',')"}

#: What a contact has to fill, with its words; what every contact has from the start says nothing of completeness.
FILLED = {
    "email": "E-mail", "first_name": "First name", "last_name": "Last name", "company": "Company",
    "company_domain": "Company domain", "phone": "Phone", "job_title": "Job title", "country": "Country",
    "lead_score": "Lead score",
}  # fmt: skip
UNSUBSCRIBED = "unsubscribed"


def count() -> int:
    """How many contacts there are."""
    return Contact.objects.count()


def groups() -> list[Found]:
    """Contacts that share an address, or a name and a company domain; two queries over all of them."""
    apart = frozenset((str(low), str(high)) for low, high in known_different())
    whole = ((key, ids) for key, ids in _shared(_BY_NAME) if all(key.split("|")))
    return group_shared(_shared(_BY_ADDRESS), whole, apart)


def _shared(sql: str) -> Iterator[tuple[str, list[str]]]:
    """Each shared key with the ids that have it, the lowest first."""
    with connection.cursor() as cursor:
        cursor.execute(sql.format(ids=_IDS[connection.vendor]))
        for key, ids in cursor.fetchall():
            yield key, sorted(ids.split(","), key=lambda text: (len(text), text))


def entries(ids: Sequence[str]) -> dict[str, Entry]:
    """Contacts as the plan needs them, by id; one query."""
    wanted = [int(i) for i in ids]
    columns = ("pk", "created_at", "lifecycle_stage_id", "lifecycle_stage__rank", "custom", *FILLED)
    return {str(row["pk"]): _entry(row) for row in Contact.objects.filter(pk__in=wanted).values(*columns)}


def _entry(row: dict[str, Any]) -> Entry:
    values = {name: str(row[name]) for name in FILLED if row[name] not in ("", None)}
    values |= {slug: str(value) for slug, value in row["custom"].items() if value not in ("", None)}
    out = row["lifecycle_stage_id"] == UNSUBSCRIBED
    return Entry(
        str(row["pk"]), values, row["email"], row["first_name"], row["last_name"], row["created_at"].isoformat(),
        -1 if row["lifecycle_stage__rank"] is None else row["lifecycle_stage__rank"], OptIn.OUT if out else OptIn.NONE,
    )  # fmt: skip


def plan(group: AuditGroup, members: Sequence[Entry]) -> None:
    """Put the plan by the contacts as they are now into a group. It is carried out by a person, in the queue."""
    needs = group.needs
    plans.put(group, propose(By(group.by), members, Fields(stage=STAGE, email="email", labels=FILLED)))
    group.needs = needs
