"""The lead source audit worksheet as CSV: out in the columns ops know, and in again after a look at what changes."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.text import slugify

from contacts.domain.identity import fold
from contacts.exports import safe_cell
from contacts.models import Source
from contacts.queries import stage_table
from contacts.services.sources import save_source

#: Column to field. The first six are the playbook's; a column that a file lacks changes nothing.
COLUMNS = {
    "Source": "name",
    "Record Creator": "record_creator",
    "Data Captured": "data_captured",
    "Sync Method": "sync_method",
    "Frequency": "cadence",
    "Entry Stage": "entry_stage_id",
    "Owner": "owner_id",
    "Status": "status",
}
LARGEST = 1_000_000
_SET_BY_NAME = ("cadence", "entry_stage_id", "owner_id", "status")


class NotAWorksheet(ValueError):
    """The file can't be read as this worksheet; the text says what is wrong."""


@dataclass(frozen=True)
class CellError:
    """A cell that can't be taken. ``row`` is the line of the file as a spreadsheet numbers it."""

    row: int
    column: str
    text: str


@dataclass(frozen=True)
class RowPlan:
    """One row: the source it makes or changes, and which cells differ (column, now, then)."""

    row: int
    name: str
    slug: str
    new: bool
    values: dict[str, object]
    differences: list[tuple[str, str, str]]


@dataclass
class WorksheetPlan:
    """What an import would do, before it does it."""

    rows: list[RowPlan] = field(default_factory=list)
    errors: list[CellError] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    @property
    def changes(self) -> list[RowPlan]:
        return [r for r in self.rows if r.new or r.differences]

    @property
    def new(self) -> int:
        return sum(r.new for r in self.rows)

    @property
    def changed(self) -> int:
        return sum(not r.new and bool(r.differences) for r in self.rows)

    @property
    def fingerprint(self) -> str:
        """What was shown, in short, so that nothing else is applied."""
        return hashlib.sha256(repr(self.rows).encode()).hexdigest()


