"""What came of a file, as files: every row with its outcome, and the rows that were not taken."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, TextIO

from contacts.exports import safe_cell
from contacts.models import Arrival, ImportBatch, Outcome
from contacts.readers import read_rows
from contacts.services.uploads import layout_of, path_of

OUTCOME_COLUMNS = ["row", "outcome", "contact", "review", "reason"]
NOT_TAKEN = "Why it was not taken"


def outcome_rows(batch: ImportBatch) -> Iterator[list[Any]]:
    """``row, outcome, contact, review, reason`` for each row of the file, in order (contract: OUT.csv)."""
    found = Arrival.objects.filter(batch=batch).order_by("row")
    for row, outcome, contact, review, reason in found.values_list(
        "row", "outcome", "contact_id", "review_id", "reason"
    ).iterator(5000):
        yield [row, outcome, contact or "", review or "", safe_cell(reason)]


def write_outcomes(batch: ImportBatch, out: TextIO) -> None:
    """The outcomes as CSV."""
    writer = csv.writer(out)
    writer.writerow(OUTCOME_COLUMNS)
    writer.writerows(outcome_rows(batch))


def not_taken_rows(batch: ImportBatch) -> Iterator[list[str]]:
    """The rejected rows in the upload's own columns, with the reason behind: correct them and import them.

    From the stored arrivals, so that it works when the file itself is gone.
    """
    yield [safe_cell(name) for name in [*batch.columns, NOT_TAKEN]]
    rejected = Arrival.objects.filter(batch=batch, outcome=Outcome.REJECTED).order_by("row")
    width = len(batch.columns)
    for raw, reason in rejected.values_list("raw", "reason").iterator(5000):
        cells = [safe_cell(str(cell)) for cell in raw]
        yield [*cells[:width], safe_cell(reason), *cells[width:]]


def rows_left(batch: ImportBatch) -> Iterator[list[str]]:
    """The rows of a stopped or failed import that have no outcome yet, in the upload's own columns."""
    yield [safe_cell(name) for name in batch.columns]
    for row in read_rows(path_of(batch), layout_of(batch), skip=batch.done):
        yield [safe_cell(cell) for cell in [*row.values, *row.extra]]
