"""The samples of a report: who is in them, drawn again by anybody, and as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from contacts.exports import csv_lines, safe_cell
from contacts.models import Contact
from contacts.services.merged import living_ids
from syncrules.domain.scorecard import ATTRIBUTION, DUPLICATES, INCIDENTS, STAGES, TITLES
from syncrules.models import HealthReport
from syncrules.services.health import attribution, stages

COLUMNS = ("figure", "contact", "name", "what was found", "good", "why")


def people(report: HealthReport) -> dict[int, str]:
    """The names of everybody in a report, by the number that it has; two queries. Reports themselves keep none."""
    wanted = {one["contact"] for name in TITLES for one in _sample(report, name) if one.get("contact")}
    homes = living_ids(wanted)
    names = {c.pk: str(c) for c in Contact.objects.filter(pk__in=set(homes.values()))}
    return {ident: names[home] for ident, home in homes.items() if home in names}


def _sample(report: HealthReport, name: str) -> Iterable[Mapping[str, Any]]:
    found: Iterable[Mapping[str, Any]] = report.figures.get(name, {}).get("sample", ())
    return found


def drawn_again(report: HealthReport) -> dict[str, tuple[list[int], bool]]:
    """Each sample drawn once more with the report's seed and bounds, and whether it is the same people."""
    sizes = {name: len(list(_sample(report, name))) for name in (ATTRIBUTION, STAGES)}
    bounds = report.bounds
    again = {
        ATTRIBUTION: list(attribution.drawn(report.seed, bounds.get("history", 0), sizes[ATTRIBUTION])),
        STAGES: stages.drawn(report.seed, bounds.get("links", 0), sizes[STAGES]),
    }
    return {name: (ids, set(ids) == {one["contact"] for one in _sample(report, name)}) for name, ids in again.items()}


def lines(report: HealthReport) -> Iterator[str]:
    """The samples as CSV, safe to open in a spreadsheet."""
    names = people(report)
    rows = [COLUMNS, *(_row(name, one, names) for name in TITLES for one in _sample(report, name))]
    return csv_lines([safe_cell(cell) for cell in row] for row in rows)


def _row(figure: str, one: Mapping[str, Any], names: Mapping[int, str]) -> tuple[object, ...]:
    title, contact = TITLES[figure], one.get("contact")
    who = (contact or "", names.get(contact, "") if contact else "")
    if figure == DUPLICATES:
        said = "" if one["rate"] is None else f"{one['duplicates']} too many of {one['contacts']} contacts"
        return (title, "", one["where"], said, one["met"], one["note"])
    if figure == INCIDENTS:
        return (title, *who, f"{one['field']}, {one['at']}", False, f"by {one['who'] or 'the hub'}")
    if figure == ATTRIBUTION:
        return (title, *who, one["trail"], one["traced"], "")
    return (title, *who, f"{one['hub']} in the hub, {one['map']} in {one['connection']}", one["same"], one["why"])
