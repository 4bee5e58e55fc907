"""What the tables of this app hold of people, and how a person comes out of them when forgotten (contacts/…/erasing).

The rows that tell a MAP to delete somebody name only its record; what names an address goes before, with the order
to delete (``services.sync.opt_outs``).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from contacts.models import Refusal
from contacts.services.erasing.mentions import forget_words, without
from contacts.services.erasing.person import Whole
from contacts.services.erasing.registry import Share, holds_nobody, register
from syncrules.models import (
    Connection,
    ConnectionChange,
    Hook,
    Link,
    Look,
    Override,
    Pilot,
    PilotWrite,
    Pull,
    Push,
    SyncError,
)
from syncrules.services.audit import forgetting as audits


def forget(person: Whole) -> None:
    """Links, what was pulled and told, what waits and what went wrong: everything of the person's records."""
    mine = _records(person)
    audits.forget(person, mine)
    _conditions(person)
    _proofs(person)
    Refusal.objects.filter(ref__in=[record for _, record in mine]).filter(contact=None).delete()
    _pulls(person, mine).delete()
    for model in (Look, Hook):
        model.objects.filter(_among(mine)).delete()
    for column in ("body", "other_body"):
        told = Hook.objects.annotate(told=Cast(column, TextField()))
        told.filter(reduce(or_, (Q(told__icontains=text) for text in person.texts), Q(pk__in=[]))).delete()
    subjects = [*map(str, person.ids), *person.shown, *person.shown.values()]
    about = Q(contact_id__in=person.ids) | Q(subject__in=subjects) | _among(mine)
    SyncError.objects.filter(about).delete()
    forget_words(SyncError, ("value", "text"), person.texts)
    Push.objects.filter(kind=Push.Kind.RECORD, subject__in=map(str, person.ids)).delete()
    Link.objects.filter(contact__in=person.ids).delete()


def _conditions(person: Whole) -> None:
    """Thresholds and reasons in which ops named the person: a condition that is left asks for nobody."""
    forget_words(ConnectionChange, ("reason",), person.texts)
    for model, columns in ((Connection, ("takes_part", "qualifies")), (ConnectionChange, ("before", "after"))):
        for row in model._base_manager.only(*columns):
            now = {column: getattr(row, column) for column in columns}
            then = {column: without(told, (), person.texts) for column, told in now.items()}
            if now != then:
                model._base_manager.filter(pk=row.pk).update(**then)


def _proofs(person: Whole) -> None:
    """What pilots wrote, and why gates were overridden."""
    PilotWrite.objects.filter(contact_id__in=person.ids).delete()
    forget_words(Override, ("said", "reason"), person.texts)
    forget_words(Pilot, ("reason",), person.texts)
    for pilot in Pilot.objects.only("seen", "left"):
        then = {c: without(getattr(pilot, c), person.ids, person.texts) for c in ("seen", "left")}
        Pilot.objects.filter(pk=pilot.pk).update(**then)


def tell(person: Whole) -> Mapping[str, Any]:
    """Where the person is in MAPs, and what those showed."""
    links = Link.objects.filter(contact__in=person.ids).order_by("pk").select_related("connection")
    pulls = _pulls(person, _records(person)).order_by("pk").select_related("connection")
    return {
        "links": [
            {"connection": link.connection.name, "record": link.record_id, "agreed": link.agreed, "seen": link.seen}
            for link in links
        ],
        "pulled": [
            {"connection": pull.connection.name, "record": pull.record_id, "at": pull.at, "values": pull.values}
            for pull in pulls
        ],
    }


def _records(person: Whole) -> list[tuple[int, str]]:
    """Connection and record id of everything that is or was the person's there."""
    links = Link.objects.filter(contact__in=person.ids).values_list("connection_id", "record_id")
    pulls = Pull.objects.filter(contact__in=person.ids).values_list("connection_id", "record_id")
    return sorted({*links, *pulls})


def _pulls(person: Whole, mine: list[tuple[int, str]]) -> Any:
    came = Q(contact__in=person.ids) | Q(arrival__in=person.arrivals.values("pk"))
    return Pull.objects.filter(came | _among(mine))


def _among(records: list[tuple[int, str]]) -> Q:
    return reduce(or_, (Q(connection=c, record_id=r) for c, r in records), Q(pk__in=[]))


register(
    Share(
        {
            "syncrules.AuditGroup": ("shared", "records", "keeps", "consent", "needs", "problem"),
            "syncrules.AuditStep": ("record", "words"),
            "syncrules.Connection": ("takes_part", "qualifies"),
            "syncrules.ConnectionChange": ("before", "after", "reason"),
            "syncrules.Link": ("agreed", "seen"),
            "syncrules.OptOutOrder": (),
            "syncrules.Override": ("said", "reason"),
            "syncrules.Pilot": ("seen", "reason", "left"),
            "syncrules.PilotWrite": ("before", "after", "problem"),
            "syncrules.Pull": ("values", "verdicts"),
            "syncrules.Push": (),
            "syncrules.Look": (),
            "syncrules.Hook": ("body", "other_body", "error"),
            "syncrules.SyncError": ("value", "text", "sent", "answered"),
        },
        forget,
        tell,
    )
)
holds_nobody(
    "syncrules.Audit",
    "syncrules.HealthReport",
    "syncrules.HealthTargets",
    "syncrules.MarkedRecord",
    "syncrules.SyncCount",
    "syncrules.SyncRun",
    "syncrules.TwoWayTest",
    "syncrules.WorksheetEdit",
    "syncrules.WorksheetRow",
    "syncrules.WorksheetVersion",
)
