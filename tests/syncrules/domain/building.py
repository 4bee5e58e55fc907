"""Worksheets, rows and cases for the tests of the rule-book's judgement, without a database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from contacts.domain.changes import CustomType
from contacts.domain.lifecycle import StageRow, StageTable
from contacts.domain.origins import Origin, Writer
from syncrules import seeds
from syncrules.domain.hub_fields import hub_fields
from syncrules.domain.judges import NEVER_AGREED, FieldCase
from syncrules.domain.proof import check
from syncrules.domain.worksheet import FieldType, Option, Problem, Row, StageName, Worksheet
from tests.domain.judges import STAGES as PLAYBOOK

STAGES = (*PLAYBOOK, ("referred", "Referred", 10, "anyone"))
TABLE = StageTable(tuple(StageRow(*row) for row in STAGES))
SOURCES = tuple(
    (slug, slug.replace("-", " ").capitalize())
    for slug in (
        "website-contact-form", "paid-search-landing-page", "webinar-registration", "trade-show-scan",
        "partner-referral", "outbound-prospecting",
    )
)  # fmt: skip
CUSTOM = (
    CustomType("interest", "Interest", "choice", ("Laser", "Milling")),
    CustomType("seats", "Seats", "number"),
    CustomType("renewal", "Renewal", "date"),
    CustomType("vip", "VIP", "boolean"),
)
HUB = hub_fields([(s[0], s[1]) for s in STAGES], SOURCES, CUSTOM)
YES_NO = (Option("true", "Yes"), Option("false", "No"))
MORE = (
    FieldType("interest_c", "Area", "choice", (Option("Laser", "Laser"), Option("Milling", "Milling"))),
    FieldType("seats_c", "Seat count", "number"),
    FieldType("renewal_c", "Renews on", "date"),
    FieldType("met_at", "Met at", "datetime"),
    FieldType("vip_c", "Important", "boolean", YES_NO),
)
MAP = {f.name: f for f in (*seeds.catalogue(), *MORE)}
NAMES = tuple(StageName(*name) for name in seeds.STAGE_NAMES)
DANA = Origin(Writer("person", "Dana Whitfield", "2026-03-03T09:00:00+00:00"), "person")
SEEDED = seeds.rows(HUB, MAP.values())


def row(hub: str, other: str, direction: str, rule: str, key: int = 7, **more: Any) -> Row:
    """One row, number as its key."""
    return Row(key, more.pop("number", key), HUB[hub].label if hub in HUB else hub, hub, other, direction, rule, **more)


def worksheet(*rows: Row, slug: str = "sandbox", name: str = "Sandbox", **more: Any) -> Worksheet:
    """A worksheet of these rows behind the seeded ones. Fields that nobody speaks of are left out."""
    said = (*SEEDED, *rows)
    out = {
        "left_out_hub": frozenset(HUB) - {r.hub for r in said},
        "left_out_map": frozenset(MAP) - {r.map for r in said},
    }
    usual = {"hub_fields": HUB, "map_fields": MAP, "stage_names": NAMES, "version": 7}
    return Worksheet(slug, name, said, **(usual | out | more))


def instead(sheet: Worksheet, number: int, **cells: Any) -> Worksheet:
    """The same worksheet with other cells in one row."""
    return replace(sheet, rows=tuple(r._replace(**cells) if r.number == number else r for r in sheet.rows))


def found(sheet: Worksheet, *others: Worksheet) -> list[tuple[str, int | None]]:
    """Codes and rows of what the check finds."""
    return [(p.code, p.row) for p in check(sheet, others)]


def stops(sheet: Worksheet, *others: Worksheet) -> list[Problem]:
    """What keeps it from being put in force."""
    return [p for p in check(sheet, others) if p.level == "stops"]


def case(rule: str, direction: str, hub: Any, other: Any, agreed: Any = NEVER_AGREED, **more: Any) -> FieldCase:
    """A case of a row on the job title, unless another ``field`` is given."""
    field = more.pop("field", "job_title")
    return FieldCase(row(field, "jobtitle", direction, rule), hub, other, agreed, version=3, **more)
