"""What a cell of a sheet says, as text: whole numbers as digits, dates as ISO 8601.

Source: ECMA-376 part 1, 18.8.30 (number formats), 18.17.4 (dates), 18.4.8 and 22.9.2.19 (``_xHHHH_``).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Literal

Kind = Literal["", "date", "elapsed"]

#: Built-in formats that show a date or a time; 27-36 and 50-58 are those of East Asian Excels.
_BUILT_IN_DATES = {*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)}
_BUILT_IN_ELAPSED = 46
_LITERALS = re.compile(r'"[^"]*"|\\.|_.|\*.')
_BRACKETS = re.compile(r"\[[^\]]*\]")
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
#: A double holds 15 digits for sure; Excel shows no more.
_EXACT_DIGITS = 15
#: 9999-12-31, the last day that Excel knows.
_LAST_SERIAL = 2_958_466


def kind_of_format(number: int, code: str) -> Kind:
    """Whether a number format shows a date or time, an elapsed time, or neither."""
    if not code:
        if number == _BUILT_IN_ELAPSED:
            return "elapsed"
        return "date" if number in _BUILT_IN_DATES else ""
    first = _LITERALS.sub("", code).split(";")[0]
    if _ELAPSED.search(first):
        return "elapsed"
    bare = _BRACKETS.sub("", first).lower()
    return "date" if re.search("[dmyhs]", bare) and "general" not in bare else ""


def number_text(raw: str) -> str:
    """A number as people see it: "4155552671", not "4155552671.0" or "4.155552671E9"."""
    if raw.isdecimal() and len(raw) <= _EXACT_DIGITS:
        return raw
    try:
        value = float(raw)
    except ValueError:
        return raw
    if value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return f"{value:.{_EXACT_DIGITS}g}"


def moment_text(raw: str, kind: Kind, *, from_1904: bool) -> str:
    """A date serial as "2026-03-12", "2026-03-12T10:14:00", or "10:14:00" for a time alone."""
    try:
        serial = float(raw)
    except ValueError:
        return raw
    if kind == "elapsed" and 0 <= serial < _LAST_SERIAL:
        return _clock_text(round(serial * 86_400))
    if not 0 <= serial < _LAST_SERIAL:
        return number_text(raw)
    if serial < 1 and not from_1904:
        return _clock_text(round(serial * 86_400))
    # Excel counts a 29 February 1900 that never was; before it, serials are one day lower.
    start = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 31 if serial < 60 else 30)  # noqa: DTZ001
    days, part = divmod(serial, 1)
    moment = start + timedelta(days=days, seconds=round(part * 86_400))
    return moment.isoformat() if moment.hour or moment.minute or moment.second else moment.date().isoformat()


def _clock_text(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def unescaped(text: str) -> str:
    """``text`` with Excel's ``_x000D_`` made the character it stands for."""
    return _ESCAPE.sub(_character, text) if "_x" in text else text


def _character(found: re.Match[str]) -> str:
    code = int(found.group(1), 16)
    return found.group(0) if 0xD800 <= code <= 0xDFFF else chr(code)
