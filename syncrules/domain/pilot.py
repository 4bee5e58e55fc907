"""What a pilot is watched for, and when it has to stop (playbook, Step 5: "watch for unexpected behavior"). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

#: The most contacts that a pilot may have, and the minutes that it has to run at least.
MOST, MINUTES = 500, 10


class Measure(NamedTuple):
    """One thing that is watched. ``limit`` is what a pilot starts with: beyond it, it stops."""

    slug: str
    label: str
    limit: int
    unit: str
    words: str


MEASURES: tuple[Measure, ...] = (
    Measure("overwrites", "Overwrites without a rule", 0, "", "{seen} overwritten without a rule that allows it"),
    Measure("duplicates", "Duplicates", 0, "", "{seen} contacts have several records there"),
    Measure("refusals", "Refusals", 100, "", "{seen} values of the MAP were refused"),
    Measure("errors", "Errors", 5, "", "{seen} errors are open"),
    Measure("lag", "Lag", 300, " s", "the oldest change has waited {seen} s"),
)


class BadLimits(ValueError):
    """Why these limits can't be used, in words."""


def limits_of(given: Mapping[str, object]) -> dict[str, int]:
    """A limit for each measure, from what somebody typed; what is blank is the usual one. Raises ``BadLimits``."""
    found = {}
    for measure in MEASURES:
        text = str(given.get(measure.slug, "")).strip()
        if text and not (text.isascii() and text.isdecimal() and int(text) <= 100_000):
            raise BadLimits(f"The limit of “{measure.label}” is a whole number from 0 to 100,000, not “{text[:40]}”.")
        found[measure.slug] = int(text) if text else measure.limit
    return found


def over(seen: Mapping[str, int], limits: Mapping[str, int]) -> list[str]:
    """What went over its limit, in words."""
    return [
        f"{m.words.format(seen=f'{seen[m.slug]:,}')} (limit {limits[m.slug]:,}{m.unit})"
        for m in MEASURES
        if seen.get(m.slug, 0) > limits.get(m.slug, m.limit)
    ]
