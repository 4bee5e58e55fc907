"""An audit as work: its row says how far it is, and whoever holds the lease works on it.

Reading stores nothing but progress until its end, where all groups and the figures are one transaction; a process
that is killed before has lost only time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from contacts.services import bulk, leases
from syncrules.connectors.base import Connector
from syncrules.connectors.trouble import Trouble
from syncrules.domain.audit import propose
from syncrules.domain.grouping import Found, Keys, group
from syncrules.models import Audit, AuditGroup, Connection, HealthTargets
from syncrules.services import calling
from syncrules.services.audit import carrying, entries, hub, plans
from syncrules.services.map_secrets import NotConfigured

log = structlog.get_logger(__name__)
Status = Audit.Status
Clock = Callable[[], datetime]
Connect = Callable[[Connection], Connector]
Row = tuple[object, ...]

#: The hub's own name among the subjects of an audit (contract: ``audit_duplicates``).
HUB = "crm"
PAGE = 100
#: So many audits of one subject keep the groups that nobody has decided anything about.
KEPT = 3
#: Groups whose records are read from a MAP together.
CHUNK = 50
ASK = AuditGroup.State.ASK.value
TO_READ, TO_CARRY = (Status.QUEUED, Status.READING), (Status.DUE, Status.MERGING)
_COLUMNS = ["audit_id", "number", "by", "shared", "records", "size", "master", "why", "others", "keeps", "consent",
            "needs", "state", "left_over", "problem", "decided_by_name"]  # fmt: skip


def target() -> float:
    """The rate, in percent, under which duplicates have to stay."""
    return HealthTargets.load().duplicates


def subject(slug: str) -> Connection | None:
    """The connection of this name, None for the hub. Raises ``Connection.DoesNotExist``."""
    return None if slug == HUB else Connection.objects.get(slug=slug)


def name_of(audit: Audit) -> str:
    """The opposite of ``subject``, for an audit."""
    return audit.connection.slug if audit.connection else HUB


def newest(connection: Connection | None) -> Audit | None:
    """The last audit that was read to its end."""
    return Audit.objects.filter(connection=connection, finished_at__isnull=False).first()


@transaction.atomic
def start(connection: Connection | None, by: str, at: datetime) -> Audit:
    """Hand an audit to whichever worker looks first; the one that is under way, if there is one."""
    active = Audit.objects.filter(connection=connection, status__in=[*TO_READ, *TO_CARRY]).first()
    if active is not None:
        return active
    return Audit.objects.create(connection=connection, started_by_name=by[:200], created_at=at, target=target())


def unfinished(at: datetime) -> list[int]:
    """Audits that wait for a worker or whose worker is gone."""
    return leases.abandoned(Audit.objects.filter(status__in=[*TO_READ, *TO_CARRY]), at)


def work(audit_id: int, *, clock: Clock = timezone.now, connect: Connect = calling.connector_for) -> bool:
    """Read, or carry out, to the end, unless someone else does. Returns whether this process did it."""
    holder = leases.new_holder()
    if leases.take_lease(audit_id, holder, clock(), Status.READING, TO_READ, Audit):
        act, failed = _read, Status.FAILED
    elif leases.take_lease(audit_id, holder, clock(), Status.MERGING, TO_CARRY, Audit):
        act, failed = carrying.carry, Status.STOPPED
    else:
        return False
    audit = Audit.objects.select_related("connection").get(pk=audit_id)
    try:
        act(audit, holder, clock, connect)
    except leases.LeaseLost:
        return False
    except (OperationalError, InterfaceError):
        raise  # a passing fault: the lease runs out, and the next worker takes it up
    except (Trouble, NotConfigured) as trouble:
        _end(audit, holder, failed, str(trouble), clock())
    except Exception as error:
        log.exception("audit_failed", audit=audit_id)
        _end(audit, holder, failed, f"{type(error).__name__}. The reason is in the hub's log.", clock())
    return True


def _end(audit: Audit, holder: str, status: str, problem: str, at: datetime) -> None:
    leases.give_back(audit.pk, holder, Audit, status=status, problem=f"It stopped: {problem}", ended_at=at)


def _read(audit: Audit, holder: str, clock: Clock, connect: Connect) -> None:
    Audit.objects.filter(pk=audit.pk, started_at=None).update(started_at=clock())

    def progress(read: int) -> None:
        leases.renew(audit.pk, holder, clock(), Audit, read=read)

    with bulk.unlogged():
        if audit.connection is None:
            contacts, found = hub.count(), hub.groups()
            progress(contacts)
            rows = [_of_hub(audit.pk, number, one) for number, one in enumerate(found, 1)]
            labels: dict[str, Any] = {}
        else:
            connector = connect(audit.connection)
            naming = entries.naming_of(audit.connection, connector.properties())
            records = _all(connector, naming, progress)
            contacts, found = len(records), group(records.values(), _apart(audit.connection))
            del records
            groups = _of_map(audit.connection, connector, naming, found, lambda: progress(contacts))
            rows = [_row(audit.pk, one) for one in groups]
            labels = plans.kept_fields(naming.fields)
        counts = {"contacts": contacts, "groups": len(found), "duplicates": sum(len(one.ids) - 1 for one in found)}
        with transaction.atomic():
            progress(contacts)
            bulk.insert(AuditGroup, _COLUMNS, rows)
            done = {"status": Status.READY, "finished_at": clock(), "labels": labels, "problem": ""}
            leases.give_back(audit.pk, holder, Audit, **counts, **done)
            _forget_old(audit)


def _forget_old(audit: Audit) -> None:
    """Groups of old audits go, but for plans that somebody worked with; the figures stay for good."""
    same = Audit.objects.filter(connection=audit.connection, carried_at=None, finished_at__isnull=False)
    old = list(same.values_list("pk", flat=True)[KEPT:])
    worked = AuditGroup.objects.filter(audit__in=old, decided_at__isnull=False).values_list("audit", flat=True)
    AuditGroup.objects.filter(audit__in=set(old) - set(worked)).delete()


def _all(connector: Connector, naming: entries.Naming, progress: Callable[[int], None]) -> dict[str, Keys]:
    """The keys of every record of the MAP, each once, as it was shown last."""
    found: dict[str, Keys] = {}
    cursor, more = "", True
    while more:
        page = connector.changes(cursor, PAGE)
        cursor, more = page.cursor, page.more
        found |= {record.id: naming.keys(record) for record in page.records}
        progress(len(found))
    return found


def _apart(connection: Connection) -> frozenset[tuple[str, str]]:
    """Records of which a person said in an earlier audit that they are different people."""
    left = AuditGroup.objects.filter(audit__connection=connection, state=AuditGroup.State.LEFT)
    groups = ([record["id"] for record in records] for records in left.values_list("records", flat=True))
    return frozenset((a, b) for ids in groups for n, a in enumerate(ids) for b in ids[n + 1 :])


def _of_hub(audit: int, number: int, found: Found) -> Row:
    """A group of contacts. A tuple, because a model's instance costs more than all the rest of it."""
    ids = f"[{','.join(found.ids)}]"
    needs = "A person decides in the review queue."
    return (audit, number, found.by.value, found.key[:720], ids, len(found.ids), "", "", "[]", "[]", "{}", needs,
            ASK, "", "", "")  # fmt: skip


