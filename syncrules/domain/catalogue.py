"""A MAP's properties as they are kept with the connection, so that a worksheet is checked while the MAP is away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from syncrules.domain.worksheet import FieldType, Option

TYPES = frozenset("text number date datetime boolean choice phone email stage".split())


def as_json(fields: Iterable[FieldType]) -> list[dict[str, Any]]:
    """Plain values for ``Connection.catalogue``."""
    return [
        {
            "name": f.name,
            "label": f.label,
            "type": f.type,
            "options": [list(option) for option in f.options],
            "read_only": f.read_only,
            "role": f.role,
            "own": f.own,
        }
        for f in fields
    ]


def from_json(catalogue: Any) -> dict[str, FieldType]:
    """The fields by name, in their order. What is no field is left out: never an error."""
    if not isinstance(catalogue, list):
        return {}
    found = (_field(item) for item in catalogue if isinstance(item, Mapping))
    return {f.name: f for f in found if f.name}


def _field(item: Mapping[str, Any]) -> FieldType:
    kind = item.get("type")
    name = str(item.get("name") or "")
    options = item.get("options")
    return FieldType(
        name=name,
        label=str(item.get("label") or name),
        type=kind if isinstance(kind, str) and kind in TYPES else "text",
        options=tuple(_options(options if isinstance(options, list) else [])),
        read_only=bool(item.get("read_only")),
        role=str(item.get("role") or ""),
        own=bool(item.get("own", True)),
    )


def _options(items: Iterable[Any]) -> Iterable[Option]:
    for item in items:
        if isinstance(item, list | tuple) and item:
            yield Option(str(item[0]), str(item[1] if len(item) > 1 else item[0]))
