"""Where each value of a contact came from, in a form small enough for a million contacts.

``{"by": [[kind, name, at, arrival], ...], "of": {field: [index into by, rule]}}``: a contact has few
writers and many fields, so each writer stands once. A field that has an origin but no value was blanked.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from contacts.domain import rules


class Writer(NamedTuple):
    """Who wrote: ``kind`` is "person", "source" or "connection"; ``at`` is ISO 8601 in UTC."""

    kind: str
    name: str
    at: str
    arrival: int | None = None


class Origin(NamedTuple):
    """Who wrote one value, and under which rule."""

    writer: Writer
    rule: str


def stamp(origins: dict[str, Any], fields: dict[str, str], writer: Writer) -> dict[str, Any]:
    """New origins in which ``fields`` (field to rule) were written by ``writer``."""
    if not fields:
        return origins
    by = [list(w) for w in origins.get("by", ())]
    me = list(writer)
    if me not in by:
        by.append(me)
    index = by.index(me)
    of = origins.get("of", {}) | {f: [index, rule] for f, rule in fields.items()}
    return _without_unused(by, of)


def fresh(fields: dict[str, str], writer: Writer) -> dict[str, Any]:
    """The origins of a contact that one writer just made."""
    return {"by": [list(writer)], "of": {f: [0, rule] for f, rule in fields.items()}}


def forget(origins: dict[str, Any], fields: set[str]) -> dict[str, Any]:
    """Origins in which ``fields`` have never been written."""
    of = {f: o for f, o in origins.get("of", {}).items() if f not in fields}
    return _without_unused([list(w) for w in origins.get("by", ())], of)


def origin_of(origins: dict[str, Any], field: str) -> Origin | None:
    """The origin of one value, or None where nobody wrote one."""
    entry = origins.get("of", {}).get(field)
    if entry is None:
        return None
    return Origin(Writer(*origins["by"][entry[0]]), entry[1])


def origins_of(origins: dict[str, Any]) -> dict[str, Origin]:
    """The origin of each value of a contact that has one: for whoever asks about most of them."""
    by = [Writer(*writer) for writer in origins.get("by", ())]
    return {field: Origin(by[index], rule) for field, (index, rule) in origins.get("of", {}).items()}


def was_blanked(origins: dict[str, Any], field: str) -> bool:
    """Whether a person left an empty field empty on purpose."""
    entry = origins.get("of", {}).get(field)
    return entry is not None and origins["by"][entry[0]][0] == "person"


def is_protected(origins: dict[str, Any], field: str) -> bool:
    """Whether a person wrote a value, or blanked it, and nobody released it: then no connection changes it.

    The stage that a typed-in record came with is nobody's decision: of stages only a set or picked one counts.
    """
    origin = origin_of(origins, field)
    return origin is not None and protects(origin, field)


def protects(origin: Origin, field: str) -> bool:
    """The same of an origin that is at hand."""
    if origin.writer.kind != "person" or origin.rule == rules.RELEASED:
        return False
    return field != "lifecycle_stage" or origin.rule in (rules.PERSON, rules.PICKED)


def _without_unused(by: list[list[Any]], of: dict[str, list[Any]]) -> dict[str, Any]:
    used = sorted({index for index, _ in of.values()})
    place = {old: new for new, old in enumerate(used)}
    return {"by": [by[i] for i in used], "of": {f: [place[i], rule] for f, (i, rule) in of.items()}}
