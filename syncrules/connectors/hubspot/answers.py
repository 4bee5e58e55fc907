"""Reading what comes back: nothing is believed. What is not as HubSpot answers is ``Garbled``, never a crash."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import orjson

from syncrules.connectors.base import Record
from syncrules.connectors.trouble import Garbled

#: Where HubSpot keeps the ids of records that were merged into this one, separated by semicolons.
MERGED = "hs_merged_object_ids"
_HALVES = re.compile("[\x00\ud800-\udfff]")
_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
_SHOWN = 300


def parse(raw: bytes) -> dict[str, Any]:
    """The JSON object of a body."""
    data = load(raw)
    if not isinstance(data, dict):
        raise Garbled("HubSpot's answer is JSON, but no object.")
    return data


def load(raw: bytes) -> Any:
    """Any JSON. What orjson does not take, as half of a character is, the slower and more patient reader may."""
    try:
        return orjson.loads(raw)
    except ValueError:
        return _load_slowly(raw)


def _load_slowly(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        start = " ".join(raw[:80].decode("utf-8", "replace").split())
        raise Garbled(f"What HubSpot sent can't be read; it begins with “{printable(start)}”.") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def printable(value: object) -> str:
    """A text from elsewhere for a message: one line, not long, no control characters."""
    line = "".join(c if c.isprintable() else " " for c in text(value, "message"))
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def text(value: object, name: str) -> str:
    """A value as text; what no database stores (half of a character, NUL) becomes a question mark's like."""
    if isinstance(value, str) and value.isprintable():  # by far the most usual
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, (str, int, float)):
        raise Garbled(f"HubSpot's answer has a {type(value).__name__} where the value of {name[:60]} should be.")
    return _HALVES.sub("\ufffd", str(value))


def rows(data: Mapping[str, Any], key: str = "results") -> list[dict[str, Any]]:
    """A list of objects."""
    found = data.get(key)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Garbled(f"HubSpot's answer has no list of {key}.")
    return found


def an_object(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    """An object inside an answer; an absent one is empty."""
    found = data.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Garbled(f"{key} in HubSpot's answer is no object.")
    return found


def an_id(data: Mapping[str, Any]) -> str:
    """The id of a record."""
    value = data.get("id")
    if not isinstance(value, (str, int)) or isinstance(value, bool) or not _ID.fullmatch(str(value)):
        raise Garbled("HubSpot's answer has a record without an id.")
    return str(value)


def record(data: Mapping[str, Any]) -> Record:
    """A contact as any of the calls shows it; properties without a value are left out."""
    given = an_object(data, "properties").items()
    values = {text(name, "a name"): text(value, name) for name, value in given if value is not None}
    merged = tuple(i for i in values.get(MERGED, "").split(";") if _ID.fullmatch(i))
    return Record(
        id=an_id(data),
        values={name: value for name, value in values.items() if value},
        changed_at=text(data.get("updatedAt"), "updatedAt") or values.get("lastmodifieddate", ""),
        merged=merged,
    )


def next_page(data: Mapping[str, Any]) -> str:
    """Where the next page starts; "" when this was the last."""
    return text(an_object(an_object(data, "paging"), "next").get("after"), "after")


def complaint(data: Mapping[str, Any]) -> str:
    """What an error answer says, with the details that name a property."""
    said = data.get("message")
    parts = [said] if isinstance(said, str) else []
    errors = data.get("errors")
    for item in errors if isinstance(errors, list) else []:
        more = item.get("message") if isinstance(item, dict) else None
        if isinstance(more, str) and not any(more in part for part in parts):
            parts.append(more)
    return printable(" ".join(parts))
