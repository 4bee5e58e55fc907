"""A contact's timeline: its history and the arrivals that changed nothing, newest first, a page at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from contacts.domain.rules import split_row
from contacts.models import Arrival, Contact, Outcome
from contacts.services import story
from contacts.services.merged import lived_as
from contacts.services.release import RELEASED, TAKEN_BACK

SHOWN = 30
#: Longest value that a line of the timeline quotes.
QUOTED = 80
ICONS = {
    "created": "add",
    "edit": "edit",
    "arrival": "inbox",
    "stage": "stairs",
    "address": "alternate_email",
    "merge": "merge",
    "sync": "sync",
    "released": "lock_open",
    "taken back": "lock",
}
#: How a row of history tells of a merge, or of one that was taken back.
MERGED = re.compile(r"merged (?:with|into) #.*, merge (?P<to>\d+)|merge (?P<back>\d+) taken back", re.DOTALL)
#: How it tells of what a connection wrote: the worksheet's version, and each field with its rule.
SYNCED = re.compile(r"[\w-]+ worksheet v\d+: (?P<what>.*)", re.DOTALL)


@dataclass(frozen=True)
class Line:
    """One thing that happened: when, in words, and the arrival or the merge if it was one.

    ``lived_as`` is the number of the contact that lived it, where that was merged into this one.
    """

    at: datetime
    icon: str
    words: str
    arrival: int | None = None
    reason: str = ""
    merge: int | None = None
    lived_as: int | None = None


@dataclass(frozen=True)
class Timeline:
    """A page, and the address parameters of the older one ("" where there is none)."""

    lines: Sequence[Line]
    older: str


def timeline(contact_id: int, names: story.Names, history_before: int | None, arrival_before: int | None) -> Timeline:
    """A page of the timeline. Four queries, however long it is."""
    events, older = story.events(contact_id, names, SHOWN + 1, history_before)
    arrivals = _arrivals(contact_id, arrival_before)
    told = {e.arrival for e in events}
    quiet = [a for a in arrivals if a["id"] not in told]
    # That somebody left to become part of this contact is told by the contact's own row.
    own = [e for e in events if not e.left or e.contact == contact_id]
    merged = _merged(contact_id, own, quiet)
    shown = merged[:SHOWN]
    if len(merged) <= SHOWN and older is None:
        return Timeline([line for line, _, _ in shown], "")
    history = min((h for _, h, _ in shown if h), default=older or history_before)
    arrival = min((a for _, _, a in shown if a), default=arrival_before)
    places = [f"{name}={place}" for name, place in (("h", history), ("a", arrival)) if place]
    return Timeline([line for line, _, _ in shown], "&".join(places))


def _merged(
    contact_id: int, events: Sequence[story.Event], quiet: Sequence[dict[str, Any]]
) -> list[tuple[Line, int | None, int | None]]:
    """Both streams by time, each in its own order, with the numbers from which each goes on."""
    lines: list[tuple[Line, int | None, int | None]] = []
    left, right = list(events), list(quiet)
    while left or right:
        if left and (not right or _is_newer(left[0], right[0])):
            event = left.pop(0)
            lines.append((_event_line(event, contact_id), event.id, None))
        else:
            arrival = right.pop(0)
            lines.append((_arrival_line(arrival), None, arrival["id"]))
    return lines


def _is_newer(event: story.Event, arrival: dict[str, Any]) -> bool:
    """By time; at the same time the later arrival, and a person's act before any."""
    mine = event.at, event.arrival or arrival["id"]
    return mine >= (arrival["received_at"], arrival["id"])


def _arrivals(contact_id: int, before: int | None) -> list[dict[str, Any]]:
    """Arrivals that may have left no history: those that made or filled something did."""
    found = Arrival.objects.filter(contact_id=contact_id).exclude(outcome__in=[Outcome.CREATED, Outcome.FILLED])
    if before is not None:
        found = found.filter(pk__lt=before)
    columns = "id", "received_at", "source__name", "source_slug", "outcome", "reason", "door", "actor"
    return list(found.order_by("-pk").values(*columns)[: SHOWN + 1])


def _event_line(event: story.Event, contact_id: int) -> Line:
    line = _event_words(event)
    return line if event.contact == contact_id else replace(line, lived_as=event.contact)


