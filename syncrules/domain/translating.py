"""Values from a MAP's words into the hub's and back: by type, by the row's value map, by the names of stages.

In the hub's terms a value is text, a number, yes or no, an ISO date, a moment as ``moment_text`` writes it, the
slug of a stage or of a source; None is no value. What can't be read is ``Unread``, never an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import InvalidOperation
from typing import Any

from contacts.domain.identity import (
    clean,
    is_blank,
)
from contacts.domain.names import fold
from syncrules.domain.judges import BLANK, Unread
from syncrules.domain.typed import WRITERS, moment_text, reader_of, short
from syncrules.domain.worksheet import FieldType, Row, Worksheet

__all__ = ["Translator", "moment_text", "translators"]


def translators(worksheet: Worksheet, region: str = "") -> dict[int, Translator]:
    """One for each row whose two fields exist, by the row's key. ``region`` is for phones without a country."""
    found = {}
    for row in worksheet.rows:
        hub, other = worksheet.hub_fields.get(row.hub), worksheet.map_fields.get(row.map)
        if hub and other:
            names = worksheet.stage_names if hub.type == "stage" else ()
            pairs = [(n.map_value, n.stage) for n in sorted(names, key=lambda n: n.written)]
            written = {n.stage: n.map_value for n in names if n.written and n.stage}
            found[row.key] = Translator(row, hub, other, pairs, written, region)
    return found


class Translator:
    """Reads and writes the values of one row. Made once for a worksheet, used for every record."""

    def __init__(
        self,
        row: Row,
        hub: FieldType,
        other: FieldType,
        names: Iterable[tuple[str, str]] = (),
        written: Mapping[str, str] | None = None,
        region: str = "",
    ) -> None:
        self.row, self.hub, self.map = row, hub, other
        self._read_text = reader_of(hub, region)
        self._inverted = hub.role == "optout" and other.role == "optout"
        self._labels = {o.value: o.label for o in other.options}
        self._in: dict[str, Any] = {}
        self._out: dict[Any, str] = {}
        for value, hub_value in row.value_map:  # the row's own map counts before the names of stages
            self._in.setdefault(fold(value), self._hub_value(hub_value))
            if hub_value:
                self._out.setdefault(self._hub_value(hub_value), self._option(value))
        for value, stage in names:  # those that are only read come before those that are written too
            self._in.setdefault(fold(value), stage or None)
        for stage, value in (written or {}).items():
            self._out.setdefault(stage, self._option(value))
        self._mapped = bool(self._in) or hub.type in ("choice", "stage")

    def read(self, raw: str | None, *held: Any) -> Any:
        """The MAP's text in the hub's terms: a value, None, BLANK where blanks count, or Unread.

        ``held`` are values that the hub has or had: where one of them would be written as just this text, it is
        what the text means, although the MAP has one word for several of the hub's.
        """
        text = clean(raw) if raw else ""
        if not text or is_blank(text, self.row.hub):
            return BLANK if self.row.blank_counts else None
        if self._mapped:
            for value in held:
                if value is not None and self.write(value) == text:
                    return value
            for key in (fold(text), fold(self._labels.get(text, ""))):
                if key and key in self._in:
                    return self._in[key]
        return self._by_type(text)

    def read_hub(self, text: str) -> Any:
        """A text as a value of the hub's field, by its type alone; Unread where it is none."""
        return self._read_text(text)

    def write(self, value: Any) -> str | Unread:
        """The hub's value as the MAP takes it; "" empties."""
        if value is None:
            return ""
        try:
            known = self._out.get(value)
        except TypeError:
            return Unread(short(str(value)), "it is no single value")
        if known is not None:
            return known
        if self._inverted and isinstance(value, bool):
            value = not value
        return self._by_map_type(value)

    def _hub_value(self, text: str) -> Any:
        value = self._read_text(text) if text else None
        return text if isinstance(value, Unread) else value

    def _by_type(self, text: str) -> Any:
        value = self._read_text(text)
        if isinstance(value, Unread) and text in self._labels:
            value = self._read_text(self._labels[text])
        if self.hub.type == "stage" and self._in:
            value = Unread(short(text), "no stage is mapped to it")
        return not value if self._inverted and isinstance(value, bool) else value

    def _by_map_type(self, value: Any) -> str | Unread:
        text = _as_text(value)
        if self.map.options:
            label = next((o.label for o in self.hub.options if o.value == value), text)
            return self._matching(text, label) or Unread(short(text), f"{self.map.label} has no such option")
        if self.map.type == "text" and self.hub.type == "choice":
            return next((o.label for o in self.hub.options if o.value == value), text)
        try:
            return WRITERS[self.map.type](value, text) if self.map.type in WRITERS else text
        except (ValueError, InvalidOperation):
            return Unread(short(text), f"{self.map.label} takes only a {self.map.type}")

    def _matching(self, *texts: str) -> str:
        for text in texts:
            if text in self._labels:
                return text
        keys = {fold(text) for text in texts} - {""}
        return next((o.value for o in self.map.options if fold(o.value) in keys or fold(o.label) in keys), "")

    def _option(self, text: str) -> str:
        return self._matching(text) or text


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
