"""The inbox: what a MAP tells by webhook, and the records to look at because of it.

An event says where to look, and is never taken for what stands: the record is read. So the
order of events, doubles and late ones can't matter. The row is the work, and ``looking`` does it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import F, Q

from contacts.services import bulk
from contacts.services.leases import is_dead
from contacts.services.records import storable
from syncrules.connectors.base import Event, Happening
from syncrules.models import Connection, Hook, Link, Look
from syncrules.services import links
from syncrules.services.sync import counting, errors, waking
from syncrules.services.sync.counting import Counts
from syncrules.services.sync.errors import Cause, Fault, Way

LEASE = timedelta(minutes=2)
#: So many bytes are kept of a webhook that can't be understood.
LONGEST = 4_000
#: A row whose worker died so often is looked at alone, and then not any more.
ALONE, POISON = 2, 3
#: Events are kept so long for people to look at; a MAP delivers an event again for a day at most.
KEPT = timedelta(days=30)
HOOK_COLUMNS = [
    "connection_id", "key", "happening", "record_id", "body", "error", "happened_at", "received_at", "times",
]  # fmt: skip
LOOK_COLUMNS = "connection_id, record_id, generation, told_at, due_at, tries, parked, lease_holder"


def receive(connection: Connection, events: Sequence[Event], at: datetime) -> int:
    """Keep events and have their records looked at, in one transaction; how many were new.

    While a connection is tested they are kept and nobody looks. One that came before only
    counts. One whose key came before with another body is kept beside it and not believed.
    """
    with transaction.atomic():
        times = Counter(event.key[:200] for event in events)
        first = {event.key[:200]: event for event in reversed(events)}
        _store(connection, [(key, first[key], times[key]) for key in sorted(first)], at)
        _differ(connection, [event for event in events if event is not first[event.key[:200]]])
        kept = Hook.objects.filter(connection=connection, key__in=first).values_list("key", "times")
        new = [first[key] for key, so_often in kept if so_often == times[key]]
        tested = connection.state == Connection.State.TESTING  # whoever goes live reads everything anew
        looked = [e for e in new if not e.error and e.happening is not Happening.OTHER and not tested]
        enqueue(connection.pk, {i[:100] for e in looked for i in (e.record, *e.merged) if i}, at)
        counting.note(connection.pk, Counts(hooks=len(new)), at)
    if looked:
        waking.look_at_inbox(connection.pk)
    return len(new)


def not_understood(connection: Connection, body: bytes, why: str, at: datetime) -> None:
    """A webhook that the MAP signed and that holds no events: noted, as sending it again would not mend it."""
    mark = hashlib.sha256(body).hexdigest()[:32]
    told = storable({"body": body[:LONGEST].decode("utf-8", "replace")})
    fault = Fault(mark, Cause.HOOK, why, kind="hook", answered=told, way=Way.TO_HUB)
    errors.record(connection.pk, [fault], at)


def _store(connection: Connection, found: Sequence[tuple[str, Event, int]], at: datetime) -> None:
    """A row for each key; one that is there counts up, and keeps a body that differs from its own beside it."""
    names, marks = ", ".join(HOOK_COLUMNS), ", ".join(["%s"] * len(HOOK_COLUMNS))
    differs = "syncrules_hook.body <> excluded.body AND syncrules_hook.other_body IS NULL"
    sql = (
        f"INSERT INTO syncrules_hook ({names}) VALUES ({marks}) "  # noqa: S608 -- our own words
        "ON CONFLICT (connection_id, key) DO UPDATE SET times = syncrules_hook.times + excluded.times, "
        f"other_body = CASE WHEN {differs} THEN excluded.body ELSE syncrules_hook.other_body END"
    )
    rows = [
        (
            connection.pk, key, str(event.happening), event.record[:100], _text(event), event.error[:2000],
            bulk.as_time(event.at), bulk.as_time(at), times,
        )
        for key, event, times in found
    ]  # fmt: skip
    with database.cursor() as cursor:
        cursor.executemany(sql, rows)


def _differ(connection: Connection, again: Sequence[Event]) -> None:
    """Further events of one delivery with a key that came in it already, where their bodies are not the same."""
    if again:
        sql = (
            "UPDATE syncrules_hook SET other_body = %s WHERE connection_id = %s AND key = %s "
            "AND body <> %s AND other_body IS NULL"
        )
        with database.cursor() as cursor:
            cursor.executemany(sql, [(_text(e), connection.pk, e.key[:200], _text(e)) for e in again])


def _text(event: Event) -> str:
    """A body as JSON that is the same for the same body, in whatever order it came."""
    return json.dumps(storable(dict(event.body)), sort_keys=True, ensure_ascii=False)


def enqueue(connection_id: int, records: Iterable[str], at: datetime) -> None:
    """Have these records looked at; one that waits already is looked at once, but after this moment."""
    wanted = sorted(set(records))
    if not wanted:
        return
    keys, parameter = bulk.keys_table(wanted)
    no, moment = ("0" if database.vendor == "sqlite" else "FALSE"), bulk.as_time(at)
    sql = (
        f"INSERT INTO syncrules_look ({LOOK_COLUMNS}) "  # noqa: S608 -- our own words
        f"SELECT %s, CAST(k.value AS varchar(100)), 1, %s, %s, 0, {no}, '' FROM {keys} WHERE TRUE ORDER BY 2 "
        "ON CONFLICT (connection_id, record_id) DO UPDATE SET generation = syncrules_look.generation + 1, "
        f"due_at = excluded.due_at, tries = 0, parked = {no}"
    )
    with database.cursor() as cursor:
        cursor.execute(sql, [connection_id, moment, moment, parameter])


def adopt(connection: Connection, at: datetime) -> list[str]:
    """Records that were held and that somebody decided since get their contact, and are looked at."""
    with transaction.atomic():
        found = links.adopt(connection)
        enqueue(connection.pk, found, at)
    return found


def look_at_unseen(connection: Connection, since: datetime, at: datetime) -> int:
    """Everything there was read: records that did not show themselves since may be gone. How many are looked at."""
    unseen = Link.objects.filter(Q(agreed_at=None) | Q(agreed_at__lt=since), connection=connection)
    ids = list(unseen.filter(state=Link.State.LINKED).values_list("record_id", flat=True))
    enqueue(connection.pk, ids, at)
    return len(ids)


def forget_old(at: datetime) -> int:
    """Events that nobody will ask about any more; how many went."""
    return Hook.objects.filter(received_at__lt=at - KEPT).delete()[0]


def free(connection_id: int) -> None:
    """Take back what processes of this machine held that are no more."""
    leased = Look.objects.filter(connection_id=connection_id).exclude(lease_holder="")
    dead = [h for h in leased.order_by().values_list("lease_holder", flat=True).distinct() if is_dead(h)]
    leased.filter(lease_holder__in=dead).update(lease_holder="", lease_until=None)


def lease(connection_id: int, holder: str, at: datetime, limit: int) -> list[Look]:
    """The next rows that are due, the oldest first; nobody else gets them until the lease ends.

    A row on which workers died before comes alone, and not any more after ``POISON`` times.
    """
    free_to_take = Q(lease_holder="") | Q(lease_until__lt=at)
    due = Look.objects.filter(free_to_take, connection_id=connection_id, parked=False, due_at__lte=at)
    with transaction.atomic():
        found = list(due.select_for_update(skip_locked=True).order_by("id")[:limit])
        dead = [row for row in found if row.tries >= POISON]
        set_aside(connection_id, dead, "Whoever looked at it stopped in the middle, several times.", at)
        found = [row for row in found if row.tries < POISON]
        if found and found[0].tries >= ALONE:
            found = found[:1]
        found = [row for row in found if row.tries < ALONE or row is found[0]]
        new: dict[str, Any] = {"lease_holder": holder, "lease_until": at + LEASE}
        Look.objects.filter(pk__in=[row.pk for row in found]).update(**new, tries=F("tries") + 1)
    for row in found:
        row.lease_holder = holder
    return found if found or not dead else lease(connection_id, holder, at, limit)


def give_back(rows: Sequence[Look]) -> None:
    """These were not looked at for a passing reason; anybody may take them."""
    mine = Look.objects.filter(pk__in=[r.pk for r in rows], lease_holder__in={r.lease_holder for r in rows})
    mine.filter(tries__gt=0).update(tries=F("tries") - 1)
    mine.update(lease_holder="", lease_until=None)


def set_aside(connection_id: int, rows: Sequence[Look], why: str, at: datetime) -> None:
    """These rows wait for a person; the others go on."""
    Look.objects.filter(pk__in=[row.pk for row in rows]).update(parked=True, lease_holder="", lease_until=None)
    errors.record(connection_id, [poison(row.record_id, why) for row in rows], at)


def poison(record_id: str, why: str) -> Fault:
    """A record of the MAP that makes us fail."""
    return Fault(record_id, Cause.POISON, why, record=record_id, way=Way.TO_HUB)
