"""Options of a choice and stages: each that may have to cross needs a counterpart on the other side."""

from __future__ import annotations

from collections.abc import Iterator

from contacts.domain.names import fold
from syncrules.domain.judges import Unread
from syncrules.domain.proof.parts import MAP_FIELD, VALUES, Fix, Sheets, outward, problem, writes_hub, writes_map
from syncrules.domain.translating import Translator
from syncrules.domain.worksheet import FieldType, Option, Problem, Row

_CHOSEN = ("choice", "stage")
_OPEN = Fix("open-values", "Map it…")


def unmapped(sheets: Sheets) -> Iterator[Problem]:
    """Options that would have to cross and have no counterpart."""
    for row in sheets.rows:
        hub, other, reader = sheets.hub(row), sheets.map(row), sheets.by_row.get(row.key)
        if hub is None or other is None or reader is None:
            continue
        if writes_hub(row) and hub.type in _CHOSEN:
            yield from _from_map(sheets, row, hub, other, reader)
        if hub.type == "stage" and (writes_map(row) or outward(row)):
            yield from _stages(sheets, row, hub, other, reader)
        elif writes_map(row) and hub.type == "choice" and other.options:
            yield from _from_hub(sheets, row, hub, other, reader)


def _from_map(sheets: Sheets, row: Row, hub: FieldType, other: FieldType, reader: Translator) -> Iterator[Problem]:
    used = sheets.worksheet.used_options.get(row.map, {})
    what = "stage" if hub.type == "stage" else "counterpart"
    lost = [option for option in other.options if isinstance(reader.read(option.value), Unread)]
    if len(lost) == len(other.options) > 1:
        text = f"None of the options of {sheets.map_name}’s “{other.label}” has a {what} here."
        example = sheets.example(lost[0].label, "nothing is stored")
        yield problem("option-unmapped", text, row, example=example, fix=_meant(sheets, hub), column=VALUES)
        return
    for option in lost:
        count = used.get(option.value, 0)
        have = f" {count:,} contact{'s have' if count > 1 else ' has'} it." if count else ""
        like = _like(option, hub)
        fix = Fix(
            "map-value",
            f"Read it as {like.label}" if like else "Read it as no value",
            (("map", option.value), ("hub", like.value if like else "")),
        )
        text = f"{sheets.map_name}’s “{option.label}” has no {what} here.{have}"
        example = sheets.example(option.label, f"{like.label}, or nothing?" if like else "nothing is stored")
        yield problem("option-unmapped", text, row, example=example, fix=fix, column=VALUES)


def _meant(sheets: Sheets, hub: FieldType) -> Fix:
    """The MAP's field of the same role, where no row has it: the row most likely meant that one."""
    taken = {row.map for row in sheets.rows}
    found = [f for f in sheets.worksheet.map_fields.values() if hub.role and f.role == hub.role]
    if len(found) != 1 or found[0].name in taken:
        return _OPEN
    return Fix("set", f"Turn to {found[0].label}", ((MAP_FIELD, found[0].name),))


def _from_hub(sheets: Sheets, row: Row, hub: FieldType, other: FieldType, reader: Translator) -> Iterator[Problem]:
    for option in hub.options:
        if not isinstance(reader.write(option.value), Unread):
            continue
        text = f"The hub’s “{option.label}” has no counterpart in {sheets.map_name}’s “{other.label}”."
        example = sheets.example("nothing is stored", option.label)
        yield problem("option-unmapped", text, row, example=example, fix=_fix(option, other), column=VALUES)


def _stages(sheets: Sheets, row: Row, hub: FieldType, other: FieldType, reader: Translator) -> Iterator[Problem]:
    known = {option.value for option in other.options}
    written = {option: reader.write(option.value) for option in hub.options}
    lost = {o: text for o, text in written.items() if isinstance(text, Unread) or (known and text not in known)}
    if len(lost) == len(written) > 1:
        text = f"None of the hub’s stages has a name in {sheets.map_name}’s “{other.label}”."
        example = sheets.example("stays where it was", hub.options[0].label)
        yield problem("stage-unmapped", text, row, example=example, fix=_meant(sheets, hub), column=VALUES)
        return
    for option, name in lost.items():
        said = f": “{name}” is none of its options" if isinstance(name, str) else ""
        text = f"The stage {option.label} has no name in {sheets.map_name}’s “{other.label}”{said}."
        example = sheets.example("stays where it was", option.label)
        yield problem("stage-unmapped", text, row, example=example, fix=_fix(option, other), column=VALUES)


def _fix(option: Option, other: FieldType) -> Fix:
    like = _like(option, other)
    if like is None:
        return _OPEN
    return Fix("map-value", f"Write it as {like.label}", (("map", like.value), ("hub", option.value)))


def _like(option: Option, among: FieldType) -> Option | None:
    """The one option whose name holds this one's, or is held by it."""
    name = fold(option.label)
    found = [o for o in among.options if name and (key := fold(o.label)) and (key in name or name in key)]
    return found[0] if len(found) == 1 else None


def wrong(sheets: Sheets) -> Iterator[Problem]:
    """Pairs of a value map that name what does not exist, or that say two things of one value."""
    for row in sheets.rows:
        hub, other = sheets.hub(row), sheets.map(row)
        if hub is None or other is None:
            continue
        reader = Translator(row._replace(value_map=()), hub, other)
        there = {fold(name) for option in other.options for name in option}
        said: dict[str, str] = {}
        for value, ours in row.value_map:
            text = ""
            if there and fold(value) not in there:
                text = f"{sheets.map_name}’s “{other.label}” has no option “{value}”."
            elif said.setdefault(fold(value), ours) != ours:
                text = f"The value map has “{value}” twice, once for “{said[fold(value)]}” and once for “{ours}”."
            elif ours and _unread(reader, ours):
                text = f"The hub’s “{hub.label}” can’t hold “{ours}”."
            if text:
                fix = Fix("unmap-value", f"Take “{value}” out", (("map", value), ("hub", ours)))
                yield problem("value-map-wrong", text, row, fix=fix, column=VALUES)


def _unread(reader: Translator, text: str) -> bool:
    return isinstance(reader.read_hub(text), Unread)
