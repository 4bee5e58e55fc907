"""The hub's own fields as a worksheet may name them: what every contact has, and the custom fields."""

from __future__ import annotations

from contacts.domain.changes import CustomType
from contacts.models import CustomField, Source, Stage
from syncrules.domain import hub_fields as known
from syncrules.domain.worksheet import FieldType


def hub_fields() -> dict[str, FieldType]:
    """Every field of the hub by name, in the order of the contact's page; three queries."""
    custom = [CustomType(f.slug, f.label, f.type, tuple(f.choices)) for f in CustomField.objects.all()]
    return known.hub_fields(
        Stage.objects.values_list("slug", "label"), Source.objects.values_list("slug", "name"), custom
    )