def _event_words(event: story.Event) -> Line:
    if event.created:
        return Line(event.at, ICONS["created"], f"Created by {event.actor}", event.arrival)
    if found := MERGED.fullmatch(event.reason):
        number = found["to"] or found["back"]
        said = event.reason.removesuffix(f", merge {number}") if found["to"] else "took a merge back"
        changed = "; ".join(_change(c, filled=True) for c in event.changes)
        return Line(event.at, ICONS["merge"], f"{event.actor} {said}", None, changed, int(number))
    if event.reason.startswith("address "):
        act, _, rest = event.reason.partition(": ")
        said = f"{event.actor}: {act}, {rest.strip().removesuffix('.')}"
        return Line(event.at, ICONS["address"], said)
    for act, head in (("released", RELEASED), ("taken back", TAKEN_BACK)):
        if event.reason.startswith(head):
            field = event.reason.removeprefix(head).strip()
            label = story.HUB_LABELS.get(field, field.replace("_", " "))
            said = f"released {label} to the connections" if act == "released" else f"protects {label} again"
            return Line(event.at, ICONS[act], f"{event.actor} {said}")
    if found := SYNCED.fullmatch(event.reason):
        changed = "; ".join(_change(c, filled=not c.old) for c in event.changes)
        return Line(event.at, ICONS["sync"], f"{event.actor} {changed}", None, _rows(found["what"]))
    fields = {c.field for c in event.changes}
    icon = "arrival" if event.arrival else "stage" if fields == {"lifecycle_stage"} else "edit"
    said = "; ".join(_change(c, filled=event.arrival is not None) for c in event.changes)
    words = f"{event.actor} {said}" if said else f"{event.actor}: {event.reason}"
    return Line(event.at, ICONS[icon], words, event.arrival, _own_reason(event))


def _rows(what: str) -> str:
    """ "worksheet v7, row 5 and row 6" """
    places = sorted({split_row(part.rpartition(" ")[2])[1:] for part in what.split(", ")})
    return f"worksheet v{places[0][0]}, {' and '.join(f'row {row}' for _, row in places)}" if places else ""


def _own_reason(event: story.Event) -> str:
    """What a person gave as the reason: the words behind the list of fields."""
    if event.arrival or not event.reason.startswith("edited: "):
        return ""
    return event.reason.partition(". ")[2]


def _change(change: story.Change, *, filled: bool) -> str:
    if not change.new:
        return f"blanked {change.label}, was “{_short(change.old)}”"
    was = f", was “{_short(change.old)}”" if change.old else ""
    verb = "moved" if change.field == "lifecycle_stage" and change.old else "filled" if filled else "wrote"
    if verb == "moved":
        return f"moved {change.old} to {change.new}"
    return f"{verb} {change.label} “{_short(change.new)}”{was}"


def _arrival_line(arrival: dict[str, Any]) -> Line:
    typed = arrival["door"] == Arrival.Door.FORM
    who = arrival["actor"] if typed else arrival["source__name"] or arrival["source_slug"]
    words = {
        Outcome.UNCHANGED: "came again and changed nothing",
        Outcome.REPEATED: "sent a record that came before",
        Outcome.HELD: "sent a record that was held for a person",
    }.get(arrival["outcome"], f"sent a record: {arrival['outcome'] or 'waiting'}")
    return Line(arrival["received_at"], ICONS["arrival"], f"{who} {words}", arrival["id"], arrival["reason"])


def _short(text: str) -> str:
    return text if len(text) <= QUOTED else text[: QUOTED - 1] + "…"


def counts(contact_id: int) -> str:
    """ "15 arrivals, 9 edits", and the writes of connections where there are any."""
    arrivals = Arrival.objects.filter(contact_id=contact_id).count()
    rows = Contact.history.model.objects.filter(id__in=lived_as(contact_id), arrival_id=None, history_type="~")
    of_syncs = Q(history_user_id=None, history_change_reason__contains=" worksheet v")
    found = rows.aggregate(syncs=Count("pk", filter=of_syncs), edits=Count("pk", filter=~of_syncs))
    edits, syncs = found["edits"], found["syncs"]
    said = f"{arrivals:,} arrival{'s' * (arrivals != 1)}, {edits:,} edit{'s' * (edits != 1)}"
    return f"{said}, {syncs:,} sync{'s' * (syncs != 1)}" if syncs else said
