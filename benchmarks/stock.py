"""What we compare with: django-import-export's own importer on the same models, and a bare load."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import tablib
from django.db import connection
from import_export import fields, resources

from contacts.models import Contact

NOW = datetime(2026, 4, 1, tzinfo=UTC)
COLUMNS = {
    "First Name": "first_name",
    "Last Name": "last_name",
    "Email": "email",
    "Phone": "phone",
    "Company": "company",
    "Job Title": "job_title",
    "Country": "country",
    "Lead Score": "lead_score",
}


class ContactResource(resources.ModelResource):
    """The importer as its documentation has it: rows are found by address and saved one by one, with history."""

    email = fields.Field(attribute="email", column_name="email")

    class Meta:
        model = Contact
        fields = ("email", "first_name", "last_name", "phone", "company", "job_title", "country", "lead_score")
        import_id_fields = ("email",)

    def before_save_instance(self, instance: Contact, row: dict[str, str], **kwargs: object) -> None:
        instance.created_at = instance.created_at or NOW
        instance.updated_at = NOW


def importer(path: Path, rows: int) -> float:
    """Rows a second of django-import-export on the first ``rows`` rows of the file."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        data = tablib.Dataset(headers=list(COLUMNS.values()))
        for _, row in zip(range(rows), reader, strict=False):
            data.append([row[c] for c in COLUMNS])
    with connection.cursor() as cursor:  # it looks people up by their address: give it the index that this wants
        cursor.execute("CREATE INDEX IF NOT EXISTS bench_email ON contacts_contact (email)")
    started = time.perf_counter()
    result = ContactResource().import_data(data, dry_run=False, raise_errors=False, use_transactions=True)
    pace = len(data) / (time.perf_counter() - started)
    assert result.total_rows == len(data)
    assert not result.has_errors(), result.row_errors()[:1]
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX bench_email")
    return pace


def bare_load(path: Path) -> float:
    """Rows a second of COPY (SQLite: one executemany) of the file into a table with the contacts' indexes."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [tuple(row) for row in csv.reader(file)][1:]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare_load")
        cursor.execute(
            "CREATE TABLE bare_load (id integer primary key, a text, b text, c text, d text, e text, f text, g text, "
            "h text, i text, j text, k text, l text)"
        )
        for n, columns in enumerate(["a", "b, id", "c", "e, h", "d", "k"]):
            cursor.execute(f"CREATE INDEX bare_{n} ON bare_load ({columns})")
    started = time.perf_counter()
    _load([(n, *row) for n, row in enumerate(rows)])
    seconds = time.perf_counter() - started
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bare_load")
    return len(rows) / seconds


def _load(rows: Sequence[tuple[object, ...]]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy("COPY bare_load FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        cursor.execute("BEGIN")
        cursor.executemany(f"INSERT INTO bare_load VALUES ({', '.join(['%s'] * 13)})", rows)
        cursor.execute("COMMIT")
