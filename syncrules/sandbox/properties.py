"""The contact properties of the sandbox's account, and what each accepts.

Values are strings on the wire and in the store, as at HubSpot. Names, types and options follow
HubSpot's default contact properties; four stages, ``last_activity`` and ``crm_hub_id`` are what an
account following the playbook would have added itself. HubSpot gives such stages numeric values: a
connector has to read the options, it can't guess the value from the label.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from .clock import iso, parse_ms
from .errors import ApiError

Option = tuple[str, str]
MAX_VALUE = 65_536
_NUMBER = re.compile(r"[+-]?\d{1,300}(\.\d{1,300})?([eE][+-]?\d{1,2})?", re.ASCII)
_EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f.]+")

#: In order: HubSpot moves a stage forwards only, unless it was cleared first.
STAGES: tuple[Option, ...] = (
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("86110001", "Sales Accepted Lead"),
    ("86110002", "Working"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    ("other", "Other"),
    ("86110003", "Disqualified"),
    ("86110004", "Unsubscribed"),
)
STAGE_RANK: dict[str, int] = {value: rank for rank, (value, _) in enumerate(STAGES)}
SOURCES: tuple[Option, ...] = (
    ("ORGANIC_SEARCH", "Organic Search"),
    ("PAID_SEARCH", "Paid Search"),
    ("EMAIL_MARKETING", "Email Marketing"),
    ("SOCIAL_MEDIA", "Organic Social"),
    ("REFERRALS", "Referrals"),
    ("OTHER_CAMPAIGNS", "Other Campaigns"),
    ("DIRECT_TRAFFIC", "Direct Traffic"),
    ("OFFLINE", "Offline Sources"),
    ("PAID_SOCIAL", "Paid Social"),
    ("AI_REFERRALS", "AI Referrals"),
)
LEAD_STATUSES: tuple[Option, ...] = (
    ("NEW", "New"),
    ("OPEN", "Open"),
    ("IN_PROGRESS", "In Progress"),
    ("OPEN_DEAL", "Open Deal"),
    ("UNQUALIFIED", "Unqualified"),
    ("ATTEMPTED_TO_CONTACT", "Attempted to Contact"),
    ("CONNECTED", "Connected"),
    ("BAD_TIMING", "Bad Timing"),
)
YES_NO: tuple[Option, ...] = (("true", "Yes"), ("false", "No"))


@dataclass(frozen=True)
class Property:
    """One definition."""

    name: str
    label: str
    type: str = "string"
    options: tuple[Option, ...] = ()
    read_only: bool = False
    unique: bool = False
    own: bool = False  # made by the account, not by HubSpot

    def as_json(self, order: int) -> dict[str, Any]:
        """As the properties API lists it."""
        options = [
            {"label": label, "value": value, "displayOrder": place, "hidden": False}
            for place, (value, label) in enumerate(self.options)
        ]
        return {
            "name": self.name,
            "label": self.label,
            "description": "",
            "type": self.type,
            "fieldType": FIELD_TYPES[self.type],
            "groupName": "contactinformation",
            "options": options,
            "displayOrder": order,
            "hasUniqueValue": self.unique,
            "hidden": False,
            "formField": not self.read_only,
            "calculated": False,
            "externalOptions": False,
            "hubspotDefined": not self.own,
            "archived": False,
            "modificationMetadata": {
                "archivable": self.own,
                "readOnlyDefinition": not self.own,
                "readOnlyOptions": self.name != "lifecyclestage" and not self.own,
                "readOnlyValue": self.read_only,
            },
        }


FIELD_TYPES = {
    "string": "text",
    "number": "number",
    "date": "date",
    "datetime": "date",
    "enumeration": "select",
    "bool": "booleancheckbox",
}


PROPERTIES: tuple[Property, ...] = (
    Property("email", "Email", unique=True),
    Property("firstname", "First Name"),
    Property("lastname", "Last Name"),
    Property("company", "Company Name"),
    Property("website", "Website URL"),
    Property("hs_email_domain", "Email Domain", read_only=True),
    Property("phone", "Phone Number"),
    Property("mobilephone", "Mobile Phone Number"),
    Property("jobtitle", "Job Title"),
    Property("country", "Country/Region"),
    Property("lifecyclestage", "Lifecycle Stage", "enumeration", STAGES),
    Property("hs_lead_status", "Lead Status", "enumeration", LEAD_STATUSES),
    Property("hubspotscore", "HubSpot Score", "number"),
    Property("hs_analytics_source", "Original Source", "enumeration", SOURCES),
    Property("hs_analytics_source_data_1", "Original Source Drill-Down 1"),
    Property("hs_email_optout", "Unsubscribed from all email", "bool", YES_NO, read_only=True),
    Property("hs_email_optout_1", "Opted out of email: Newsletter", "bool", YES_NO, read_only=True),
    Property("hs_email_optout_2", "Opted out of email: Event invitations", "bool", YES_NO, read_only=True),
    Property("hs_additional_emails", "Additional email addresses", read_only=True),
    Property("hs_merged_object_ids", "Merged record IDs", read_only=True),
    Property("hs_object_id", "Record ID", "number", read_only=True),
    Property("createdate", "Create Date", "datetime", read_only=True),
    Property("lastmodifieddate", "Last Modified Date", "datetime", read_only=True),
    Property("last_activity", "Last Activity", "datetime", own=True),
    Property("crm_hub_id", "CRM Hub ID", unique=True, own=True),
)
BY_NAME: dict[str, Property] = {p.name: p for p in PROPERTIES}
UNIQUE: tuple[str, ...] = tuple(p.name for p in PROPERTIES if p.unique)
#: What HubSpot shows of a contact when nobody asks for more.
DEFAULTS = ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname")


def definitions() -> dict[str, Any]:
    """The answer of ``GET /crm/v3/properties/contacts``."""
    return {"results": [p.as_json(order) for order, p in enumerate(PROPERTIES)]}


def definition(name: str) -> dict[str, Any]:
    """The answer of ``GET /crm/v3/properties/contacts/NAME``."""
    if name not in BY_NAME:
        raise ApiError(404, f'Property "{name}" does not exist', "OBJECT_NOT_FOUND")
    return BY_NAME[name].as_json(PROPERTIES.index(BY_NAME[name]))


def clean(values: Any) -> dict[str, str]:
    """What a write may store of ``values``; every bad value is named in one error.

    An empty string clears. A null is ignored, as HubSpot ignores it (hubspot-api-nodejs #324).
    """
    if not isinstance(values, dict):
        raise ApiError(400, "Invalid input: properties must be an object of names and values")
    kept: dict[str, str] = {}
    faults: list[dict[str, Any]] = []
    for name, value in values.items():
        if value is None and name in BY_NAME:
            continue
        try:
            kept[name] = _clean_one(name, value)
        except _InvalidError as fault:
            faults.append({"isValid": False, "message": fault.message, "error": fault.code, "name": name})
    if faults:
        raise _invalid_values(faults)
    return kept


def _invalid_values(faults: list[dict[str, Any]]) -> ApiError:
    return ApiError(
        400,
        "Property values were not valid: " + json.dumps(faults),
        errors=[
            {"message": f["message"], "code": f["error"], "context": {"propertyName": [f["name"]]}} for f in faults
        ],
    )


class _InvalidError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def _clean_one(name: str, value: Any) -> str:
    known = BY_NAME.get(name)
    if known is None:
        raise _InvalidError("PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
    if known.read_only:
        raise _InvalidError("READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
    text = _as_text(name, value)
    if name == "email":
        text = text.strip().lower()
        if text and not _EMAIL.fullmatch(text):
            raise _InvalidError("INVALID_EMAIL", f"Email address {text} is invalid")
    return _typed(known, text) if text else text


def _as_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, (str, int, float)):
        raise _InvalidError("INVALID_STRING", f'The value of "{name}" must be a string.')
    text = str(value)
    if len(text) > MAX_VALUE:
        raise _InvalidError("VALUE_TOO_LONG", f'The value of "{name}" is over {MAX_VALUE} characters.')
    return text


def _typed(known: Property, text: str) -> str:
    if known.options and text not in {value for value, _ in known.options}:
        allowed = [value for value, _ in known.options]
        raise _InvalidError("INVALID_OPTION", f"{text} was not one of the allowed options: {allowed}")
    try:
        if known.type == "number" and not _NUMBER.fullmatch(text):
            raise ValueError(text)
        if known.type == "datetime":
            return iso(parse_ms(text))
        if known.type == "date":
            return date.fromisoformat(text).isoformat()
    except ValueError:
        raise _InvalidError(f"INVALID_{known.type.upper()}", f"{text} was not a valid {known.type}.") from None
    return text
