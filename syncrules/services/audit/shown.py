"""What the pages show of audits; each a fixed number of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Max, Min, Q

from syncrules.domain.audit import Entry
from syncrules.models import Audit, AuditGroup, Connection
from syncrules.services.audit import plans
from syncrules.services.audit.plan_file import labels_of, members_of
from syncrules.services.audit.work import HUB, TO_CARRY, TO_READ

PAGE = 50
State = AuditGroup.State
#: What each state of a group is called in the filter, in order of what wants attention.
STATES = {
    State.ASK: "a person decides", State.FAILED: "did not work", State.OPEN: "to be merged",
    State.REVIEW: "in the review queue", State.MERGED: "merged", State.LEFT: "different people",
}  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """The hub or a MAP with its newest audit, the first one, and the one under way."""

    slug: str
    name: str
    newest: Audit | None
    first: Audit | None
    active: Audit | None

    @property
    def met(self) -> bool:
        return self.newest is not None and self.newest.after.met(self.newest.target)


def subjects() -> list[Subject]:
    """The hub, then every connection."""
    connections = list(Connection.objects.only("slug", "name"))
    read = Q(finished_at__isnull=False)
    ids = Audit.objects.order_by().values("connection").annotate(
        newest=Max("pk", filter=read), first=Min("pk", filter=read),
        active=Max("pk", filter=Q(status__in=[*TO_READ, *TO_CARRY])),
    )  # fmt: skip
    places = {row["connection"]: row for row in ids}
    wanted = {row[n] for row in places.values() for n in ("newest", "first", "active")}
    audits = Audit.objects.in_bulk(wanted - {None})

    def subject(pk: int | None, slug: str, name: str) -> Subject:
        row = places.get(pk, {})
        return Subject(slug, name, *(audits.get(row.get(n)) for n in ("newest", "first", "active")))

    return [subject(None, HUB, "The hub"), *(subject(c.pk, c.slug, c.name) for c in connections)]


@dataclass(frozen=True)
class Line:
    """One group of the list, with its records and what speaks for the one that stays."""

    group: AuditGroup
    members: Sequence[Entry]

    @property
    def title(self) -> str:
        return self.group.shared.replace("|", " ").strip()

    @property
    def master(self) -> Entry | None:
        return next((e for e in self.members if e.id == self.group.master), None)


@dataclass(frozen=True)
class Groups:
    """A page of groups, with how many there are in each state."""

    lines: Sequence[Line]
    counts: dict[str, int]
    state: str
    after: int | None
    before: bool
    named: Sequence[tuple[str, str, int]] = field(default_factory=list)


def groups(audit: Audit, state: str, start: int) -> Groups:
    """The groups from number ``start`` on, of one state or all."""
    counts = dict(audit.found.order_by().values_list("state").annotate(n=Count("pk")))
    wanted = audit.found.filter(number__gte=start).order_by("number")
    if state in STATES:
        wanted = wanted.filter(state=state)
    found = list(wanted[: PAGE + 1])
    lines = [Line(group, members) for group, members in members_of(audit, found[:PAGE])]
    after = found[PAGE].number if len(found) > PAGE else None
    named = [(s.value, words, counts[s.value]) for s, words in STATES.items() if counts.get(s.value)]
    return Groups(lines, counts, state if state in STATES else "", after, start > 1, named)


@dataclass(frozen=True)
class Field:
    """One field of a group in detail: each record's value, which one is kept, and which are given up."""

    label: str
    cells: Sequence[dict[str, Any]]


def one_group(audit: Audit, number: int) -> Line | None:
    """A group with its records."""
    group = audit.found.filter(number=number).first()
    if group is None:
        return None
    (found,) = members_of(audit, [group])
    return Line(*found)


def fields(audit: Audit, line: Line) -> list[Field]:
    """All fields that any record fills, in the order of the plan."""
    labels, options = labels_of(audit), plans.fields_of(audit).options
    shown = []
    for name, value, of, given_up in line.group.keeps:
        lost, called = {ident for ident, _ in given_up}, options.get(name, {})
        cells = [
            {"text": _called(called, e.values.get(name, "")), "kept": e.id == of, "lost": e.id in lost, "id": e.id}
            for e in line.members
        ]
        shown.append(Field(labels.get(name, name), [*cells, {"text": _called(called, value), "result": True}]))
    return shown


def _called(options: Mapping[str, str], value: str) -> str:
    return options.get(value, value)
