"""Versions of the stage table: drafted cell by cell, put in force with a reason, compared and brought back.

The version in force is also the rows of ``Stage``, so that contacts and sources can refer to them; only putting a
version in force writes those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max

from contacts.domain.stage_moves import groups
from contacts.domain.stage_table import (
    SEPARATOR,
    Contents,
    Problem,
    Stage,
    as_data,
    problems,
    read,
)
from contacts.models import Contact, Source, StageTableVersion
from contacts.models import Stage as Row
from contacts.services.intake import in_transaction
from contacts.services.locks import lock_all
from contacts.services.stage_edits import close_move, first_contents, new_stage, set_cell, text_of, without_stage
from contacts.services.story import person_name

EDIT, FORCE = "contacts.edit_stage_table", "contacts.force_stage_table"
State = StageTableVersion.State
#: Who made the first version.
HUB = "CRM Hub"
FIRST_REASON = "The stages that the hub started with."
NAMED = 5


class Changed(Exception):
    """Somebody else changed the same cell: what stands there now, and who saved the draft last."""

    def __init__(self, value: str, by: str, at: datetime) -> None:
        super().__init__(f"{by} changed this meanwhile. It says “{value}” now; yours was not saved.")
        self.value, self.by, self.at = value, by, at


class Refused(ValueError):
    """What can't be done now, in a sentence that says what would lift it."""


@dataclass
class Concerned:
    """Contacts that a draft would concern: how many, why, and the first of them by name."""

    stage: str
    why: str
    number: int
    names: list[tuple[int, str]]


def in_force() -> StageTableVersion | None:
    """The version that every door asks."""
    return StageTableVersion.objects.filter(state=State.IN_FORCE).first()


def current_contents() -> Contents:
    """The table in force; that of the rows while no version says more."""
    version = in_force()
    return read(version.data) if version else first_contents(Row.objects.all())


def draft() -> StageTableVersion | None:
    """The change that is being drafted, if there is one."""
    return StageTableVersion.objects.filter(state=State.DRAFT).first()


def names_for(connection: str) -> list[tuple[str, str, bool]]:
    """What a connection calls the stages: stage ("" for none), MAP value, and whether the hub writes that one."""
    version = in_force()
    names = read(version.data).names.get(connection, ()) if version else ()
    return [(n.stage, n.value, n.written) for n in names]


def make_first(at: datetime, names: Mapping[str, Any] | None = None) -> None:
    """Version 1, out of the stages that there are, unless a version is in force."""
    if StageTableVersion.objects.exists():
        return
    data = as_data(first_contents(Row.objects.all())) | {"names": dict(names or {})}
    StageTableVersion.objects.create(
        number=1, state=State.IN_FORCE, data=data, made_by=HUB, made_at=at, saved_by=HUB, saved_at=at,
        forced_by=HUB, forced_at=at, reason=FIRST_REASON,
    )  # fmt: skip


def alike(start: str, end: str) -> list[tuple[str, str]]:
    """The moves that share a cell of the table with this one; "" stands for any stage."""
    rows = {slug: group.slugs for group in groups(current_contents()) for slug in group.slugs}
    return [(a, b) for a in rows.get(start, (start,)) for b in rows.get(end, (end,))]


# --- drafting ---


def draft_of(user: User, at: datetime) -> StageTableVersion:
    """The draft, drawn from what is in force where there is none."""
    _ask(user, EDIT)
    return in_transaction(lambda: _draft_of(user, at))


def _draft_of(user: User, at: datetime) -> StageTableVersion:
    there = StageTableVersion.objects.select_for_update().filter(state=State.DRAFT).first()
    return there or _new_draft(as_data(current_contents()), user, at)


