"""Kit of the tests of erasing: where a marker can still be read, and planting it in every place that is registered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection

from contacts.services.erasing import registry
from contacts.services.uploads import folder


def no_files() -> None:
    """Begin without the files of other tests."""
    for path in folder().iterdir():
        path.unlink()


def everything(mark: str) -> list[str]:
    """Where it stands: tables with a cell that has it, and files of the data folder, the database's own among them."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found += [f"{table}: {row}" for row in cursor.fetchall() if mark.lower() in _text(row)]
    files = [p for p in Path(settings.VAR).rglob("*") if p.is_file()]
    return found + [str(p) for p in files if mark.lower().encode() in p.read_bytes().lower()]


def plant(mark: str, words: str) -> dict[str, int]:
    """Put ``words`` into every registered column of each row that has the mark anywhere; rows by model."""
    planted = {}
    for name, columns in registry.columns().items():
        model = apps.get_model(name)
        rows = [row for row in model._base_manager.all() if mark.lower() in _text(row.__dict__.values())]
        for row in rows:
            fields = {c: model._meta.get_field(c) for c in columns}
            values = {c: _with(getattr(row, c), words, field) for c, field in fields.items()}
            model._base_manager.filter(pk=row.pk).update(**{c: v for c, v in values.items() if v is not None})
        planted[name] = len(rows)
    return planted


def _with(value: Any, words: str, field: Any) -> Any:
    if isinstance(value, dict):
        return {**value, "planted": words}
    if isinstance(value, list):
        return [*value, words]
    if field.unique or field.name.endswith("_key") or not isinstance(value, str):
        return None
    return f"{value} {words}".strip() if field.max_length is None or field.max_length > 200 else None


def _text(row: Any) -> str:
    return "|".join(bytes(v).decode("latin-1") if isinstance(v, bytes | memoryview) else str(v) for v in row).lower()
