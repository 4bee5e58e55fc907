"""From a stored arrival back to the record that came: for deciding it again, now or months later."""

from __future__ import annotations

from collections.abc import Mapping

from contacts.domain.changes import CustomType, Received
from contacts.domain.rules import BELOW_THRESHOLD
from contacts.models import Arrival, CustomField
from contacts.readers.records import RowReader
from contacts.services.records import received_from_dict


def custom_types() -> dict[str, CustomType]:
    """The fields that ops defined, by slug."""
    return {
        f.slug: CustomType(f.slug, f.label, f.type, tuple(f.choices), f.describes_person)
        for f in CustomField.objects.all()
    }


def received_of(arrival: Arrival, custom: Mapping[str, CustomType]) -> Received:
    """The record as it was received. Without its delivery key: the arrival itself holds that already."""
    if isinstance(arrival.raw, Mapping):
        received = received_from_dict(arrival.raw, custom)
        received.lead = all(rule != BELOW_THRESHOLD for _, _, rule, *_ in arrival.verdicts)
        return received
    batch = arrival.batch
    cells = arrival.raw or []
    if batch is None:
        return Received(values={}, raw=cells, row=arrival.row)
    reader = RowReader(batch.columns, batch.mapping, "")
    values = {field: cells[n] for n, field in reader.pairs if n < len(cells)}
    return Received(values, cells, arrival.row, columns=reader.columns, unknown=reader.unknown)
