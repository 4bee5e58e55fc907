"""What a MAP in memory takes for a value, and how it spells what it stores."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime

from syncrules.connectors.base import Why
from syncrules.domain.worksheet import FieldType

#: What a MAP makes of a text that it stores.
Respell = Callable[[FieldType, str], str]
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


class NotTaken(ValueError):
    """What this MAP does not take; the text says why in words, ``why`` in the protocol's."""

    def __init__(self, text: str, why: Why = Why.INVALID) -> None:
        super().__init__(text)
        self.why = why


def as_sent(prop: FieldType, text: str) -> str:
    """A MAP that stores every text as it comes."""
    return text


def in_capitals(prop: FieldType, text: str) -> str:
    """A MAP that stores free text trimmed and in capitals."""
    return text.strip().upper() if prop.type == "text" else text


def checked(prop: FieldType | None, name: str, text: str) -> FieldType:
    """The property, when it exists and this text can be its value (``NotTaken``)."""
    if prop is None:
        raise NotTaken(f"there is no property “{name}”")
    if text and (why := _fault(prop, text)):
        raise NotTaken(f"“{text}” in “{name}”: {why}")
    return prop


def _fault(prop: FieldType, text: str) -> str:
    """Why a text can't be a value of this property; "" when it can."""
    if prop.options and text not in {option.value for option in prop.options}:
        return "it is none of the options"
    read = _READERS.get(prop.type)
    if read is not None:
        try:
            read(text)
        except ValueError:
            return f"it is no {prop.type}"
    return ""


def _boolean(text: str) -> None:
    if text not in ("true", "false"):
        raise ValueError(text)


def _address(text: str) -> None:
    if not _ADDRESS.fullmatch(text):
        raise ValueError(text)


_READERS: Mapping[str, Callable[[str], object]] = {
    "number": float,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "boolean": _boolean,
    "email": _address,
}
