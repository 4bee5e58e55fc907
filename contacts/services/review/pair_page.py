"""Contacts that look like one person, side by side, with what a merge into the one that stays would make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contacts.models import Contact, Review
from contacts.services import merging
from contacts.services.merging.previewing import Line
from contacts.services.people import person_from
from contacts.services.review import pairs
from contacts.services.review.basis import basis_of
from contacts.services.review.cases import Known
from contacts.services.review.errors import Refused
from contacts.services.review.table import LETTERS, Cell, Column, Comparison, Effect, Row, Value
from contacts.services.review.telling import counted


def compare(
    case: Review, known: Known, kept_id: int | None, picks: Mapping[str, str], user: Any, *, decide: bool
) -> Comparison:
    """The comparison with one contact to stay: the one asked for, else the most complete, which stands first."""
    contacts = known.candidates_of(case.pk)
    ids = [c.pk for c in contacts]
    evidence = [str(item.get("words", "")) for item in case.evidence if isinstance(item, dict)]
    table = Comparison([], [], basis_of([], contacts), evidence=[words for words in evidence if words])
    if len(ids) < 2:
        table.columns = [_column(c, n, chosen=False, hangs=()) for n, c in enumerate(contacts)]
        return table
    try:
        kept_id = kept_id if kept_id in ids else merging.propose(ids)
        actor = user if user.has_perm("contacts.merge_contact") else None
        plain, _ = pairs.chosen_picks(kept_id, ids, {}, actor)
        preview = _picked(kept_id, ids, picks, actor) if picks else plain
    except merging.MergeRefused as error:
        table.columns = [_column(c, n, chosen=False, hangs=()) for n, c in enumerate(contacts)]
        table.problem = str(error)
        return table
    _fill_in(table, contacts, kept_id, preview, plain, decide)
    return table


def _picked(kept_id: int, ids: Sequence[int], picks: Mapping[str, str], actor: Any) -> merging.Preview:
    try:
        return pairs.chosen_picks(kept_id, ids, picks, actor)[0]
    except merging.MergeRefused as error:
        raise Refused(str(error)) from error


def _fill_in(
    table: Comparison,
    contacts: Sequence[Contact],
    kept_id: int,
    preview: merging.Preview,
    plain: merging.Preview,
    decide: bool,
) -> None:
    hangs = {column.id: column.hangs for column in preview.columns}
    ordered = sorted(contacts, key=lambda c: (c.pk != preview.proposed, c.pk))
    table.columns = [_column(c, n, chosen=c.pk == kept_id, hangs=hangs.get(c.pk, ())) for n, c in enumerate(ordered)]
    by_rule = {line.field: line for line in plain.lines}
    table.rows = [_row(line, by_rule.get(line.field, line), ordered, decide) for line in preview.lines]
    table.warnings = list(preview.warnings)
    if decide:
        table.summary = _summary(preview)


def _column(contact: Contact, place: int, *, chosen: bool, hangs: Sequence[str]) -> Column:
    keys = [a.key for a in contact.addresses.all()]
    return Column(LETTERS[place], place + 1, contact, person_from(contact), keys, chosen, hangs)


def _row(line: Line, plain: Line, ordered: Sequence[Contact], decide: bool) -> Row:
    cells = {cell.contact: cell for cell in line.cells}
    places = {c.pk: n for n, c in enumerate(ordered)} if line.choice and decide else {}
    shown = []
    for contact in ordered:
        cell = cells[contact.pk]
        pick = pairs.pick_key(contact.pk) if places and cell.pickable else ""
        note = "left blank on purpose" if cell.blanked else cell.note
        value = Value(cell.parts, note, pick, places.get(contact.pk, 0))
        shown.append(Cell([value] if cell.value or pick or note else []))
    effects = _effects(line, plain, ordered, places) if decide else []
    checked = next((places[c.contact] for c in line.cells if c.on and c.contact in places), -1)
    return Row(line.field, line.label, shown, effects, checked)


def _effects(line: Line, plain: Line, ordered: Sequence[Contact], places: Mapping[int, int]) -> list[Effect]:
    by_rule = Effect(plain.sign, _words(plain), plain.why, places.get(plain.home, 0))
    if not places:
        return [by_rule]
    values = {cell.contact: cell.value for cell in line.cells}
    others = [c.pk for c in ordered if c.pk != plain.home]
    picked = [
        Effect("pick", f"keep “{values[pk]}”" if values[pk] else "leave it empty", "your pick", places[pk])
        for pk in others
    ]
    return [by_rule, *picked]


def _words(line: Line) -> str:
    if line.sign == "same":
        return "same"
    verb = "fill" if line.sign == "fill" else "keep"
    return f"{verb} “{line.result}”" if line.result else "keep it empty"


def _summary(preview: merging.Preview) -> list[str]:
    """ "1 gap filled, 2 values given up", "14 arrivals and 1 address go along"."""
    filled = sum(line.sign == "fill" for line in preview.lines)
    up = len(preview.conflicts)
    first = ", ".join(
        filter(None, [counted(filled, "gap filled", "gaps filled"), counted(up, "value given up", "values given up")])
    )
    return [first or "nothing is lost or gained", ", ".join(preview.moves)]
