"""The fields a record can carry, named once: doors, judges, pages and exports all read this table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """One field of an inbound record (contract: "Fields of a record").

    ``about`` says what it tells of: the ``person``, the ``company``, the ``hub``'s own handling of
    the contact, ``consent``, or only the ``arrival`` itself.
    ``kept`` says whether a contact has a value of that name.
    """

    name: str
    label: str
    about: str
    kept: bool = True


FIELDS: tuple[Field, ...] = (
    Field("email", "E-mail", "person"),
    Field("first_name", "First name", "person"),
    Field("last_name", "Last name", "person"),
    Field("company", "Company", "company"),
    Field("company_domain", "Company domain", "company"),
    Field("phone", "Phone", "person"),
    Field("job_title", "Job title", "person"),
    Field("country", "Country", "person"),
    Field("lifecycle_stage", "Lifecycle stage", "hub"),
    Field("lead_score", "Lead score", "hub"),
    Field("opt_in", "Opt-in", "consent", kept=False),
    Field("opt_in_at", "Opt-in at", "consent", kept=False),
    Field("opt_in_text", "Opt-in words", "consent", kept=False),
    Field("opt_out", "Opt-out", "consent", kept=False),
    Field("occurred_at", "Occurred at", "arrival", kept=False),
    Field("external_id", "External id", "arrival", kept=False),
)

#: Names a door may use that stand for another field, or that are split into several.
ALIASES: dict[str, str] = {"domain": "company_domain", "website": "company_domain"}
SPLIT: dict[str, tuple[str, ...]] = {"name": ("first_name", "last_name")}

LABELS: dict[str, str] = {f.name: f.label for f in FIELDS} | {"name": "Full name"}
BY_NAME: dict[str, Field] = {f.name: f for f in FIELDS}

#: Every name that a column may be matched to, custom fields apart.
MAPPABLE: tuple[str, ...] = tuple(BY_NAME) + tuple(SPLIT) + tuple(ALIASES)
