"""Thresholds with the data of the hub: which contacts pass, how many, and what another threshold would change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet

from contacts.models import Contact, Source
from syncrules.domain import threshold as pure
from syncrules.domain.threshold import Threshold
from syncrules.domain.worksheet import FieldType
from syncrules.models import Connection, Link
from syncrules.services.hub_fields import hub_fields
from syncrules.services.threshold_sql import condition

TAKES_PART, QUALIFIES = "takes_part", "qualifies"


class Counted(NamedTuple):
    """How many contacts pass. ``parts`` is a count for each part, by its path; ``of`` is everybody asked about;
    ``before`` and ``both`` are about the threshold that stands now.
    """

    of: int
    passing: int
    before: int
    both: int
    parts: Mapping[tuple[int, ...], int]

    @property
    def more(self) -> int:
        return self.passing - self.both

    @property
    def fewer(self) -> int:
        return self.before - self.both


def compiled(connection: Connection, which: str, fields: Mapping[str, FieldType] | None = None) -> Threshold:
    """A connection's threshold, ready to judge with."""
    return pure.compile(getattr(connection, which), hub_fields() if fields is None else fields)


def matching(tree: Any) -> Q:
    """The contacts that pass, as a condition on ``Contact``: for each of them what ``Threshold.passes`` says."""
    return condition(pure.compile(tree, hub_fields()).root, source_ids())


def source_ids() -> dict[str, int]:
    """Slug to id of the sources."""
    return dict(Source.objects.values_list("slug", "pk"))


def asked_about(connection: Connection, which: str) -> QuerySet[Contact]:
    """Whom a threshold of this connection is about: all contacts, or those that have a record in the MAP."""
    if which == TAKES_PART:
        return Contact.objects.all()
    linked = Link.objects.filter(connection=connection, state=Link.State.LINKED)
    return Contact.objects.filter(pk__in=linked.values("contact"))


def count(connection: Connection, which: str, wanted: Threshold, now: Threshold) -> Counted:
    """How many contacts pass a threshold and each of its parts, beside the one that stands; one query."""
    sources = source_ids()
    passing, before = condition(wanted.root, sources), condition(now.root, sources)
    parts = {part.path: condition(part, sources) for part in wanted.root.walk()}
    asked = {f"p_{'_'.join(map(str, path))}": Count("pk", filter=q) for path, q in parts.items()}
    found = asked_about(connection, which).aggregate(
        of=Count("*"), passing=_count(passing), before=_count(before), both=_count(passing & before), **asked
    )
    named = dict(zip(asked, parts, strict=True))
    by_path = {path: found[name] for name, path in named.items()}
    return Counted(found["of"], found["passing"], found["before"], found["both"], by_path)


def _count(q: Q) -> Count:
    return Count("pk", filter=q) if q else Count("*")
