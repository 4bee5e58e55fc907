"""A person out of the audits that are kept: what was counted stays, who it was goes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from contacts.services.erasing.mentions import FORGOTTEN
from contacts.services.erasing.person import Whole
from syncrules.models import AuditGroup, AuditStep

_BLANK: dict[str, Any] = {
    "shared": FORGOTTEN, "records": [], "master": "", "why": "", "others": [], "keeps": [], "consent": {},
    "needs": FORGOTTEN, "state": AuditGroup.State.LEFT, "left_over": "", "problem": "",
}  # fmt: skip


def forget(person: Whole, records: Collection[tuple[int, str]]) -> None:
    """Blank the groups that the person is in; ``records`` are the person's, as connection and record id."""
    groups = set(_groups(person, records))
    AuditStep.objects.filter(group__in=groups).update(record=FORGOTTEN, into="", words=FORGOTTEN)
    AuditGroup.objects.filter(pk__in=groups).update(**_BLANK)


def _groups(person: Whole, records: Collection[tuple[int, str]]) -> Iterator[int]:
    told = AuditGroup.objects.annotate(told=Cast("records", TextField()), kept=Cast("keeps", TextField()))
    words = (Q(told__icontains=t) | Q(kept__icontains=t) | Q(shared__icontains=t) for t in person.texts)
    steps = AuditStep.objects.filter(record__in=[*person.shown, *person.shown.values()])
    yield from told.filter(reduce(or_, words, Q(pk__in=steps.values("group")))).values_list("pk", flat=True)
    mine = {*person.ids, *(record for _, record in records)}  # the hub's are kept as numbers, a MAP's as records
    for pk, kept in AuditGroup.objects.values_list("pk", "records").iterator():
        if any((r["id"] if isinstance(r, dict) else r) in mine for r in kept):
            yield pk
