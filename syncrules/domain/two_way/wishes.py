"""What somebody must be like to pass a threshold: so the test makes a contact whom the MAP is to be told of. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from syncrules.domain.cases import STAGE
from syncrules.domain.threshold import Condition, Threshold
from syncrules.domain.two_way import samples

#: Comparisons that a value of the field can't meet by being the one that is named.
_AGAINST = frozenset({"none-of", "is-not", "lacks", "empty", "no"})
#: What a record calls the moment by which a contact's last activity goes.
_RECORD_NAME = {"last_activity": "occurred_at"}


def wishes(threshold: Threshold, who: int) -> dict[str, str]:
    """Field of a record to the text that meets its condition; the first condition on a field counts."""
    found: dict[str, str] = {}
    for name, text in _each(threshold, who):
        found.setdefault(_RECORD_NAME.get(name, name), text)
    return found


def _each(threshold: Threshold, who: int) -> Iterator[tuple[str, str]]:
    for part in threshold.root.walk():
        own_stage = (
            isinstance(part, Condition) and part.field.name == STAGE and part.op == "filled"
        )  # a new one has one
        if isinstance(part, Condition) and part.op not in _AGAINST and not own_stage:
            yield part.field.name, _text(part, who)


def _text(condition: Condition, who: int) -> str:
    value: Any = condition.value
    if condition.op == "yes":
        return "yes"
    if condition.op == "filled" or value is None:
        return samples.text(condition.field, who, samples.HERE)
    if isinstance(value, (list, tuple, set, frozenset)):
        return str(sorted(value, key=str)[0]) if isinstance(value, (set, frozenset)) else str(value[0])
    return str(value)
