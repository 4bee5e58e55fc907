"""HubSpot's properties as the fields of a connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncrules.connectors.hubspot.answers import an_object, rows, text
from syncrules.domain.worksheet import FieldType, Option

#: What the hub has to know of, by HubSpot's names.
ROLES = {"email": "email", "lifecyclestage": "stage", "hs_email_optout": "optout", "hs_analytics_source": "source"}
TYPES = {
    "string": "text",
    "phone_number": "phone",
    "number": "number",
    "date": "date",
    "datetime": "datetime",
    "bool": "boolean",
    "enumeration": "choice",
}


def field(data: Mapping[str, Any]) -> FieldType:
    """One property.

    The opt-out is read-only as a property; it is written as a communication preference, so it counts as writable.
    """
    name = text(data.get("name"), "name")
    role = ROLES.get(name, "")
    about = an_object(data, "modificationMetadata")
    fixed = bool(about.get("readOnlyValue")) or bool(data.get("calculated"))
    made_here = data.get("hubspotDefined") is not True
    return FieldType(
        name=name,
        label=text(data.get("label"), "label") or name,
        type=_type(data, name, role),
        options=_options(data),
        read_only=fixed and role != "optout",
        role=role,
        own=made_here or (not fixed and bool(data.get("formField")) and not data.get("hidden")) or bool(role),
    )


def _type(data: Mapping[str, Any], name: str, role: str) -> str:
    kind, shown = text(data.get("type"), "type"), text(data.get("fieldType"), "fieldType")
    if role in ("email", "stage"):
        return role
    if shown == "phonenumber" or name in ("phone", "mobilephone"):
        return "phone"
    if shown == "booleancheckbox":
        return "boolean"
    if shown == "checkbox":  # several options at once, with semicolons between
        return "text"
    return TYPES.get(kind, "text")


def _options(data: Mapping[str, Any]) -> tuple[Option, ...]:
    if not data.get("options"):
        return ()
    found = [(text(o.get("value"), "option"), text(o.get("label"), "option")) for o in rows(data, "options")]
    return tuple(Option(value, label or value) for value, label in found)


def fields(data: Mapping[str, Any]) -> tuple[FieldType, ...]:
    """All properties of an answer that are not archived."""
    return tuple(field(item) for item in rows(data) if not item.get("archived"))
