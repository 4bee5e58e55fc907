"""A running pilot is looked at with every sweep: over a limit it stops, and within all of them it ends clean."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, Min, OuterRef, QuerySet

from contacts.models import Contact, Refusal
from syncrules.domain.pilot import MINUTES, over
from syncrules.models import Connection, Link, Pilot, PilotMember, Push, SyncError
from syncrules.services import incidents, links, threshold
from syncrules.services.going_live.basis import basis_of
from syncrules.services.pilot.starting import close

Status = Pilot.Status
BY = "CRM Hub"
#: Incidents that are looked through for the pilot's own.
INCIDENTS = 1000


def watch(at: datetime) -> None:
    """Look at every pilot at work: a clean one writes on until its connection goes live."""
    at_work = Pilot.objects.filter(status__in=(Status.RUNNING, Status.CLEAN), connection__state=Connection.State.PILOT)
    for pilot in at_work.select_related("connection", "source"):
        look(pilot, at)


def look(pilot: Pilot, at: datetime) -> Pilot:
    """What is seen of a pilot at this moment is kept; over a limit it stops, done and within all limits it is clean."""
    pilot.seen, pilot.seen_at = measured(pilot, at), at
    Pilot.objects.filter(pk=pilot.pk).update(seen=pilot.seen, seen_at=at)
    if reasons := over(pilot.seen, pilot.limits):
        said = "; ".join(reasons)
        close(pilot, Status.STOPPED, f"{said[0].upper()}{said[1:]}.", BY, at, frm=pilot.status)
    elif is_done(pilot, at) and pilot.basis == basis_of(pilot.connection):
        close(pilot, Status.CLEAN, "", BY, at)
    pilot.refresh_from_db()
    return pilot


def measured(pilot: Pilot, at: datetime) -> dict[str, int]:
    """The five measures, and how many contacts are in step; a fixed number of queries."""
    members = set(PilotMember.objects.filter(pilot=pilot).values_list("contact_id", flat=True))
    one, since = pilot.connection, pilot.created_at
    found = incidents.find(since, INCIDENTS)
    refused = Refusal.objects.filter(contact__in=members, at__gte=since, connection=one.slug)
    waiting = _waiting(pilot, members)
    oldest = waiting.aggregate(at=Min("changed_at"))["at"]
    linked = Link.objects.filter(connection=one, contact__in=members, state=Link.State.LINKED)
    return {
        "overwrites": sum(i.contact in members and i.who == one.name for i in found),
        "duplicates": len(links.with_several(one, members)),
        "refusals": refused.count(),
        "errors": SyncError.objects.filter(connection=one, contact_id__in=members, solved_at=None).count(),
        "lag": max(0, round((at - oldest).total_seconds())) if oldest else 0,
        "linked": linked.order_by().values("contact").distinct().count(),
        "waiting": waiting.count(),
    }


def _waiting(pilot: Pilot, members: set[int]) -> QuerySet[Push]:
    subjects = [str(pk) for pk in members]
    mine = Push.objects.filter(connection=pilot.connection, kind=Push.Kind.RECORD, parked=False)
    return mine.filter(subject__in=subjects)


def is_done(pilot: Pilot, at: datetime) -> bool:
    """Whether it ran long enough, was pulled to the end, and everybody who is left of it has a record."""
    if at - pilot.created_at < timedelta(minutes=MINUTES) or pilot.seen.get("waiting"):
        return False
    pulled = pilot.connection.pulled_at
    if pulled is None or pulled < pilot.created_at:
        return False
    return not awaited(pilot).exists()


def awaited(pilot: Pilot) -> QuerySet[Contact]:
    """The members that are to get a record and have none; not those whose record somebody deleted there since."""
    members = PilotMember.objects.filter(pilot=pilot).values("contact_id")
    met = Link.objects.filter(connection=pilot.connection, contact=OuterRef("pk"))
    able = Contact.objects.filter(threshold.matching(pilot.connection.takes_part), ~Exists(met), pk__in=members)
    return able.exclude(email="")
