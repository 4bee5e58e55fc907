"""Recent MQLs, each traced back to its first arrival."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from contacts.domain.origins import origin_of
from contacts.models import Arrival, Contact, Source, Stage
from syncrules.domain.scorecard import Arrived, Figure, Origin, Targets, attribution, draw, trace

#: From so many contacts that became MQLs last the sample is drawn.
RECENT = 200
#: Contacts with the row of the history that made them MQLs for the first time, the newest first.
_BECAME = """
    SELECT h.id, MIN(h.history_id) AS since FROM contacts_historicalcontact h
    JOIN contacts_contact c ON c.id = h.id
    WHERE h.lifecycle_stage_id IN ({stages}) AND h.history_id <= %s
    GROUP BY h.id ORDER BY since DESC LIMIT %s"""


def bound() -> int:
    """Up to which row of the history MQLs are looked for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MAX(history_id), 0) FROM contacts_historicalcontact")
        return int(cursor.fetchone()[0])


def population(upto: int) -> dict[int, int]:
    """The contacts that became MQLs last, with the row of the history that says so; MQL is what MAPs alone set."""
    stages = list(Stage.objects.filter(owner=Stage.Owner.MAP).order_by("pk").values_list("pk", flat=True))
    if not stages:
        return {}
    sql = _BECAME.format(stages=", ".join(["%s"] * len(stages)))
    with connection.cursor() as cursor:
        cursor.execute(sql, [*stages, upto, RECENT])
        return dict(cursor.fetchall())


def drawn(seed: int, upto: int, count: int) -> dict[int, int]:
    """The sample: contact to the row of the history that made it an MQL."""
    people = population(upto)
    return {ident: people[ident] for ident in draw(people, seed, count)}


def work_out(seed: int, upto: int, targets: Targets) -> Figure:
    """The figure with the trail of each, the latest MQL first; a fixed number of queries."""
    rows = drawn(seed, upto, targets.mqls)
    contacts = Contact.objects.filter(pk__in=rows).only("pk", "source", "origins").in_bulk()
    names = dict(Source.objects.values_list("pk", "name"))
    arrivals, since = _arrivals(contacts), _moments(rows.values())
    sample: list[dict[str, Any]] = []
    for ident in sorted(contacts, key=lambda i: -rows[i]):
        contact = contacts[ident]
        trail = trace(contact.source_id, names.get(contact.source_id, ""), _origin(contact), arrivals[ident])
        sample.append({
            "contact": ident, "since": _text(since.get(rows[ident])), "trail": trail.words, "arrival": trail.arrival,
            "traced": trail.traced,
        })  # fmt: skip
    return attribution(sum(one["traced"] for one in sample), len(sample), sample, targets)


def _origin(contact: Contact) -> Origin:
    found = origin_of(contact.origins, "source")
    return Origin(found.writer.kind, found.writer.name, found.rule) if found else Origin()


def _arrivals(contacts: Iterable[int]) -> dict[int, Sequence[Arrived]]:
    wanted = Arrival.objects.filter(contact__in=list(contacts)).order_by("pk")
    found: dict[int, list[Arrived]] = defaultdict(list)
    columns = ("pk", "contact_id", "received_at", "source_id", "source_slug", "source__name",
               "source__record_creator", "batch__filename")  # fmt: skip
    for pk, contact, at, source, slug, name, creator, file in wanted.values_list(*columns):
        found[contact].append(Arrived(pk, at, source, name or slug, creator or "", file or ""))
    return found


def _moments(rows: Iterable[int]) -> dict[int, datetime]:
    """When these rows of the history were written."""
    found = Contact.history.filter(history_id__in=list(rows))
    return dict(found.order_by().values_list("history_id", "history_date"))


def _text(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
