"""Rows of a stored file as records at the door."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from contacts.domain.changes import Received
from contacts.models import Arrival, ImportBatch
from contacts.readers import read_rows
from contacts.readers.records import RowReader
from contacts.services.uploads import layout_of, path_of

#: Rows that are decided and stored in one transaction: large enough for speed, short enough that nobody waits.
CHUNK = 4000


def came_before(batch: ImportBatch, most: int = 20_000) -> tuple[int, int]:
    """How many of the first ``most`` rows were delivered before, read this way, and how many were looked at."""
    repeated = seen = 0
    for chunk in chunks(batch):
        keys = {record.delivery_key for record in chunk}
        repeated += Arrival.objects.filter(delivery_key__in=keys).count()
        seen += len(chunk)
        if seen >= most:
            break
    return repeated, seen


def chunks(batch: ImportBatch, *, skip: int = 0, size: int = CHUNK) -> Iterator[list[Received]]:
    """The records of a batch's file, some at a time, from row ``skip`` + 1 on."""
    reader = RowReader(batch.columns, batch.mapping, batch.source.slug)
    rows = read_rows(path_of(batch), layout_of(batch), skip=skip)
    while chunk := [reader.received(row) for row in islice(rows, size)]:
        yield chunk
