"""The hub's fields as a worksheet can name them, custom fields included."""

from __future__ import annotations

from collections.abc import Iterable

from contacts.domain.changes import CustomType
from syncrules.domain.worksheet import FieldType, Option

#: Who a contact is found by: a wrong value here joins or parts people (playbook, Step 2).
IDENTITY = ("email", "first_name", "last_name", "company_domain", "phone")
_PLAIN = (
    FieldType("email", "E-mail", "email", role="email"),
    FieldType("first_name", "First name", "text"),
    FieldType("last_name", "Last name", "text"),
    FieldType("company", "Company", "text"),
    FieldType("company_domain", "Company domain", "text"),
    FieldType("phone", "Phone", "phone"),
    FieldType("job_title", "Job title", "text"),
    FieldType("country", "Country", "text"),
    FieldType("lead_score", "Lead score", "number"),
    FieldType("last_activity", "Last activity", "datetime", read_only=True, own=False),
    FieldType("opt_in", "E-mail opt-in", "boolean", role="optout"),
)


def hub_fields(
    stages: Iterable[tuple[str, str]], sources: Iterable[tuple[str, str]], custom: Iterable[CustomType]
) -> dict[str, FieldType]:
    """Every field that a row may name, in the order of the contact's page.

    ``stages`` and ``sources`` are what there is, as pairs of slug and name.
    """
    stage = FieldType(
        "lifecycle_stage", "Lifecycle stage", "stage", tuple(Option(*pair) for pair in stages), role="stage"
    )
    source = FieldType("source", "Lead source", "choice", tuple(Option(*pair) for pair in sources), role="source")
    own = [FieldType(c.slug, c.label, c.type, tuple(Option(v, v) for v in c.choices)) for c in custom]
    return {f.name: f for f in (*_PLAIN[:8], stage, source, *_PLAIN[8:], *own)}
