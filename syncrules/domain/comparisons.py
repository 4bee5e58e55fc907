"""What a condition of a threshold can compare: for each type of field its comparisons, in words and as tests. Pure.

Texts are compared without regard to the case of the letters A to Z, and dates by the day in UTC: both databases
count by the same rules (``services.threshold``).
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from contacts.domain.blanks import clean
from contacts.domain.identity import read_country
from syncrules.domain.worksheet import FieldType

LONGEST, MOST_VALUES, LARGEST = 200, 300, Decimal(10) ** 15
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Unusable(ValueError):
    """A condition that has to be mended; the text says what is missing or wrong.

    ``left`` is the value that it can be judged by until then, None where it can't.
    """

    def __init__(self, text: str, left: Any = None) -> None:
        super().__init__(text)
        self.left = left


@dataclass(frozen=True)
class Comparison:
    """One way to compare. ``read`` makes a contact's value comparable, None where it is empty; ``value`` what ops
    typed; ``passes`` judges both. ``asks`` is what the page asks for: "text", "number", "date", "options" or "".
    """

    name: str
    label: str
    asks: str
    read: Callable[[Any], Any]
    value: Callable[[Any, FieldType], Any]
    passes: Callable[[Any, Any], bool]

    def words(self, value: Any, field: FieldType) -> str:
        """ "is one of MQL, SQL"."""
        if self.asks == "options":
            labels = {option.value: option.label for option in field.options}
            chosen = [labels[v] for v in value]
            return f"{_ONE[self.name] if len(chosen) == 1 else self.label} {', '.join(chosen)}"
        return self.label if not self.asks else f"{self.label} {_shown(value, self.asks)}"


_ONE = {"one-of": "is", "none-of": "is not"}


def lowered(text: str) -> str:
    """A to Z as a to z, and every other letter as it is: what both databases do too."""
    return text.translate(_LOWER)


def of_type(field: FieldType, op: Any) -> Comparison:
    """The comparison of that name for fields of this type (``Unusable``)."""
    known = BY_TYPE.get(field.type, {})
    if not op:
        raise Unusable("choose a comparison.")
    if not isinstance(op, str) or op not in known:
        raise Unusable("it can't be compared like that.")
    return known[op]


def text_or_none(value: Any) -> str | None:
    return lowered(value) if isinstance(value, str) and value else None


def number_or_none(value: Any) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def day_or_none(value: Any) -> str | None:
    """The day of a date or a moment as texts hold them: 2026-11-02."""
    return value[:10] if isinstance(value, str) and len(value) >= len("2026-11-02") else None


def flag_or_none(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def choice_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _nothing(value: Any, field: FieldType) -> None:
    return None


def _typed_text(value: Any, field: FieldType) -> str:
    text = clean(value) if isinstance(value, str) else ""
    if not text:
        raise Unusable("write what to compare with.")
    if len(text) > LONGEST:
        raise Unusable(f"it is longer than {LONGEST} characters.")
    return text


def _whole_text(value: Any, field: FieldType) -> str:
    """A country as the hub writes it, so that “DE” finds Germany."""
    text = _typed_text(value, field)
    country = read_country(text) if field.name == "country" else None
    return country.name if country else text


def _typed_number(value: Any, field: FieldType) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Unusable("write a number.")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) > LARGEST:
        raise Unusable("write a number.")
    return int(number) if number == number.to_integral_value() else float(number)


def _typed_day(value: Any, field: FieldType) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise Unusable("choose a day.") from None


def _chosen(value: Any, field: FieldType) -> tuple[str, ...]:
    known = [option.value for option in field.options]
    asked = value if isinstance(value, list | tuple) else []
    if not asked or len(asked) > MOST_VALUES:
        raise Unusable("choose at least one.")
    chosen = tuple(v for v in known if v in asked)
    if unknown := [v for v in asked if v not in known]:
        raise Unusable(f"it has no choice “{str(unknown[0])[:80]}” (any more).", chosen or None)
    return chosen


def _shown(value: Any, asks: str) -> str:
    if asks == "text":
        return f"“{value}”"
    if asks == "date":
        day = date.fromisoformat(value)
        return f"{day.day} {day:%B %Y}"
    return f"{value:,}"


def _is(held: Any, value: Any) -> bool:
    return bool(held == value)


def _is_text(held: Any, value: str) -> bool:
    return bool(held == lowered(value))


def _contains(held: Any, value: str) -> bool:
    return held is not None and lowered(value) in held


def _not(passes: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda held, value: not passes(held, value)


def _and_held(passes: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda held, value: held is not None and passes(held, value)


def _filled(held: Any, value: Any) -> bool:
    return held is not None


def _made(read: Callable[[Any], Any], *rows: tuple[Any, ...]) -> Mapping[str, Comparison]:
    """The comparisons of a type by name, with the two that every type has."""
    both = (("filled", "has a value", "", _nothing, _filled), ("empty", "is empty", "", _nothing, _not(_filled)))
    found = [Comparison(name, label, asks, read, value, passes) for name, label, asks, value, passes in (*rows, *both)]
    return {c.name: c for c in found}


_TEXT = _made(
    text_or_none,
    ("is", "is", "text", _whole_text, _is_text),
    ("is-not", "is not", "text", _whole_text, _not(_is_text)),
    ("contains", "contains", "text", _typed_text, _contains),
    ("lacks", "does not contain", "text", _typed_text, _not(_contains)),
    ("starts", "begins with", "text", _typed_text, _and_held(lambda held, v: held.startswith(lowered(v)))),
    ("ends", "ends with", "text", _typed_text, _and_held(lambda held, v: held.endswith(lowered(v)))),
)
_NUMBER = _made(
    number_or_none,
    ("least", "is at least", "number", _typed_number, _and_held(lambda held, v: held >= v)),
    ("most", "is at most", "number", _typed_number, _and_held(lambda held, v: held <= v)),
    ("is", "is", "number", _typed_number, _is),
    ("is-not", "is not", "number", _typed_number, _not(_is)),
)
_DAY = _made(
    day_or_none,
    ("from", "is on or after", "date", _typed_day, _and_held(lambda held, v: held >= v)),
    ("until", "is on or before", "date", _typed_day, _and_held(lambda held, v: held <= v)),
)
_FLAG = _made(
    flag_or_none,
    ("yes", "is yes", "", _nothing, lambda held, v: held is True),
    ("no", "is no", "", _nothing, lambda held, v: held is False),
)
_CHOICE = _made(
    choice_or_none,
    ("one-of", "is one of", "options", _chosen, lambda held, v: held in v),
    ("none-of", "is none of", "options", _chosen, lambda held, v: held not in v),
)
#: Type of field to its comparisons by name, in the order of the page.
BY_TYPE: Mapping[str, Mapping[str, Comparison]] = {
    "text": _TEXT,
    "email": _TEXT,
    "phone": _TEXT,
    "number": _NUMBER,
    "date": _DAY,
    "datetime": _DAY,
    "boolean": _FLAG,
    "choice": _CHOICE,
    "stage": _CHOICE,
}
