"""Taking a pilot back on both sides: what it wrote goes, what somebody changed since stays and is named.

Worked on in steps, each of which can be done again: a process that is killed costs nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from contacts.domain.lifecycle import UNSUBSCRIBED
from contacts.domain.origins import origin_of
from contacts.models import Contact
from contacts.services import leases, story, synced, taking_back
from contacts.services.intake import in_transaction
from contacts.services.people import person_from
from syncrules.connectors.base import Connector
from syncrules.connectors.trouble import Trouble
from syncrules.models import Connection, Link, Pilot, PilotMember, PilotWrite, Push
from syncrules.services import calling
from syncrules.services.going_live import steps
from syncrules.services.pilot.starting import Refused

Status = Pilot.Status
State = Connection.State
Clock = Callable[[], datetime]
#: Contacts, and records of the MAP, that are taken back in one step.
BATCH = 100
#: What can be taken back: whatever is over, and what is going on already.
OVER = (Status.STOPPED, Status.CLEAN)
Values = dict[int, dict[str, Any]]


@dataclass(frozen=True)
class Preview:
    """What would go: values here, values there, and records that the pilot made; and what stays, in words."""

    here: int
    there: int
    records: int
    stays: Sequence[str]


def preview(pilot: Pilot) -> Preview:
    """What taking back would do, from what the hub knows; a fixed number of queries."""
    members = list(PilotMember.objects.filter(pilot=pilot).values_list("contact_id", flat=True))
    going, stays = _going(pilot, members)
    rows = PilotWrite.objects.filter(pilot=pilot, undone_at=None).values_list("record_id", "made", "before")
    made = {record for record, is_made, _ in rows if is_made}
    there = {(record, name) for record, _, before in rows if record not in made for name in before}
    return Preview(sum(map(len, going.values())), len(there), len(made), [words for _, words in stays])


def ask(pilot: Pilot, user: Any, at: datetime) -> None:
    """Have a worker take it back; its connection goes back to testing. Raises ``Refused``."""
    with transaction.atomic():
        connection = Connection.objects.select_for_update(of=("self",)).get(pk=pilot.connection_id)
        if connection.state == State.LIVE:
            raise Refused(f"{connection.name} is live, and not of the pilot alone any more. Take it back first.")
        name = story.person_name(user)
        over = Pilot.objects.filter(pk=pilot.pk, status__in=(*OVER, Status.RUNNING))
        changed = over.update(status=Status.TAKING_BACK, taken_back_by_name=name, taken_back_by=user.pk)
        if not changed:
            raise Refused("This pilot is taken back already.")
        if connection.state == State.PILOT:
            steps.back(connection, State.TESTING, name, "The pilot is taken back.", at)
        members = map(str, PilotMember.objects.filter(pilot=pilot).values_list("contact_id", flat=True))
        Push.objects.filter(connection=connection, kind=Push.Kind.RECORD, subject__in=list(members)).delete()


def unfinished(at: datetime) -> list[int]:
    """Pilots that are to be taken back, on which nobody works."""
    return leases.abandoned(Pilot.objects.filter(status=Status.TAKING_BACK), at)


def work(pilot_id: int, connector: Connector | None = None, clock: Clock = timezone.now) -> bool:
    """Take it back to the end; False where somebody else does, or the MAP does not answer: then it is tried again."""
    holder = leases.new_holder()
    if not leases.claim(Pilot.objects.filter(pk=pilot_id, status=Status.TAKING_BACK), holder, clock()):
        return False
    pilot = Pilot.objects.select_related("connection__source", "source").get(pk=pilot_id)
    try:
        _Taking(pilot, connector or calling.connector_for(pilot.connection), clock, holder).go()
    except (Trouble, leases.LeaseLost):
        leases.give_back(pilot_id, holder, Pilot)
        return False
    return True


class _Taking:
    """One pilot being taken back by whoever holds the lease."""

    def __init__(self, pilot: Pilot, connector: Connector, clock: Clock, holder: str) -> None:
        self.pilot, self.connector, self.clock, self.holder = pilot, connector, clock, holder

    def go(self) -> None:
        while rows := self._next_writes():
            self._there(rows)
        members = list(PilotMember.objects.filter(pilot=self.pilot).values_list("contact_id", flat=True))
        for start in range(0, len(members), BATCH):
            self._here(members[start : start + BATCH])
        self._note(status=Status.TAKEN_BACK, taken_back_at=self.clock())
        leases.give_back(self.pilot.pk, self.holder, Pilot)

    def _note(self, stays: Iterable[tuple[int, str]] = (), **what: object) -> None:
        known = {tuple(pair) for pair in self.pilot.left}
        self.pilot.left = [*self.pilot.left, *([c, words] for c, words in stays if (c, words) not in known)]
        leases.renew(self.pilot.pk, self.holder, self.clock(), Pilot, left=self.pilot.left, **what)

    # --- the MAP's side ---

    def _next_writes(self) -> dict[str, list[PilotWrite]]:
        """What was written into some records, in order."""
        open_ = PilotWrite.objects.filter(pilot=self.pilot, undone_at=None)
        records = list(open_.order_by().values_list("record_id", flat=True).distinct()[:BATCH])
        rows: dict[str, list[PilotWrite]] = defaultdict(list)
        for row in open_.filter(record_id__in=records).order_by("pk"):
            rows[row.record_id].append(row)
        return dict(rows)

    def _there(self, rows: Mapping[str, list[PilotWrite]]) -> None:
        shown = self.connector.read(list(rows))
        gone, changes, stays = [], [], list[tuple[int, str]]()
        for record, writes in rows.items():
            now = shown[record].values if record in shown and shown[record].id == record else None
            before, after = _span(writes)
            same = {name: text for name, text in before.items() if now is not None and now.get(name, "") == after[name]}
            changed = [n for n in before if now is not None and n not in same and now.get(n, "") != before[n]]
            if now is None:
                continue
            if any(row.made for row in writes) and not changed:
                gone.append(record)
            elif same and not any(row.made for row in writes):
                changes.append((record, same))
            stays += [(writes[0].contact_id, f"{n} in the MAP: changed there since") for n in changed]
        said = [*self.connector.delete(gone), *self.connector.write(changes)]
        whose = {record: writes[0].contact_id for record, writes in rows.items()}
        asked = [*gone, *(record for record, _ in changes)]
        stays += [(whose[r], f"record {r}: {w.error}") for r, w in zip(asked, said, strict=True) if not w.done]
        with transaction.atomic():
            ids = [row.pk for writes in rows.values() for row in writes]
            Link.objects.filter(connection=self.pilot.connection, record_id__in=gone).delete()
            anew = Link.objects.filter(connection=self.pilot.connection, record_id__in=list(rows))
            anew.update(agreed={}, agreed_at=None)
            PilotWrite.objects.filter(pk__in=ids).update(undone_at=self.clock())
            self._note(stays)

    # --- the hub's side ---

    def _here(self, members: Sequence[int]) -> None:
        def act() -> None:
            there = synced.locked(members)
            going, stays = _going(self.pilot, list(there))
            who, user = self.pilot.taken_back_by_name, self.pilot.taken_back_by
            why = f"pilot {self.pilot.pk} of {self.pilot.connection.name} taken back"
            taking_back.put_back(there, going, who, user, why, self.clock())
            self._note(stays)

        in_transaction(act)


def _span(writes: Sequence[PilotWrite]) -> tuple[dict[str, str], dict[str, str]]:
    """What stood before the first write of each field, and what the last one left."""
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for row in writes:
        before = {**row.before, **before}
        after |= row.after
    return before, after


def _going(pilot: Pilot, members: Sequence[int]) -> tuple[Values, list[tuple[int, str]]]:
    """Contact to field to the value that stood before the pilot, of what its connection wrote and nobody changed."""
    since, one = pilot.created_at.isoformat(timespec="seconds"), pilot.connection
    mine = {
        ("connection", one.name),
        ("source", one.source.name),
    }  # what a record brings as it is met comes as the latter
    history = Contact.history.filter(id__in=members, history_date__lt=pilot.created_at)
    rows = history.order_by("history_id").values()
    before = {row["id"]: story.values_of(row) for row in rows}
    going: Values = {}
    stays = []
    for contact in Contact.objects.filter(pk__in=members).order_by("pk"):
        person, was = person_from(contact), before.get(contact.pk, {})
        for name in person.origins.get("of", {}):
            origin = origin_of(person.origins, name)
            if origin is None or origin.writer[:2] not in mine or origin.writer.at < since:
                continue
            if person.values.get(name) == was.get(name):
                continue
            if name == "lifecycle_stage" and person.values.get(name) == UNSUBSCRIBED:
                stays.append((contact.pk, "Unsubscribed: nothing takes that back"))
            else:
                going.setdefault(contact.pk, {})[name] = was.get(name)
    return going, stays