def export_csv() -> str:
    """Every source in the worksheet's columns; no cell is a formula to a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for source in Source.objects.select_related("entry_stage", "owner"):
        writer.writerow([safe_cell(text) for text in _shown(source).values()])
    return out.getvalue()


def read_csv(data: bytes) -> str:
    """The text of an uploaded file: UTF-8, else the Windows code page that spreadsheets use."""
    if len(data) > LARGEST:
        raise NotAWorksheet("This file is larger than 1 MB: it is hardly the worksheet of lead sources.")
    if b"\x00" in data:
        raise NotAWorksheet("This is no CSV file. Save the worksheet as CSV (UTF-8) and choose that file.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def plan_import(text: str) -> WorksheetPlan:
    """Hold each row against the register. Writes nothing."""
    lines = list(csv.reader(io.StringIO(text), delimiter=_delimiter(text)))
    head = {fold(c): c for c in COLUMNS}
    names = [head.get(fold(cell), "") for cell in lines[0]] if lines else []
    if "Source" not in names:
        raise NotAWorksheet("There is no column “Source” in the first line, so no row says which source it is.")
    plan = WorksheetPlan(ignored=[c for c, n in zip(lines[0], names, strict=True) if not n and c.strip()])
    register = list(Source.objects.select_related("entry_stage", "owner"))
    known = {s.slug: s for s in register} | {fold(s.name): s for s in register}
    reader = _CellReader()
    seen: dict[str, int] = {}
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        given = {n: _unsafe(cell.strip()) for n, cell in zip(names, cells, strict=False) if n}
        _plan_row(plan, number, given, known, reader, seen)
    in_file = {row.slug for row in plan.rows}
    plan.absent = [s.name for s in register if s.slug not in in_file]
    return plan


def _plan_row(
    plan: WorksheetPlan,
    number: int,
    given: dict[str, str],
    known: dict[str, Source],
    reader: _CellReader,
    seen: dict[str, int],
) -> None:
    name, errors = given.get("Source", ""), len(plan.errors)
    source = known.get(fold(name)) or known.get(slugify(name)[:60])
    slug = source.slug if source else slugify(name)[:60]
    if not name:
        plan.errors.append(CellError(number, "Source", "It is empty, so nobody knows which source this is."))
    elif slug in seen:
        plan.errors.append(CellError(number, "Source", f"“{name}” stands in row {seen[slug]} already."))
    seen.setdefault(slug, number)
    values: dict[str, object] = {}
    for column, text in given.items():
        try:
            values[COLUMNS[column]] = reader.read(column, text)
        except ValueError as error:
            plan.errors.append(CellError(number, column, str(error)))
    if source is None and "entry_stage_id" not in values and len(plan.errors) == errors:
        plan.errors.append(CellError(number, "Entry Stage", "A new source needs one."))
    if len(plan.errors) > errors:
        return
    now = _shown(source) if source else dict.fromkeys(COLUMNS, "")
    then = {c: reader.shown(c, values[f]) for c, f in COLUMNS.items() if f in values}
    differences = [(c, now[c], then[c]) for c in then if now[c] != then[c]]
    plan.rows.append(RowPlan(number, name, slug, source is None, values, differences))


@transaction.atomic
def apply_import(plan: WorksheetPlan, *, user: User) -> int:
    """Make and change the sources of a plan without errors; how many rows did something."""
    for row in plan.changes:
        source = Source(slug=row.slug) if row.new else Source.objects.select_for_update().get(slug=row.slug)
        for name, value in row.values.items():
            setattr(source, name, value)
        save_source(source, user=user, reason=f"worksheet import, row {row.row}")
    return len(plan.changes)


class _CellReader:
    """Reads and shows the cells of a worksheet; its look-ups are made once for the file."""

    def __init__(self) -> None:
        self.stages = stage_table()
        self.cadences = _choices(Source.Cadence.choices)
        self.statuses = _choices(Source.Status.choices)
        users = list(User.objects.filter(is_active=True, is_staff=True))
        self.names = {u.pk: u.get_full_name() or u.get_username() for u in users}
        self.users = {fold(n): u.pk for u in users for n in (u.get_full_name(), u.get_username()) if n}

    def read(self, column: str, text: str) -> object:
        field = COLUMNS[column]
        if field in _SET_BY_NAME:
            return getattr(self, f"_read_{field}")(text)
        limit = Source._meta.get_field(field).max_length or 0
        if len(text) > limit:
            raise ValueError(f"It is longer than {limit} characters.")
        if field == "name" and text and not slugify(text):
            raise ValueError(f"“{text}” has no letter or digit to make a short name from.")
        return text

    def shown(self, column: str, value: object) -> str:
        match COLUMNS[column]:
            case "cadence":
                return Source.Cadence(value).label
            case "status":
                return Source.Status(value).label
            case "entry_stage_id":
                stage = self.stages.get(str(value))
                return stage.label if stage else ""
            case "owner_id":
                return self.names.get(value, "")  # type: ignore[call-overload]
        return str(value)

    def _read_entry_stage_id(self, text: str) -> str:
        stage = self.stages.named(text) if text else None
        if stage is None:
            names = ", ".join(s.label for s in self.stages.rows)
            raise ValueError(f"“{text}” is no stage of the hub. It has {names}.")
        return stage.slug

    def _read_cadence(self, text: str) -> str:
        return _named(text, self.cadences, Source.Cadence.AD_HOC, Source.Cadence.labels)

    def _read_status(self, text: str) -> str:
        return _named(text, self.statuses, Source.Status.OPEN, Source.Status.labels)

    def _read_owner_id(self, text: str) -> int | None:
        if text and fold(text) not in self.users:
            raise ValueError(f"Nobody here is called “{text}”.")
        return self.users[fold(text)] if text else None


def _choices(choices: list[tuple[str, str]]) -> dict[str, str]:
    return {fold(name): value for value, label in choices for name in (value, label)}


def _named(text: str, known: dict[str, str], empty: str, labels: list[str]) -> str:
    if text and fold(text) not in known:
        raise ValueError(f"“{text}” is none of {', '.join(labels)}.")
    return known[fold(text)] if text else empty


def _shown(source: Source) -> dict[str, str]:
    """A source in the worksheet's columns."""
    owner = source.owner.get_full_name() or source.owner.get_username() if source.owner else ""
    return {
        "Source": source.name,
        "Record Creator": source.record_creator,
        "Data Captured": source.data_captured,
        "Sync Method": source.sync_method,
        "Frequency": source.get_cadence_display(),
        "Entry Stage": source.entry_stage.label,
        "Owner": owner,
        "Status": source.get_status_display(),
    }


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max(",;\t", key=first.count)


def _unsafe(cell: str) -> str:
    """A cell as it was before the export made it safe."""
    return cell[1:] if cell.startswith("'") and cell[1:] and safe_cell(cell[1:]) == cell else cell
