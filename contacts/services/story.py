"""What happened to a contact: its history rows as changes from old to new, in words that people use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db.models import Max
from django.utils import timezone

from contacts.domain.fields import FIELDS, LABELS
from contacts.models import Contact, CustomField, Source, Stage
from contacts.services.merged import lived_as

#: Fields of a contact in the order in which pages and ``explain`` show them; custom fields follow.
STANDARD = (*(f.name for f in FIELDS if f.kept), "owner", "source", "last_activity")
HUB_LABELS = LABELS | {"owner": "Owner", "source": "Lead source", "last_activity": "Last activity"}
COLUMN = {"lifecycle_stage": "lifecycle_stage_id", "owner": "owner_id", "source": "source_id"}
IN_HISTORY = tuple(f for f in STANDARD if f != "last_activity")
ROW = (
    *(COLUMN.get(f, f) for f in IN_HISTORY), "custom", "shared_mailbox",
    "history_id", "history_date", "history_type", "history_change_reason", "actor", "arrival_id",
)  # fmt: skip


class Change(NamedTuple):
    """One field that changed, as people read it; "" is empty."""

    field: str
    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Event:
    """One row of a contact's history. ``contact`` is another one's number where it was lived before a merge."""

    id: int
    at: datetime
    actor: str
    reason: str
    arrival: int | None
    created: bool
    changes: Sequence[Change]
    contact: int
    left: bool = False  # the row with which a contact left the hub


@dataclass(frozen=True)
class Names:
    """What ids and slugs are called, read once for a page."""

    stages: Mapping[str, str]
    sources: Mapping[int, str]
    people: Mapping[int, str]
    custom: Mapping[str, str] = field(default_factory=dict)

    def label(self, name: str) -> str:
        return HUB_LABELS.get(name) or self.custom.get(name) or name

    def shown(self, name: str, value: Any) -> str:
        """A value as people read it."""
        if value is None or value == "":
            return ""
        if name == "lifecycle_stage":
            return self.stages.get(value, str(value))
        if name == "source":
            return self.sources.get(value, f"source {value}")
        if name == "owner":
            return self.people.get(value, f"a former user ({value})")
        return as_text(value)


def as_text(value: Any) -> str:
    """A stored value as a person would type it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return "" if value is None else str(value)


def person_name(user: Any) -> str:
    """The name that others know a user by."""
    return user.get_full_name() or user.get_username()


def load_names() -> Names:
    """The names of stages, sources, people and custom fields: four short queries."""
    return Names(
        dict(Stage.objects.values_list("slug", "label")),
        dict(Source.objects.values_list("pk", "name")),
        {u.pk: person_name(u) for u in get_user_model().objects.only("first_name", "last_name", "username")},
        dict(CustomField.objects.values_list("slug", "label")),
    )


def history_rows(contact_id: int, limit: int, before: int | None = None) -> list[dict[str, Any]]:
    """The newest rows of a contact's history, older than row ``before``."""
    rows = Contact.history.model.objects.filter(id=contact_id)
    if before is not None:
        rows = rows.filter(history_id__lt=before)
    return list(rows.order_by("-history_id").values(*ROW)[:limit])


def values_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Field to value of one history row, custom fields included."""
    return {f: row[COLUMN.get(f, f)] for f in IN_HISTORY} | (row["custom"] or {})


def changes(new: Mapping[str, Any], old: Mapping[str, Any] | None, names: Names) -> list[Change]:
    """What one history row changed against the one before it; all of it where there is none."""
    after, before = values_of(new), values_of(old) if old else {}
    told = [
        Change(f, names.label(f), names.shown(f, before.get(f)), names.shown(f, after.get(f)))
        for f in [*after, *(f for f in before if f not in after)]
    ]
    said = [c for c in told if c.old != c.new]
    shared = ["yes" if row and row["shared_mailbox"] else "" for row in (old, new)]
    if shared[0] != shared[1]:
        said.append(Change("shared_mailbox", "Shared mailbox", *shared))
    return said


def events(contact_id: int, names: Names, limit: int, before: int | None = None) -> tuple[list[Event], int | None]:
    """A page of the history, newest first, and the row from which the next page goes on.

    What was merged into the contact lived its own life before: its rows are among them. Three queries.
    """
    history = Contact.history.model.objects.filter(id__in=lived_as(contact_id))
    shown = history.filter(history_id__lt=before) if before is not None else history
    rows = list(shown.order_by("-history_id").values("id", *ROW)[:limit])
    earlier = _rows_before(history, rows)
    told = [_event(row, older, names) for row, older in _with_older(rows, earlier)]
    return told, told[-1].id if earlier else None


def _rows_before(history: Any, rows: Sequence[Mapping[str, Any]]) -> dict[int, Mapping[str, Any]]:
    """By contact, the newest row that is older than all of these."""
    if not rows:
        return {}
    newest = history.filter(history_id__lt=rows[-1]["history_id"]).order_by().values("id")
    found = history.filter(history_id__in=newest.annotate(newest=Max("history_id")).values("newest"))
    return {row["id"]: row for row in found.values("id", *ROW)}


def _with_older(
    rows: Sequence[Mapping[str, Any]], earlier: Mapping[int, Mapping[str, Any]]
) -> list[tuple[Mapping[str, Any], Mapping[str, Any] | None]]:
    """Each row with the one before it of the same contact."""
    older = dict(earlier)
    pairs = []
    for row in reversed(rows):
        pairs.append((row, older.get(row["id"])))
        older[row["id"]] = row
    return pairs[::-1]


def _event(row: Mapping[str, Any], older: Mapping[str, Any] | None, names: Names) -> Event:
    return Event(
        row["history_id"],
        row["history_date"],
        row["actor"],
        row["history_change_reason"] or "",
        row["arrival_id"],
        row["history_type"] == "+" and older is None,
        changes(row, older, names),
        row["id"],
        row["history_type"] == "-",
    )


def events_since(contact_id: int, names: Names, seen: int) -> list[Event]:
    """What happened after history row ``seen``, newest first, at most 50."""
    return [e for e in events(contact_id, names, 50)[0] if e.id > seen]


def newest_event(contact_id: int) -> int:
    """The number of the contact's newest history row, 0 where there is none."""
    rows = Contact.history.model.objects.filter(id=contact_id).order_by("-history_id")
    return rows.values_list("history_id", flat=True).first() or 0


def day(at: datetime, now: datetime | None = None) -> str:
    """ "today", "3 March", "3 March 2025"."""
    today: date = (now or timezone.now()).date()
    if at.date() == today:
        return "today"
    return f"{at.day} {at:%B}" if at.year == today.year else f"{at.day} {at:%B %Y}"


def moment(at: datetime, now: datetime | None = None) -> str:
    """ "today 09:44", "3 March 10:22"."""
    return f"{day(at, now)} {at:%H:%M}"


def in_full(at: datetime) -> str:
    """ "3 March 2026 at 10:22"."""
    return f"{at.day} {at:%B %Y} at {at:%H:%M}"


def written_by(origin: str | None, at: str | None) -> str:
    """ "Dana Whitfield, 3 March"; "" where nobody wrote."""
    return f"{origin}, {day(datetime.fromisoformat(at))}" if origin and at else ""
