"""What a new hub's connection to the sandbox starts with: its fields, its names for stages, and the first worksheet.

The worksheet's rows are the playbook's (Step 4). What it leaves open, the counterparts of options, is here.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from syncrules.domain.sheet import read_lines
from syncrules.domain.worksheet import FieldType, Option, Row, Worksheet
from syncrules.sandbox.properties import PROPERTIES, Property

SEEDS = Path(__file__).resolve().parent
NAME = "Sandbox"

#: The sandbox's word for a stage, and whether it is the one that is written: stage or "", option, written. HubSpot
#: numbers the stages that an account adds. "Other" says nothing of a lead, so it stands for no stage.
STAGE_NAMES: tuple[tuple[str, str, bool], ...] = (
    ("new-lead", "subscriber", True),
    ("new-lead", "lead", False),
    ("mql", "marketingqualifiedlead", True),
    ("sql", "86110001", True),
    ("sql", "salesqualifiedlead", False),
    ("in-discovery", "86110002", True),
    ("in-pipeline", "opportunity", True),
    ("customer", "customer", True),
    ("customer", "evangelist", False),
    ("disqualified", "86110003", True),
    ("unsubscribed", "86110004", True),
    ("event-lead", "lead", True),
    ("referred", "lead", True),
    ("outbound", "lead", True),
    ("", "other", False),
)
#: Original sources that are a registered lead source. The rest says where somebody came from, not who made the
#: record, so it stands for none.
SOURCES: tuple[tuple[str, str], ...] = (
    ("ORGANIC_SEARCH", "website-contact-form"),
    ("PAID_SEARCH", "paid-search-landing-page"),
    ("EMAIL_MARKETING", ""),
    ("SOCIAL_MEDIA", ""),
    ("REFERRALS", "partner-referral"),
    ("OTHER_CAMPAIGNS", ""),
    ("DIRECT_TRAFFIC", "website-contact-form"),
    ("OFFLINE", ""),
    ("PAID_SOCIAL", ""),
    ("AI_REFERRALS", ""),
)
VALUE_MAPS: Mapping[str, tuple[tuple[str, str], ...]] = {"source": SOURCES}

#: Whom the sandbox is told of: whoever is in the pipeline at all, but for those who were turned down.
TAKES_PART: Mapping[str, Any] = {
    "all": [
        {"field": "lifecycle_stage", "op": "filled"},
        {"field": "lifecycle_stage", "op": "none-of", "value": ["disqualified"]},
    ]
}
#: Which of its contacts are leads: those whom marketing qualified, and those who came by a source that was audited.
#: The rest, readers of a newsletter and lists that somebody bought, are known people (playbook, "Syncing unqualified
#: leads into pipeline").
QUALIFIES: Mapping[str, Any] = {
    "any": [
        {
            "field": "lifecycle_stage",
            "op": "one-of",
            "value": ["mql", "sql", "in-discovery", "in-pipeline", "customer"],
        },
        {
            "field": "source",
            "op": "one-of",
            "value": [
                "website-contact-form",
                "paid-search-landing-page",
                "webinar-registration",
                "trade-show-scan",
                "partner-referral",
                "outbound-prospecting",
            ],
        },
    ]
}

_TYPES = {"string": "text", "enumeration": "choice", "bool": "boolean"}
_SPECIAL = {"email": "email", "phone": "phone", "mobilephone": "phone", "lifecyclestage": "stage"}
_ROLES = {
    "email": "email",
    "lifecyclestage": "stage",
    "hs_email_optout": "optout",
    "hs_analytics_source": "source",
}
#: What the MAP works out by itself, or what only the hub writes: nobody fills these in.
_NOT_FILLED_IN = frozenset({"hubspotscore", "hs_analytics_source", "hs_analytics_source_data_1", "crm_hub_id"})


def catalogue() -> tuple[FieldType, ...]:
    """The sandbox's contact properties, as a connector would tell them."""
    return tuple(map(_field, PROPERTIES))


def _field(known: Property) -> FieldType:
    return FieldType(
        known.name,
        known.label,
        _SPECIAL.get(known.name) or _TYPES.get(known.type, known.type),
        tuple(Option(*option) for option in known.options) if known.type == "enumeration" else (),
        known.read_only,
        _ROLES.get(known.name, ""),
        not known.read_only and known.name not in _NOT_FILLED_IN,
    )


def lines() -> list[list[str]]:
    """The seeded worksheet as the lines of its file."""
    with (SEEDS / "field_mapping.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def rows(hub_fields: Mapping[str, FieldType], map_fields: Iterable[FieldType]) -> tuple[Row, ...]:
    """The first worksheet of the sandbox, with the counterparts of its options."""
    known = {f.name: f for f in map_fields}
    sheet = read_lines(lines(), Worksheet("sandbox", NAME, (), hub_fields, known))
    return tuple(r._replace(value_map=VALUE_MAPS.get(r.hub, ())) for r in sheet.rows)
