"""Taking a pilot back on both sides: what it wrote goes, what somebody changed since stays and is named.

Worked on in steps, each of which can be done again: a process that is killed costs nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from contacts.domain.lifecycle import UNSUBSCRIBED
from contacts.domain.origins import origin_of
from contacts.models import Contact
from contacts.services import leases, story, synced, taking_back
from contacts.services.intake import in_transaction
from contacts.services.people import person_from
from syncrules.connectors.base import Connector, Record, Why
from syncrules.connectors.trouble import Trouble, Unavailable
from syncrules.models import Connection, Link, Pilot, PilotMember, PilotWrite, Push
from syncrules.services import calling
from syncrules.services.going_live import steps
from syncrules.services.pilot.starting import Refused

Status = Pilot.Status
State = Connection.State
Clock = Callable[[], datetime]
#: Contacts, and records of the MAP, that are taken back in one step.
BATCH = 100
#: What may go through another time.
PASSING = (Why.LATER, Why.UNKNOWN)
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
        if is_live(connection):
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


def is_live(connection: Connection) -> bool:
    """Whether it is live, or paused from there."""
    paused = connection.state == State.PAUSED and connection.paused_from == State.LIVE
    return connection.state == State.LIVE or paused


def unfinished(at: datetime) -> list[int]:
    """Pilots that are to be taken back, on which nobody works.

    What was on its way to the MAP when it was taken back may have been noted after that: it is taken back too.
    """
    late = PilotWrite.objects.filter(pilot=OuterRef("pk"), undone_at=None)
    Pilot.objects.filter(Exists(late), status=Status.TAKEN_BACK).update(status=Status.TAKING_BACK)
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
        """Records go that the pilot made, and values that still stand as it wrote them; the rest is named.

        What the MAP could not do for a passing reason is left for the next try.
        """
        shown = self.connector.read(list(rows))
        ends = {record: _ending(writes, shown.get(record)) for record, writes in rows.items()}
        gone = [record for record, end in ends.items() if end.delete]
        changes = [(record, end.values) for record, end in ends.items() if end.values]
        said = [*self.connector.delete(gone), *self.connector.write(changes)]
        asked = dict(zip([*gone, *(record for record, _ in changes)], said, strict=True))
        late = {record: one for record, one in asked.items() if one.why in PASSING}
        over = {record: writes for record, writes in rows.items() if record not in late}
        stays = [(writes[0].contact_id, words) for record, writes in over.items() for words in ends[record].stays]
        refused = {record: one for record, one in asked.items() if not one.done and record not in late}
        stays += [(rows[record][0].contact_id, f"record {record}: {one.error}") for record, one in refused.items()]
        self._settle(over, [record for record in over if ends[record].gone and record not in refused], stays)
        if late:
            one = next(iter(late.values()))
            raise one.trouble or Unavailable(one.error)

    def _settle(
        self, rows: Mapping[str, list[PilotWrite]], gone: Sequence[str], stays: Iterable[tuple[int, str]]
    ) -> None:
        mine = Link.objects.filter(connection=self.pilot.connection)
        with transaction.atomic():
            mine.filter(record_id__in=gone).delete()
            mine.filter(record_id__in=list(rows)).update(agreed={}, agreed_at=None)
            done = [row.pk for writes in rows.values() for row in writes]
            PilotWrite.objects.filter(pk__in=done).update(undone_at=self.clock())
            self._note(stays)

    # --- the hub's side ---

    def _here(self, members: Sequence[int]) -> None:
        def act() -> None:
            there = synced.locked(members)
            going, stays = _going(self.pilot, list(there))
            who, user = self.pilot.taken_back_by_name, self.pilot.taken_back_by
            why = _why(self.pilot)
            taking_back.put_back(there, going, who, user, why, self.clock())
            self._note(stays)

        in_transaction(act)


@dataclass(frozen=True)
class _Ending:
    """What becomes of a record: deleted, values put back, or left, with why. ``gone``: nothing of it is left there."""

    delete: bool = False
    gone: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    stays: Sequence[str] = ()


def _ending(writes: Sequence[PilotWrite], there: Record | None) -> _Ending:
    record, made = writes[0].record_id, any(row.made for row in writes)
    if there is None:
        return _Ending(gone=made)  # somebody deleted it, or a process that was killed had just done so
    if there.id != record:
        return _Ending(stays=[f"record {record}: merged into {there.id} there since"])
    before, after = _span(writes)
    held = {name: there.values.get(name, "") for name in after}
    stays = [
        f"{n} in the MAP: changed there since" for n, text in held.items() if text not in (after[n], before.get(n))
    ]
    if made:
        return _Ending(delete=not stays, gone=not stays, stays=stays)
    if unseen := after.keys() - before.keys():
        stays.append(f"record {record}: was there already, so what stood in {', '.join(sorted(unseen))} is not known")
    return _Ending(values={n: text for n, text in before.items() if held[n] == after[n] != text}, stays=stays)


def _span(writes: Sequence[PilotWrite]) -> tuple[dict[str, str], dict[str, str]]:
    """What stood before the first write of each field, and what the last one left."""
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for row in writes:
        before = {**row.before, **before}
        after |= row.after
    return before, after


def _going(pilot: Pilot, members: Sequence[int]) -> tuple[Values, list[tuple[int, str]]]:
    """Contact to field to the value that stood before its connection wrote it, where that still stands; what stays."""
    since, name = pilot.created_at.isoformat(timespec="seconds"), pilot.connection.name
    # What a record brings as it is met has the source as its writer.
    mine = {("connection", name), ("source", pilot.connection.source.name)}
    under, wrote = _lived(pilot, members)
    going: Values = {}
    stays = []
    for contact in Contact.objects.filter(pk__in=members).order_by("pk"):
        person = person_from(contact)
        for one, stands in sorted(wrote[contact.pk].items()):
            origin, old, now = origin_of(person.origins, one), under[contact.pk].get(one), person.values.get(one)
            if stands and (now or None) == (old or None):
                continue
            if one == "lifecycle_stage" and now == UNSUBSCRIBED:
                stays.append((contact.pk, "Unsubscribed: nothing takes that back"))
            elif stands and origin is not None and origin.writer[:2] in mine and origin.writer.at >= since:
                going.setdefault(contact.pk, {})[one] = old
            else:
                stays.append((contact.pk, f"{story.HUB_LABELS.get(one, one)} here: changed since"))
    return going, stays


def _why(pilot: Pilot) -> str:
    return f"pilot {pilot.pk} of {pilot.connection.name} taken back"


def _lived(pilot: Pilot, members: Sequence[int]) -> tuple[Values, dict[int, dict[str, bool]]]:
    """From the history: each contact's values as all others left them, and whether what the connection wrote stands.

    "All others" is whoever is not this connection since the pilot began, so that an arrival of that time is kept.
    """
    under: Values = defaultdict(dict)
    last: Values = defaultdict(dict)
    wrote: dict[int, dict[str, bool]] = defaultdict(dict)
    for row in Contact.history.filter(id__in=members).order_by("history_id").values():
        ident, values = row["id"], story.values_of(row)
        changed = {name: value for name, value in values.items() if value != last[ident].get(name)}
        ours = row["actor"] == pilot.connection.name and row["history_user_id"] is None
        if ours and row["history_date"] >= pilot.created_at:
            wrote[ident] |= dict.fromkeys(changed, True)
        else:
            under[ident] |= changed
            undone = (row["history_change_reason"] or "").startswith(_why(pilot))  # before a process was killed
            kept = {} if undone else {name: False for name in changed if name in wrote[ident]}
            wrote[ident] = {n: stands for n, stands in wrote[ident].items() if n not in changed} | kept
        last[ident] = values
    return under, wrote
