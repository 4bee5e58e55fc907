"""The outbox: what a MAP has to be told. Rows are put in, leased by a worker, and gone once acknowledged.

A row says what to bring in line, and never with which values. Whatever happens to a contact while its row is being
sent raises the row's generation, so that it stays and is looked at again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection as database
from django.db import transaction
from django.db.models import Case, Count, F, Q, QuerySet, Value, When

from contacts.domain.lifecycle import UNSUBSCRIBED
from contacts.services import bulk
from contacts.services.leases import is_dead
from syncrules.models import Connection, Link, Push

Kind, Priority = Push.Kind, Push.Priority
LEASE = timedelta(minutes=2)
#: Kinds whose rows always have one priority; those that can be leased alone are found by it.
ALWAYS = {Kind.OPT_OUT: Priority.CONSENT, Kind.ERASE: Priority.CONSENT}
#: A row whose worker died so often is sent alone, and then not any more.
ALONE, POISON = 2, 3
COLUMNS = (
    "connection_id, kind, subject, generation, priority, changed_at, due_at, tries, look, parked, lease_holder"
)  # fmt: skip
#: One statement for all subjects and connections. Who was asked for already keeps the earlier priority and time.
UPSERT = (
    f"INSERT INTO syncrules_push ({COLUMNS}) "
    "SELECT c.id, %s, CAST(k.value AS varchar(320)), 1, {priority}, %s, %s, 0, {look}, {no}, '' "
    "FROM {keys} CROSS JOIN syncrules_connection c {more} WHERE c.state <> 'draft' AND c.state <> {tests} {which} "
    "ORDER BY 1, 3 "
    "ON CONFLICT (connection_id, kind, subject) DO UPDATE SET generation = syncrules_push.generation + 1, "
    "priority = CASE WHEN excluded.priority < syncrules_push.priority THEN excluded.priority "
    "ELSE syncrules_push.priority END, look = {both}, due_at = excluded.due_at, tries = 0, parked = {no}"
)


class Leased(NamedTuple):
    """A row of the outbox that a worker has; fields as in ``Push``. ``tries`` counts this one too."""

    pk: int
    kind: str
    subject: str
    generation: int
    look: bool
    tries: int
    lease_holder: str


def enqueue(
    connections: Iterable[int], contacts: Iterable[int], at: Any, priority: int = Priority.NOW, *, look: bool = True
) -> int:
    """Bring these contacts in line in these connections; in the transaction of what happened. Drafts hear nothing.

    ``look`` False saves asking the MAP whether a contact without a link is there already: for right after
    everything was pulled. Returns how many rows are waiting because of it.
    """
    return _put(Kind.RECORD, contacts, at, priority, connections, look=look)


def enqueue_everywhere(contacts: Iterable[int], at: Any, priority: int) -> int:
    """The same for every connection that is neither a draft nor being tested, which starts with everything anew; an
    Unsubscribed contact goes before all others."""
    ahead = f"CASE WHEN p.lifecycle_stage_id = '{UNSUBSCRIBED}' THEN {Priority.CONSENT.value} ELSE {int(priority)} END"
    join = "LEFT JOIN contacts_contact p ON p.id = CAST(k.value AS bigint)"
    return _put(Kind.RECORD, contacts, at, priority, None, ahead=ahead, join=join)


def withdraw(addresses: Iterable[str], at: Any, connections: Iterable[int] | None = None) -> int:
    """Opt these addresses out, before anything else is said about them; in all connections, or in those given."""
    return _put(Kind.OPT_OUT, addresses, at, ALWAYS[Kind.OPT_OUT], connections)


def delete_records(connection_id: int, records: Iterable[str], at: Any) -> int:
    """Delete these records in the MAP."""
    return _put(Kind.DELETE, records, at, Priority.NOW, [connection_id])


def erase_records(connection_id: int, records: Iterable[str], at: Any) -> int:
    """Delete these records in the MAP for good, because the person asked to be forgotten."""
    return _put(Kind.ERASE, records, at, ALWAYS[Kind.ERASE], [connection_id])


def _put(
    kind: Kind, subjects: Iterable[Any], at: Any, priority: int, connections: Iterable[int] | None, *,
    look: bool = True, ahead: str = "", join: str = "",
) -> int:  # fmt: skip
    wanted = sorted({str(subject) for subject in subjects})
    if not wanted:
        return 0
    keys, parameter = bulk.keys_table(wanted)
    ids = None if connections is None else [int(i) for i in connections]
    if ids == []:
        return 0
    which = "" if ids is None else f"AND c.id IN ({', '.join(map(str, ids))})"
    on_sqlite = database.vendor == "sqlite"
    both = "max(syncrules_push.look, excluded.look)" if on_sqlite else "syncrules_push.look OR excluded.look"
    sql = UPSERT.format(
        priority=ahead or int(priority), look=_truth(look), no=_truth(False), keys=keys, more=join, which=which,
        tests="'testing'" if ids is None else "''", both=both,
    )  # fmt: skip
    moment = at if isinstance(at, str) else bulk.as_time(at)
    with database.cursor() as cursor:
        cursor.execute(sql, [kind.value, moment, moment, parameter])
        return max(cursor.rowcount, 0)


def _truth(yes: bool) -> str:
    return str(int(yes)) if database.vendor == "sqlite" else str(yes).upper()


def forget(contacts: Sequence[int], at: Any) -> None:
    """These contacts are no more: nothing is said about them, and records that are linked to them still go too."""
    if not contacts:
        return
    everywhere = Connection.objects.values("pk")  # the index begins with the connection
    Push.objects.filter(connection__in=everywhere, kind=Kind.RECORD, subject__in=[str(i) for i in contacts]).delete()
    records = defaultdict(list)
    for connection, record in Link.objects.filter(contact__in=contacts, state=Link.State.LINKED).values_list(
        "connection_id", "record_id"
    ):
        records[connection].append(record)
    for connection, ids in records.items():
        delete_records(connection, ids, at)


def in_line(connection_id: int, contacts: Iterable[int]) -> None:
    """These contacts were just judged whole, with what the MAP shows now, and it has to hear nothing.

    What waited for them is done with, unless a worker has it, it was refused, or the MAP has a merge to carry out.
    """
    linked = Link.objects.filter(connection_id=connection_id, contact__in=list(contacts), state=Link.State.LINKED)
    single = linked.order_by().values("contact").annotate(n=Count("pk")).filter(n=1).values_list("contact", flat=True)
    waiting = Push.objects.filter(connection_id=connection_id, kind=Kind.RECORD, lease_holder="", parked=False)
    waiting.filter(subject__in=[str(i) for i in single]).delete()


# --- for the workers ---


def free(connection_id: int) -> None:
    """Take back what processes of this machine held that are no more; a worker does it as it begins."""
    leased = Push.objects.filter(connection_id=connection_id).exclude(lease_holder="")
    dead = [h for h in leased.order_by().values_list("lease_holder", flat=True).distinct() if is_dead(h)]
    if dead:
        leased.filter(lease_holder__in=dead).update(lease_holder="", lease_until=None)


def lease(
    connection_id: int, holder: str, at: datetime, limit: int, kind: Kind | None = None,
    subjects: Collection[str] | None = None,
) -> list[Leased]:  # fmt: skip
    """The next rows that are due, of one kind or of all, most urgent first; nobody else gets them meanwhile.

    ``kind``: one of ``ALWAYS``, whose rows are found by their priority. ``subjects``: only rows about these.

    A row on which workers died before comes alone, so that it can't take others with it.
    """
    rows = due(connection_id, at).order_by("priority", "id")
    rows = rows if kind is None else rows.filter(kind=kind, priority=ALWAYS[kind])
    rows = rows if subjects is None else rows.filter(subject__in=subjects)
    columns = Leased._fields[:-1]
    with transaction.atomic():
        found = [Leased(*row, holder) for row in rows.select_for_update(skip_locked=True).values_list(*columns)[:limit]]
        if found and found[0].tries >= ALONE:
            found = found[:1]
        found = [row for row in found if row.tries < ALONE or row is found[0]]
        mine = Push.objects.filter(pk__in=bulk.among([row.pk for row in found]))
        mine.update(lease_holder=holder, lease_until=at + LEASE, tries=F("tries") + 1)
    return [row._replace(tries=row.tries + 1) for row in found]


def due(connection_id: int, at: datetime) -> QuerySet[Push]:
    """The rows that a worker may take now."""
    free_to_take = Q(lease_holder="") | Q(lease_until__lt=at)
    return Push.objects.filter(free_to_take, connection_id=connection_id, parked=False, due_at__lte=at)


def renew(rows: Sequence[Leased], at: datetime) -> None:
    """The worker is still at it."""
    _mine(rows).update(lease_until=at + LEASE)


def acknowledge(rows: Sequence[Leased], at: datetime) -> list[Leased]:
    """What these rows asked for is done; call it in the transaction that stores what came of it.

    A row that was asked for again meanwhile stays and is free. Returns those that another worker has by now, because
    the lease ran out: what stands in the MAP is not known for sure.
    """
    if not rows:
        return []
    there = _mine_locked(rows)
    same = [row.pk for row in rows if there.get(row.pk) == row.generation]
    Push.objects.filter(pk__in=bulk.among(same))._raw_delete(database.alias)  # nothing refers to it
    again = list(there.keys() - set(same))
    if again:
        Push.objects.filter(pk__in=again).update(lease_holder="", lease_until=None, tries=0, changed_at=at)
    return [row for row in rows if row.pk not in there]


def give_back(rows: Sequence[Leased], due_at: datetime, *, look: bool = False, tried: bool = False) -> None:
    """Anybody may take these rows from ``due_at`` on; ``tried``: this try counts against them.

    ``look``: nobody knows whether they reached the MAP, so what stands there is looked at first.
    """
    if not rows:
        return
    new: dict[str, Any] = {"lease_holder": "", "lease_until": None, "due_at": due_at}
    new |= {} if tried else {"tries": Case(When(tries__gt=0, then=F("tries") - 1), default=Value(0))}
    _mine(rows).update(**new, **({"look": True} if look else {}))


def park(rows: Sequence[Leased]) -> None:
    """These rows were refused: they wait for a change or for a person. One that changed meanwhile is simply free."""
    if not rows:
        return
    there = _mine_locked(rows)
    same = [row.pk for row in rows if there.get(row.pk) == row.generation]
    Push.objects.filter(pk__in=same).update(parked=True)
    Push.objects.filter(pk__in=list(there)).update(lease_holder="", lease_until=None, tries=0)


def unpark(connection_id: int, at: datetime) -> int:
    """Try everything again that was refused, as after another worksheet was put in force."""
    parked = Push.objects.filter(connection_id=connection_id, parked=True)
    return parked.update(parked=False, due_at=at, tries=0, generation=F("generation") + 1)


def _mine(rows: Sequence[Leased]) -> QuerySet[Push]:
    holders = {row.lease_holder for row in rows}
    return Push.objects.filter(pk__in=bulk.among([row.pk for row in rows]), lease_holder__in=holders)


def _mine_locked(rows: Sequence[Leased]) -> dict[int, int]:
    """Id to generation, of those that this worker still holds."""
    return dict(_mine(rows).select_for_update().order_by("subject").values_list("pk", "generation"))
