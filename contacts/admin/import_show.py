"""What the pages of an import show, worked out for their templates: columns, facts, first rows, counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from contacts.domain import rules
from contacts.domain.changes import Plan, Received
from contacts.domain.fields import ALIASES, LABELS
from contacts.models import ImportBatch, Outcome
from contacts.queries import policy_for
from contacts.readers import Survey, read_rows
from contacts.readers.delimiters import NAMES
from contacts.readers.encodings import LABELS as ENCODINGS
from contacts.readers.records import RowReader
from contacts.services import dry_run, uploads
from contacts.services.file_rows import came_before
from contacts.services.write import Entrance

#: First rows of the file that are shown as the hub reads them.
FIRST_ROWS = 5
#: Files up to this many rows are compared row by row with what came before, while the page is made.
COMPARED = 5_000
KEEP = ("", "Keep, don’t map")
ORDER = {"guess": 0, "likely": 1, "sure": 2, "yours": 3, "none": 4}
TONES = {"guess": "wait", "likely": "good", "sure": "good"}
WHY = {"kept with the arrival": "with the arrival"}
WORDS = {"guess": "a guess", "none": "kept", "yours": "yours"}
EXPLAINED = {
    Outcome.CREATED: "new contacts",
    Outcome.FILLED: "the e-mail matched; only gaps were filled",
    Outcome.UNCHANGED: "the e-mail matched; there was nothing to fill",
    Outcome.REPEATED: "this very row was processed before; nothing was done",
    Outcome.HELD: "no contact was made; a reviewer decides",
    Outcome.REJECTED: "not taken; correct them and import the file again",
}


# --- the file ---


def facts(batch: ImportBatch, found: Survey) -> dict[str, Any]:
    """How the file is read, and the choices to read it otherwise."""
    layout = uploads.layout_of(batch)
    encodings = sorted(set(ENCODINGS.values()), key=str.casefold)
    return {
        "layout": layout,
        "is_text": layout.format == "csv",
        "separator": NAMES.get(layout.delimiter, layout.delimiter),
        "separators": [(d, name) for d, name in NAMES.items()],
        "encodings": encodings,
        "word": _telling_word(found.samples),
        "sections": layout.sections,
    }


def _telling_word(samples: Sequence[Sequence[str]]) -> str:
    """A short word of the file by which one sees whether its letters are right."""
    words = [w for values in samples for v in values for w in v.split() if not w.isascii() and any(map(str.isalpha, w))]
    return min(words, key=lambda w: (not 4 <= len(w) <= 16, len(w)), default="")[:40]


def same_file(batch: ImportBatch) -> ImportBatch | None:
    """The last import of the very same file, section and sheet that was not taken back."""
    part = {f"layout__{name}": batch.layout.get(name, "") for name in ("section", "sheet")}
    earlier = ImportBatch.objects.filter(sha256=batch.sha256, done__gt=0, undone_at=None, **part)
    return earlier.exclude(pk=batch.pk).order_by("-id").first() if batch.sha256 else None


def delivered_before(batch: ImportBatch) -> dict[str, Any] | None:
    """The same file, imported earlier; and, of a file that is not large, how many of its rows came before."""
    whole = same_file(batch)
    count = came_before(batch)[0] if batch.rows <= COMPARED else None
    if whole is None and not count:
        return None
    return {"batch": whole, "count": count, "all": count == batch.rows}


# --- the columns ---


def field_choices() -> list[tuple[str, str]]:
    """What a column may be, as a select lists it: first to keep it, last the fields that ops made."""
    hub = [(name, LABELS[name]) for name in ("email", "name", *(f for f in LABELS if f not in ("email", "name")))]
    return [KEEP, *hub, *uploads.custom_labels()]


def column_rows(batch: ImportBatch, found: Survey, mapping: Mapping[str, str]) -> list[dict[str, Any]]:
    """The table of columns: those that somebody has to look at first."""
    suggested = {m.column: m for m in uploads.matches(batch, found)}
    rows = []
    for n, name in enumerate(batch.columns):
        match, chosen = suggested[name], mapping.get(name, "")
        sure = match.sure if chosen == ALIASES.get(match.field, match.field) else "yours"
        rows.append(
            {
                "n": n,
                "name": name,
                "filled": _percent(found.filled[n] if n < len(found.filled) else 0, found.rows),
                "samples": found.samples[n] if n < len(found.samples) else (),
                "field": chosen,
                "sure": sure,
                "tone": TONES.get(sure, ""),
                "words": WORDS.get(sure, sure),
                "why": WHY.get(match.why, match.why) if sure != "yours" else "chosen by you",
                "again": _clashes(chosen, mapping),
            }
        )
    return sorted(rows, key=lambda row: (not row["again"], ORDER[row["sure"]], row["n"]))


def _clashes(field: str, mapping: Mapping[str, str]) -> bool:
    return bool(field) and list(mapping.values()).count(field) > 1


def _percent(part: int, whole: int) -> int:
    """Rounded so that only nothing is 0 and only everything is 100."""
    if not part or not whole:
        return 0
    return 100 if part == whole else min(99, max(1, round(100 * part / whole)))


def mapping_from(columns: Sequence[str], posted: Mapping[str, str]) -> dict[str, str]:
    """Column to field as the form has them, columns by their number."""
    chosen = {name: str(posted.get(f"f{n}", "")).strip() for n, name in enumerate(columns)}
    return {name: field for name, field in chosen.items() if field}


# --- the first rows ---


def first_rows(batch: ImportBatch, mapping: Mapping[str, str]) -> list[dict[str, Any]]:
    """The first rows as the hub reads them, each with what it would be."""
    policy = policy_for(batch.source)
    reader = RowReader(batch.columns, dict(mapping), batch.source.slug)
    rows = islice(read_rows(uploads.path_of(batch), uploads.layout_of(batch)), FIRST_ROWS)
    records = [reader.received(row) for row in rows]
    entrance = Entrance(batch.source_id, "file", batch.source.name, batch.created_at)
    plans = dry_run.preview(records, policy, entrance)
    labels = {slug: kind.label for slug, kind in policy.custom.items()}
    return [_shown(record, plan, labels) for record, plan in zip(records, plans, strict=True)]


def _shown(record: Received, plan: Plan, labels: Mapping[str, str]) -> dict[str, Any]:
    values, given = plan.incoming.values, record.values
    refused = {v.field: v for v in plan.incoming.verdicts if v.decision == "refused"}
    return {
        "row": record.row,
        "name": f"{values.get('first_name', '')} {values.get('last_name', '')}".strip(),
        "title": values.get("job_title", ""),
        "email": values.get("email", ""),
        "bad_email": given.get("email", "").strip() if plan.incoming.rejected == rules.BAD_ADDRESS else "",
        "company": values.get("company", ""),
        "domain": plan.incoming.domain,
        "phone": plan.incoming.phone,
        "phone_was": _was(given.get("phone", ""), plan.incoming.phone),
        "country": values.get("country", ""),
        "custom": [(labels[f], v) for f, v in values.items() if f in labels],
        "refused": [(LABELS.get(v.field) or labels.get(v.field, v.field), v) for v in refused.values()],
        "outcome": plan.outcome,
        "reason": plan.reason,
    }


def _was(given: str, read: str) -> str:
    """What was typed, where the hub reads other digits."""
    digits = "".join(c for c in given if c.isdigit())
    return "" if not digits or digits == read.removeprefix("+") else given.strip()


# --- the counts ---


def bar(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """The six outcomes in their order, each with its count and share."""
    total = sum(counts.values())
    return [
        {
            "outcome": o.value,
            "label": o.label,
            "count": counts.get(o, 0),
            "percent": _percent(counts.get(o, 0), total),
            "explained": EXPLAINED[o],
        }
        for o in Outcome
    ]