def _of_map(
    connection: Connection, connector: Connector, naming: entries.Naming, found: Sequence[Found],
    progress: Callable[[], None],
) -> Iterator[AuditGroup]:  # fmt: skip
    """The groups with their records as they are now, and the plan of each."""
    numbered = iter(enumerate(found, 1))
    while chunk := list(islice(numbered, CHUNK)):
        known = entries.read_entries(connection, connector, naming, [i for _, one in chunk for i in one.ids])
        for number, one in chunk:
            members = list({e.id: e for i in one.ids if (e := known.get(i))}.values())
            yield _planned(number, one, members, naming)
        progress()


def _planned(number: int, found: Found, members: Sequence[entries.Entry], naming: entries.Naming) -> AuditGroup:
    made = AuditGroup(number=number, by=found.by.value, shared=found.key, size=len(found.ids))
    made.records = [entries.as_json(e) for e in members]
    if len(members) < 2:
        made.state, made.needs = AuditGroup.State.MERGED, "Merged or deleted in the MAP while it was read."
        return made
    plans.put(made, propose(found.by, members, naming.fields))
    made.state = AuditGroup.State.ASK if made.needs else AuditGroup.State.OPEN
    return made


def _row(audit: int, one: AuditGroup) -> Row:
    texts = (bulk.as_json(one.others), bulk.as_json(one.keeps), bulk.as_json(one.consent))
    return (audit, one.number, one.by, one.shared[:720], bulk.as_json(one.records), one.size, one.master, one.why,
            *texts, one.needs, str(one.state), "", "", "")  # fmt: skip
