"""The words of a worksheet: rows, rules, directions, and the fields of both sides (playbook, Step 4). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Direction(StrEnum):
    """Which way values of a row may flow; "" in a row that says nothing that is understood."""

    TO_MAP = "to-map"
    TO_HUB = "to-hub"
    BOTH = "both"


class Rule(StrEnum):
    """What settles a row when both sides have a value (playbook, Step 4)."""

    NEVER = "never"
    FILL = "fill"
    ONCE = "once"
    HUB = "hub"
    FRESH = "fresh"
    STAGE = "stage"
    UNSUBSCRIBE = "unsubscribe"


class Row(NamedTuple):
    """One row as the judges and the check need it.

    ``direction`` and ``rule`` hold the text as written where it is not understood, so that nothing gets lost
    and the check can name it. ``value_map`` is MAP value to hub value; "" as the hub value means "no value".
    """

    key: int
    number: int
    name: str
    hub: str
    map: str
    direction: str
    rule: str
    value_map: tuple[tuple[str, str], ...] = ()
    blank_counts: bool = False
    note: str = ""


class Option(NamedTuple):
    """One value that a choice can take."""

    value: str
    label: str


@dataclass(frozen=True)
class FieldType:
    """A field that exists on one side.

    ``type`` is "text", "number", "date", "datetime", "boolean", "choice", "phone", "email" or "stage".
    ``role`` marks what the hub has to know of: "email", "stage", "optout", "source", or "" for the rest.
    """

    name: str
    label: str
    type: str
    options: tuple[Option, ...] = ()
    read_only: bool = False
    role: str = ""
    own: bool = True  # made by the account, or one that people fill in; False for what a MAP keeps for itself


class StageName(NamedTuple):
    """What a connection calls a stage. Several names may be read as one stage; one of them is what is written.

    ``stage`` is "" for a MAP value that is left without a stage on purpose.
    """

    stage: str
    map_value: str
    written: bool


@dataclass(frozen=True)
class Worksheet:
    """Everything that a check or a judge has to know of one connection."""

    connection: str
    name: str
    rows: tuple[Row, ...]
    hub_fields: Mapping[str, FieldType]
    map_fields: Mapping[str, FieldType]
    stage_names: tuple[StageName, ...] = ()
    left_out_hub: frozenset[str] = frozenset()
    left_out_map: frozenset[str] = frozenset()
    version: int = 0
    used_options: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # MAP field: value: contacts


class Problem(NamedTuple):
    """One thing that the check found.

    ``level`` is "stops" or "look". ``row`` is the row's number, None where no row is meant; ``key`` its key.
    ``example`` is the smallest pair of records that shows it: pairs of a side's name and what it holds.
    ``fix`` names a one-click fix and ``fix_args`` what it needs; "" where there is none.
    """

    code: str
    level: str
    row: int | None
    key: int | None
    text: str
    example: tuple[tuple[str, str], ...] = ()
    fix: str = ""
    fix_label: str = ""
    fix_args: tuple[tuple[str, str], ...] = ()
    column: str = ""  # which cell of the row turns red
