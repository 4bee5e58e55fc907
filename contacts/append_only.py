"""Tables to which rows are only ever added: the database itself refuses everything else, whoever asks.

Used by migrations. SQLite rebuilds a table when a later migration alters it, and drops its triggers on the way:
such a migration has to end with ``guard`` again (``unguarded`` says so at start and in ``verify_consent``).
"""

from __future__ import annotations

from typing import Any

from django.db import connection

GUARDED = ("contacts_consentrecord",)
SAYS = "rows are only ever added here"

_SQLITE = {
    "update": "BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{table}: {says}'); END",
    "delete": "BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table}: {says}'); END",
    # INSERT OR REPLACE removes the row that is in its way without asking the trigger of deletions.
    "replace": "BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) "
    "BEGIN SELECT RAISE(ABORT, '{table}: {says}'); END",
}
_POSTGRES = {
    "update": "BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION crmhub_only_added()",
    "truncate": "BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION crmhub_only_added()",
}
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION crmhub_only_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: {SAYS}', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def _names(table: str, vendor: str) -> dict[str, str]:
    return {f"{table}_no_{act}": sql for act, sql in (_POSTGRES if vendor == "postgresql" else _SQLITE).items()}


def guard(table: str, editor: Any) -> None:
    """Put the triggers on a table. ``editor`` runs SQL: a cursor or a schema editor."""
    if connection.vendor == "postgresql":
        editor.execute(_FUNCTION, None)
    unguard(table, editor)
    for name, sql in _names(table, connection.vendor).items():
        editor.execute(f"CREATE TRIGGER {name} {sql.format(table=table, says=SAYS)}", None)


def unguard(table: str, editor: Any) -> None:
    """Take the triggers off: for the way back of a migration, and for the tests' cleaning up."""
    for name in _names(table, connection.vendor):
        on = f" ON {table}" if connection.vendor == "postgresql" else ""
        editor.execute(f"DROP TRIGGER IF EXISTS {name}{on}", None)


def unguarded() -> list[str]:
    """Triggers that should be there and are not, or are switched off."""
    catalogue = (
        "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(catalogue)
        there = {row[0] for row in cursor.fetchall()}
    return [name for table in GUARDED for name in _names(table, connection.vendor) if name not in there]
