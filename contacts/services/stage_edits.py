"""Single edits of a stage table's contents: what a cell says, and the contents with it changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.utils.text import slugify

from contacts.domain.lifecycle import NEW_LEAD, UNSUBSCRIBED
from contacts.domain.stage_moves import groups
from contacts.domain.stage_table import SEPARATOR, Contents, Name, Stage, split_names
from contacts.models import Stage as Row

#: Before the slug of a connection, in the name of the column with its names.
IN = "in:"
TEXTS = ("label", "description", "owner")
LONGEST_SLUG = 40


class Unreadable(ValueError):
    """A text that the column can't hold, in a sentence."""


def first_contents(rows: Iterable[Row]) -> Contents:
    """The table as the rows of ``Stage`` say it."""
    return Contents(
        tuple(Stage(r.slug, r.label, r.rank, r.owner, r.description, split_names(r.also_called)) for r in rows)
    )


def text_of(contents: Contents, slug: str, column: str) -> str | None:
    """What a cell says; None where there is no such stage. The name that the hub writes stands first."""
    if column.startswith(IN):
        rows = [n for n in contents.names.get(column.removeprefix(IN), ()) if n.stage == slug]
        known = contents.get(slug) is not None or not slug
        return SEPARATOR.join(n.value for n in sorted(rows, key=lambda n: not n.written)) if known else None
    stage = contents.get(slug)
    if stage is None:
        return None
    if column == "also_called":
        return SEPARATOR.join(stage.also_called)
    if column in (*TEXTS, "rank"):
        return str(getattr(stage, column))
    raise Unreadable("The table has no such column.")


def set_cell(contents: Contents, slug: str, column: str, text: str) -> Contents:
    """The contents with one cell changed. What makes no sense together is told by ``problems``, not here."""
    text = " ".join(text.replace("\x00", "").split())
    if column.startswith(IN):
        return _name(contents, slug, column.removeprefix(IN), split_names(text))
    stage = contents.get(slug)
    if stage is None:
        raise Unreadable("There is no such stage.")
    if column == "rank":
        if not (text.isascii() and text.isdigit() and len(text) < 6):
            raise Unreadable("A rank is a whole number, such as 20.")
        changed = replace(stage, rank=int(text))
    elif column == "also_called":
        changed = replace(stage, also_called=split_names(text))
    elif column in TEXTS:
        changed = replace(stage, **{column: text})
    else:
        raise Unreadable("The table has no such column.")
    return replace(contents, stages=tuple(changed if s is stage else s for s in contents.stages))


def _name(contents: Contents, slug: str, connection: str, values: tuple[str, ...]) -> Contents:
    """The first name is the one that the hub writes; a value without a stage is never written."""
    others = [n for n in contents.names.get(connection, ()) if n.stage != slug]
    mine = [Name(slug, value, bool(slug) and place == 0) for place, value in enumerate(values)]
    order = {s.slug: place for place, s in enumerate(contents.in_order())}
    rows = sorted([*others, *mine], key=lambda n: (order.get(n.stage, len(order)), not n.written))
    return replace(contents, names={**contents.names, connection: tuple(rows)})


def close_move(contents: Contents, start: str, end: str, close: bool) -> Contents:
    """The contents with a move closed or open, for all stages that share its row or column."""
    if contents.get(start) is None or contents.get(end) is None or start == end:
        raise Unreadable("There is no such move.")
    if end == UNSUBSCRIBED:
        raise Unreadable("An unsubscribe counts at once: this move can’t be closed.")
    alike = {slug: group.slugs for group in groups(contents) for slug in group.slugs}
    moves = {(a, b) for a in alike[start] for b in alike[end]}
    return replace(contents, closed=contents.closed | moves if close else contents.closed - moves)


def new_stage(contents: Contents, label: str) -> Contents:
    """The contents with one more stage, an equal of New Lead."""
    label = " ".join(label.replace("\x00", "").split())
    slug = slugify(label)[:LONGEST_SLUG].strip("-")
    if not slug:
        raise Unreadable("Give the stage a name with letters or digits.")
    taken = {s.slug for s in contents.stages}
    free = next(s for n in range(1, len(taken) + 2) if (s := slug if n == 1 else f"{slug[:36]}-{n}") not in taken)
    start = contents.get(NEW_LEAD)
    return replace(contents, stages=(*contents.stages, Stage(free, label, start.rank if start else 0, "anyone")))


def without_stage(contents: Contents, slug: str) -> Contents:
    """The contents without a stage, its closed moves and its names."""
    return Contents(
        tuple(s for s in contents.stages if s.slug != slug),
        frozenset(move for move in contents.closed if slug not in move),
        {c: tuple(n for n in rows if n.stage != slug) for c, rows in contents.names.items()},
    )
