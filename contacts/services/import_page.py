"""What the import pages show: columns with their guesses, the first rows as the hub reads them, the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from contacts.domain.changes import Plan
from contacts.domain.fields import ALIASES, LABELS, MAPPABLE
from contacts.models import Arrival, ImportBatch, Outcome
from contacts.queries import policy_for
from contacts.readers import ColumnMatch, Survey
from contacts.services.dry_run import preview
from contacts.services.file_rows import chunks
from contacts.services.uploads import custom_labels
from contacts.services.write import Entrance

#: Rows of each outcome on the result page, and rows of the preview.
SHOWN = 5
WHAT = {
    "rejected": "fix these and import the file again",
    "held": "no contact was made; a reviewer decides",
    "created": "new contacts",
    "filled": "the e-mail matched; only gaps were filled",
    "unchanged": "the e-mail matched; nothing was filled",
    "repeated": "this very delivery was processed before",
}
SURE_ORDER = {"guess": 0, "likely": 1, "sure": 2, "yours": 3, "none": 4}


@dataclass(frozen=True)
class Column:
    """One line of the matching table."""

    number: int
    name: str
    filled: int
    samples: str
    field: str
    sure: str
    why: str

    @property
    def asks(self) -> bool:
        return self.sure == "guess"


def columns_of(batch: ImportBatch, found: Survey, guesses: list[ColumnMatch]) -> list[Column]:
    """The columns, those that a person should look at first."""
    lines = []
    for n, guess in enumerate(guesses):
        field = batch.mapping.get(guess.column, "")
        mine = field == ALIASES.get(guess.field, guess.field)
        percent = round(100 * found.filled[n] / found.rows) if found.rows else 0
        samples = ", ".join(found.samples[n]) or "nothing filled"
        sure, why = (guess.sure, guess.why) if mine else ("yours", "chosen by hand")
        lines.append(Column(n, guess.column, percent, samples, field, sure, why))
    return sorted(lines, key=lambda line: (SURE_ORDER[line.sure], line.number))


def field_choices() -> list[tuple[str, str]]:
    """What a column can be matched to; the first entry keeps it with the arrival."""
    own = [(f, LABELS[f]) for f in MAPPABLE if f not in ALIASES]
    return [("", "Keep, don’t map"), *own, *custom_labels()]


def mapping_from(batch: ImportBatch, posted: Mapping[str, str]) -> dict[str, str]:
    """The matching that a form holds: one field of the form for each column, by its number."""
    wanted = {c: posted.get(f"col-{n}", "") for n, c in enumerate(batch.columns)}
    return {column: field for column, field in wanted.items() if field}


def first_rows(batch: ImportBatch, at: datetime) -> list[Plan]:
    """The first rows as the hub reads them, with what would become of each."""
    chunk = next(chunks(batch, size=SHOWN), [])
    entrance = Entrance(batch.source_id, "file", batch.source.name, at)
    return preview(list(islice(chunk, SHOWN)), policy_for(batch.source), entrance)


def outcome_parts(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """The six outcomes in their order, with their share."""
    total = sum(counts.values()) or 1
    return [
        {"outcome": o, "count": counts.get(o, 0), "share": round(100 * counts.get(o, 0) / total, 1)}
        for o in Outcome.values
    ]


def groups(batch: ImportBatch) -> list[dict[str, Any]]:
    """The first rows of each outcome, what needs a person first."""
    found = []
    for outcome, what in WHAT.items():
        count = batch.counts.get(outcome, 0)
        rows: list[Arrival] = []
        if count:
            rows = list(Arrival.objects.filter(batch=batch, outcome=outcome).order_by("row")[:SHOWN])
        found.append({"outcome": outcome, "what": what, "count": count, "rows": rows})
    return found


def pace(batch: ImportBatch, now: datetime) -> dict[str, Any]:
    """How far an import is: percent, rows a second, and seconds left where that can be told."""
    done = batch.checked if batch.status == ImportBatch.Status.CHECKING else batch.done
    begun = batch.started_at if batch.status == ImportBatch.Status.RUNNING else None
    seconds = (now - begun).total_seconds() if begun else 0
    speed = done / seconds if seconds > 1 else 0
    left = (batch.rows - done) / speed if speed else None
    return {
        "done": done,
        "percent": round(100 * done / batch.rows) if batch.rows else 100,
        "speed": round(speed),
        "left": None if left is None else round(left),
    }
