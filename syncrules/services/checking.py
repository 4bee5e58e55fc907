"""A worksheet with everything around it, loaded for the check: fields of both sides, stages, other connections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Value
from django.db.models.fields.json import KT

from contacts.services import stage_tables
from syncrules.domain import proof
from syncrules.domain.catalogue import from_json
from syncrules.domain.worksheet import FieldType, Problem, Row, StageName, Worksheet
from syncrules.models import Connection, Link, WorksheetVersion
from syncrules.services.hub_fields import hub_fields
from syncrules.services.rows import SIDES, as_row, left_out

STOPS = "stops"
#: Problems whose words count the contacts that have a value.
_COUNTED = frozenset({"option-unmapped", "stage-unmapped"})


@dataclass(frozen=True)
class Around:
    """What a worksheet is held against. Loaded once for a page; six queries, however many rows there are."""

    connection: Connection
    hub_fields: Mapping[str, FieldType]
    map_fields: Mapping[str, FieldType]
    stage_names: tuple[StageName, ...]
    others: tuple[Worksheet, ...]


def around(connection: Connection) -> Around:
    """Everything that surrounds the worksheet of a connection."""
    return around_each([connection])[connection.pk]


def around_each(connections: Sequence[Connection]) -> dict[int, Around]:
    """The same for several connections, by id, with the same queries."""
    every = list(Connection.objects.order_by("slug"))
    in_force = WorksheetVersion.objects.filter(state=WorksheetVersion.State.IN_FORCE).prefetch_related("rows")
    versions = {v.connection_id: v for v in in_force}
    ours, names = hub_fields(), _stage_names(c.slug for c in every)
    theirs = {c.pk: from_json(c.catalogue) for c in every}
    obeyed = {
        c.pk: _worksheet(c, ours, theirs[c.pk], names[c.slug], v.rows.all(), left_out(v), v.number)
        for c in every
        if (v := versions.get(c.pk))
    }
    return {
        c.pk: Around(c, ours, theirs[c.pk], names[c.slug], tuple(w for pk, w in obeyed.items() if pk != c.pk))
        for c in connections
    }


def _stage_names(slugs: Iterable[str]) -> dict[str, tuple[StageName, ...]]:
    names = stage_tables.current_contents().names
    return {slug: tuple(StageName(n.stage, n.value, n.written) for n in names.get(slug, ())) for slug in slugs}


def _worksheet(
    connection: Connection,
    ours: Mapping[str, FieldType],
    theirs: Mapping[str, FieldType],
    names: tuple[StageName, ...],
    rows: Iterable[Any],
    out: Mapping[str, Iterable[str]],
    number: int,
) -> Worksheet:
    said = tuple(row if isinstance(row, Row) else as_row(row) for row in rows)
    gone = {side: frozenset(out[side]) for side in SIDES}
    return Worksheet(
        connection.slug, connection.name, said, ours, theirs, names, gone["hub"], gone["map"], number
    )  # fmt: skip


def worksheet_of(where: Around, version: WorksheetVersion | None) -> Worksheet:
    """A version as a value; an empty worksheet where there is none."""
    rows = version.rows.order_by("number") if version else ()
    return of_rows(where, rows, left_out(version), version.number if version else 0)


def of_rows(where: Around, rows: Iterable[Any], out: Mapping[str, Iterable[str]], number: int = 0) -> Worksheet:
    """Rows from anywhere, such as a file, as a worksheet of this connection."""
    c = where.connection
    return _worksheet(c, where.hub_fields, where.map_fields, where.stage_names, rows, out, number)


def check(where: Around, worksheet: Worksheet) -> list[Problem]:
    """What is wrong with it. How many contacts have a value is counted only where a problem says it."""
    found = proof.check(worksheet, where.others)
    if not any(problem.code in _COUNTED for problem in found):
        return found
    return proof.check(replace(worksheet, used_options=_used(where, worksheet)), where.others)


def _used(where: Around, worksheet: Worksheet) -> dict[str, dict[str, int]]:
    """By MAP field with options: value to the number of linked records that show it; one query."""
    fields = {r.map for r in worksheet.rows if (f := where.map_fields.get(r.map)) and (f.options or f.type == "stage")}
    links = Link.objects.filter(connection=where.connection).order_by()
    counts = [
        links.annotate(name=Value(field), shown=KT(f"seen__{field}")).values("name", "shown").annotate(n=Count("pk"))
        for field in sorted(fields)
        if field.isidentifier()
    ]
    if not counts:
        return {}
    used: dict[str, dict[str, int]] = {}
    for row in counts[0].union(*counts[1:], all=True) if len(counts) > 1 else counts[0]:
        if row["shown"]:
            used.setdefault(row["name"], {})[row["shown"]] = row["n"]
    return used


def stopping(problems: Sequence[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.level == STOPS]


def stops_everywhere() -> dict[int, int]:
    """By connection: how many problems stop its draft, else what is in force; a fixed number of queries."""
    states = (WorksheetVersion.State.DRAFT, WorksheetVersion.State.IN_FORCE)
    versions = WorksheetVersion.objects.filter(state__in=states).select_related("connection").prefetch_related("rows")
    newest = {v.connection_id: v for v in versions.order_by("number")}
    where = around_each([v.connection for v in newest.values()])
    return {
        pk: len(stopping(proof.check(of_rows(where[pk], v.rows.all(), left_out(v), v.number), where[pk].others)))
        for pk, v in newest.items()
    }


def stops(version: WorksheetVersion) -> list[Problem]:
    """The problems that keep a version from being put in force."""
    where = around(version.connection)
    return stopping(check(where, worksheet_of(where, version)))