def _new_draft(data: dict[str, Any], user: User, at: datetime) -> StageTableVersion:
    number = (StageTableVersion.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    who = person_name(user)[:200]
    return StageTableVersion.objects.create(
        number=number, state=State.DRAFT, data=data, made_by=who, made_at=at, saved_by=who, saved_at=at
    )


def edit_cell(stage: str, column: str, was: str, now: str, user: User, at: datetime) -> StageTableVersion:
    """Change one cell of the draft from ``was`` to ``now``, as texts; raises ``Changed`` where it says neither.

    ``column`` is label, rank, owner, description, also_called, or "in:" with the slug of a connection.
    """

    def edit(contents: Contents, version: StageTableVersion) -> Contents:
        stands = text_of(contents, stage, column)
        if stands is None:
            raise Refused("Somebody took this stage out of the draft meanwhile.")
        if stands not in (was, now):
            raise Changed(stands, version.saved_by, version.saved_at)
        return set_cell(contents, stage, column, now)

    return _edited(edit, user, at)


def set_closed(start: str, end: str, was: bool, now: bool, user: User, at: datetime) -> StageTableVersion:
    """Close or open a move in the draft; the peers of New Lead go with it."""

    def edit(contents: Contents, version: StageTableVersion) -> Contents:
        stands = (start, end) in contents.closed
        if stands not in (was, now):
            raise Changed("closed" if stands else "open", version.saved_by, version.saved_at)
        return close_move(contents, start, end, now)

    return _edited(edit, user, at)


def add_stage(label: str, user: User, at: datetime) -> StageTableVersion:
    """A new stage of the draft, free for everybody and as far as New Lead until somebody says more."""
    return _edited(lambda contents, version: new_stage(contents, label), user, at)


def remove_stage(slug: str, user: User, at: datetime) -> StageTableVersion:
    """Take a stage out of the draft, with its closed moves and names."""
    return _edited(lambda contents, version: without_stage(contents, slug), user, at)


def _edited(act: Callable[[Contents, StageTableVersion], Contents], user: User, at: datetime) -> StageTableVersion:
    _ask(user, EDIT)

    def attempt() -> StageTableVersion:
        version = _draft_of(user, at)
        before = read(version.data)
        after = act(before, version)
        if as_data(after) != as_data(before):
            version.data, version.revision = as_data(after), version.revision + 1
            version.saved_by, version.saved_at = person_name(user)[:200], at
            version.save(update_fields=["data", "revision", "saved_by", "saved_at"])
        return version

    return in_transaction(attempt)


def discard_draft(user: User) -> None:
    """Throw the draft away; what is in force stays."""
    _ask(user, EDIT)
    StageTableVersion.objects.filter(state=State.DRAFT).delete()


def bring_back(number: int, user: User, at: datetime) -> StageTableVersion:
    """Make a past version the draft again, to be looked at and put in force."""
    _ask(user, EDIT)

    def attempt() -> StageTableVersion:
        if StageTableVersion.objects.select_for_update().filter(state=State.DRAFT).exists():
            raise Refused("There is a draft already. Put it in force or throw it away first.")
        past = StageTableVersion.objects.filter(number=number).exclude(state=State.DRAFT).first()
        if past is None:
            raise Refused(f"There is no version {number}.")
        return _new_draft(past.data, user, at)

    return in_transaction(attempt)


# --- what a draft would do ---


def problems_of(version: StageTableVersion, used: Mapping[str, str] | None = None) -> list[Problem]:
    """What stops a draft."""
    return problems(read(version.data), current_contents(), in_use() if used is None else used)


def in_use() -> dict[str, str]:
    """Stage to who has it, in words: contacts and lead sources."""
    contacts, sources = contacts_per_stage(), Source.objects.values_list("entry_stage_id").annotate(n=Count("pk"))
    found: dict[str, list[str]] = {}
    for slug, number in contacts.items():
        found.setdefault(slug, []).append(f"{number:,} contact{' has' if number == 1 else 's have'}")
    for slug, number in sources.order_by():
        found.setdefault(slug, []).append(f"{number} lead source{' enters' if number == 1 else 's enter'} at")
    return {slug: " and ".join(words) for slug, words in found.items() if slug}


def contacts_per_stage() -> dict[str, int]:
    """How many contacts each stage has, in one query."""
    counted = Contact.objects.order_by().values_list("lifecycle_stage_id").annotate(n=Count("pk"))
    return {slug: number for slug, number in counted if slug}


def concerned(version: StageTableVersion, counts: Mapping[str, int]) -> list[Concerned]:
    """Contacts that stand at a stage which the draft changes for them, with the first of them by name."""
    old, new = current_contents(), read(version.data)
    found = []
    for stage in old.in_order():
        why = _why(old, new, stage)
        if why and counts.get(stage.slug):
            first = Contact.objects.filter(lifecycle_stage=stage.slug).order_by("-pk")[:NAMED]
            found.append(Concerned(stage.label, why, counts[stage.slug], [(c.pk, str(c)) for c in first]))
    return found


def _why(old: Contents, new: Contents, stage: Stage) -> str:
    now = new.get(stage.slug)
    if now is None:
        return "the stage would go: refused while they have it"
    parts = [f"set by {now.owner}, not {stage.owner}"] if now.owner != stage.owner else []
    parts += [f"rank {now.rank}, not {stage.rank}"] if now.rank != stage.rank else []
    parts += [f"called {now.label}"] if now.label != stage.label else []
    moves = {m for m in old.closed ^ new.closed if m[0] == stage.slug}
    parts += (
        ["1 move from here changes" if len(moves) == 1 else f"{len(moves)} moves from here change"] if moves else []
    )
    return ", ".join(parts)


def put_in_force(user: User, reason: str, at: datetime, revision: int) -> StageTableVersion:
    """Make the draft what every door asks. ``revision`` is the one that was seen. Raises ``Refused``."""
    _ask(user, FORCE)
    if not reason.strip():
        raise Refused("Say why: the reason stays with the version.")

    def attempt() -> StageTableVersion:
        lock_all()  # nobody decides by the old table, or gives a contact a stage that goes, meanwhile
        version = StageTableVersion.objects.select_for_update().filter(state=State.DRAFT).first()
        if version is None:
            raise Refused("There is no draft any more.")
        if version.revision != revision:
            raise Refused(f"{version.saved_by} changed the draft meanwhile. Look at it again, then put it in force.")
        found = problems_of(version)
        if found:
            raise Refused(f"{len(found)} problem{'s' if len(found) > 1 else ''} first: {found[0].text}")
        _write_rows(read(version.data))
        StageTableVersion.objects.filter(state=State.IN_FORCE).update(state=State.PAST, retired_at=at)
        version.state, version.reason = State.IN_FORCE, reason.strip()
        version.forced_by, version.forced_at = person_name(user)[:200], at
        version.save(update_fields=["state", "reason", "forced_by", "forced_at"])
        return version

    return in_transaction(attempt)


def _write_rows(contents: Contents) -> None:
    """The rows of ``Stage`` as this version has them. Labels are unique, so they pass by names nobody has."""
    Row.objects.exclude(slug__in=[s.slug for s in contents.stages]).delete()
    rows = [
        Row(s.slug, s.label, s.rank, s.owner, SEPARATOR.join(s.also_called), s.description) for s in contents.stages
    ]
    for row in Row.objects.all():
        if row.label != contents.label(row.slug):
            Row.objects.filter(pk=row.pk).update(label=f"\x01{row.pk}"[:60])
    columns = ["label", "rank", "owner", "also_called", "description"]
    Row.objects.bulk_create(rows, update_conflicts=True, unique_fields=["slug"], update_fields=columns)


def _ask(user: User, right: str) -> None:
    if not user.has_perm(right):
        raise PermissionDenied
