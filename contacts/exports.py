"""Files that leave the hub: contacts and arrivals as CSV or XLSX, and the one rule for cells in them.

The columns are django-import-export's resources; the writing is ours, row by row, because the library's own
holds the whole table in memory and lets most formulas through.
"""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

import structlog
from django.db.models import QuerySet
from import_export import fields, resources
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from contacts.domain.blanks import OUTER
from contacts.models import Arrival, Contact, CustomField

log = structlog.get_logger(__name__)

CHUNK = 2_000
CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: A workbook is made while the person waits, and readers load it whole; a CSV streams and has no limit.
MOST_XLSX_ROWS = 100_000

_STARTS_A_FORMULA = frozenset("=+-@＝＋－＠﹢﹣﹦﹫−")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


def safe_cell(value: object) -> str:
    """The value as text that no spreadsheet takes for a formula.

    A cell is marked with an apostrophe in front if it begins with ``= + - @`` or one of their full-width or
    small forms, also behind spaces, control characters and marks without a width, or if it begins with a
    tab, a line end or a NUL. Left as they are, so that a file comes back equal: E.164 phone numbers and
    plain decimal numbers (``+441234567``, ``-5``, ``2.50``), which a spreadsheet can only read as numbers.
    The mark is part of the cell: a name that really begins with "=" comes back with it, as nothing in the
    hub strips it.
    """
    text = _in_words(value)
    if not text or _NUMBER.fullmatch(text):
        return text
    begins = text.lstrip(OUTER)[:1]
    return f"'{text}" if text[0] in "\t\r\n\x00" or begins in _STARTS_A_FORMULA else text


def _in_words(value: object) -> str:
    if value is None:
        return ""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


class ContactResource(resources.ModelResource):
    """A contact in a row, custom fields included. The names are those that the import knows."""

    lifecycle_stage = fields.Field("lifecycle_stage_id", "lifecycle_stage")
    owner = fields.Field("owner__username", "owner")
    source = fields.Field("source__slug", "source")

    class Meta:
        model = Contact
        chunk_size = CHUNK
        fields = (
            "id", "email", "first_name", "last_name", "company", "company_domain", "phone", "job_title",
            "country", "lifecycle_stage", "lead_score", "owner", "source", "shared_mailbox", "created_at",
            "updated_at",
        )  # fmt: skip
        export_order = fields

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom = list(CustomField.objects.values_list("slug", flat=True))

    def get_queryset(self) -> QuerySet[Contact]:
        left_out = ("origins", "person_key", "sort_key", "company_key")
        return Contact.objects.select_related("owner", "source").defer(*left_out)

    def get_export_headers(self, selected_fields: Any = None) -> list[str]:
        return [*super().get_export_headers(selected_fields), *self.custom]

    def export_resource(self, instance: Contact, selected_fields: Any = None, **kwargs: Any) -> list[Any]:
        row = super().export_resource(instance, selected_fields, **kwargs)
        return row + [instance.custom.get(slug) for slug in self.custom]


class ArrivalResource(resources.ModelResource):
    """An arrival in a row: when, whence, what was decided, and the record as it was received."""

    source = fields.Field(column_name="source")
    file = fields.Field("batch__filename", "file")
    address = fields.Field("email_key", "address")
    contact = fields.Field("contact_id", "contact")
    review = fields.Field("review_id", "review")
    repeat_of = fields.Field("repeat_of_id", "repeat_of")
    received = fields.Field(column_name="received")

    class Meta:
        model = Arrival
        chunk_size = CHUNK
        fields = (
            "id", "received_at", "source", "door", "actor", "file", "row", "who", "address", "external_id",
            "outcome", "reason", "contact", "review", "repeat_of", "received",
        )  # fmt: skip
        export_order = fields

    def get_queryset(self) -> QuerySet[Arrival]:
        return Arrival.objects.select_related("source", "batch").defer("verdicts")

    def dehydrate_source(self, arrival: Arrival) -> str:
        return arrival.source.slug if arrival.source else arrival.source_slug

    def dehydrate_received(self, arrival: Arrival) -> str:
        """Column and value, a line each; a repeated delivery is its first one's, by ``repeat_of``."""
        if arrival.raw is None:
            return ""
        return "\n".join(f"{column}: {value}" for column, value in arrival.raw_items() if value)


def rows_of(resource: resources.Resource, queryset: QuerySet[Any]) -> Iterator[list[str]]:
    """The header and then each row, every cell safe; the table is read in chunks."""
    yield [safe_cell(name) for name in resource.get_export_headers()]
    for instance in resource.iter_queryset(queryset):
        yield [safe_cell(value) for value in resource.export_resource(instance)]


def noted(rows: Iterable[list[str]], **about: Any) -> Iterator[list[str]]:
    """The same rows, and a line in the log at the end: who took out how many, and whether all of them."""
    count, finished = -1, False
    try:
        for row in rows:
            yield row
            count += 1
        finished = True
    finally:
        log.info("exported", rows=max(count, 0), finished=finished, **about)


class _Line:
    """A file that hands back what is written, so that a CSV can be sent while it is read."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[list[str]]) -> Iterator[str]:
    """The CSV, line by line, in UTF-8 with the mark that spreadsheets look for."""
    write: Callable[[list[str]], str] = csv.writer(_Line(), quoting=csv.QUOTE_ALL).writerow
    yield "\ufeff"
    yield from map(write, rows)


def xlsx_file(rows: Iterable[list[str]]) -> IO[bytes]:
    """The XLSX in a temporary file, written row by row. Every cell is text, so nothing in it is a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("CRM Hub")
    for row in rows:
        sheet.append([ILLEGAL_CHARACTERS_RE.sub("", cell) for cell in row])
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it)
    book.save(file)
    file.seek(0)
    return file
