"""The plan of an audit as a file: a row for each record, safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from contacts.exports import csv_lines, safe_cell
from syncrules.domain.audit import Entry
from syncrules.models import Audit, AuditGroup
from syncrules.services.audit import entries, hub, plans

COLUMNS = ("group", "matched by", "shared", "record", "act", "name", "e-mail", "fields filled", "why", "given up",
           "mail", "state", "a person decides because")  # fmt: skip
CHUNK = 500


def lines(audit: Audit) -> Iterator[str]:
    """The CSV, line by line; a query or two for each 500 groups."""
    return csv_lines([safe_cell(cell) for cell in row] for row in _rows(audit))


def write(audit: Audit, path: Path) -> None:
    """The CSV into a file. Raises ``OSError``."""
    with path.open("w", encoding="utf-8", newline="") as out:
        out.writelines(lines(audit))


def _rows(audit: Audit) -> Iterator[tuple[object, ...]]:
    yield COLUMNS
    groups = audit.found.order_by("number").iterator(CHUNK)
    while chunk := list(islice(groups, CHUNK)):
        for group, members in members_of(audit, chunk):
            yield from _of_group(group, members, labels_of(audit))


def labels_of(audit: Audit) -> dict[str, str]:
    """What the fields are called."""
    return dict(plans.fields_of(audit).labels) if audit.connection_id else hub.FILLED


def members_of(audit: Audit, groups: list[AuditGroup]) -> list[tuple[AuditGroup, list[Entry]]]:
    """Each group with its records. For the hub: the contacts as they are now, with the plan for them; one query."""
    if audit.connection_id is not None:
        return [(group, [entries.from_json(kept) for kept in group.records]) for group in groups]
    known = hub.entries([str(i) for group in groups for i in group.records])
    found = []
    for group in groups:
        members = [entry for i in group.records if (entry := known.get(str(i)))]
        if len(members) > 1:
            hub.plan(group, members)
        found.append((group, members))
    return found


def _of_group(group: AuditGroup, members: list[Entry], labels: dict[str, str]) -> Iterator[tuple[object, ...]]:
    place = {ident: n for n, ident in enumerate([group.master, *group.others])}
    lost: dict[str, list[str]] = {}
    for name, _, _, given_up in group.keeps:
        for ident, value in given_up:
            lost.setdefault(ident, []).append(f"{labels.get(name, name)}: {value}")
    for entry in sorted(members, key=lambda e: place.get(e.id, len(place))):
        act = "keep" if entry.id == group.master else f"merge into #{group.master}" if group.master else ""
        yield (
            group.number, group.by, group.shared.replace("|", " "), entry.id, act, entry.name, entry.email,
            len(entry.values), group.why if entry.id == group.master else "", "; ".join(lost.get(entry.id, ())),
            entry.opt_in.value, group.get_state_display(), group.needs,
        )  # fmt: skip
