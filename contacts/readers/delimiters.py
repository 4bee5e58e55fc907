"""Which separator a text file uses. ``csv.Sniffer`` takes commas inside of quoted cells for separators."""

from __future__ import annotations

import re
from collections import Counter

from . import limits
from .headers import known_names, records_of

#: The usual ones, the likeliest first: that is what an undecided file (one column) gets.
CANDIDATES = (",", ";", "\t", "|")
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SEP = re.compile(r'"?sep=(.)"?[ \t,;|]*(?:\r\n|\r|\n|$)', re.IGNORECASE)


def declared(text: str) -> str:
    """The separator of Excel's first line "sep=;", or ""."""
    found = _SEP.match(text)
    return found.group(1) if found else ""


def sniff(text: str) -> str:
    """The separator under which the beginning of a file makes the best table."""
    return max(CANDIDATES, key=lambda candidate: score(text, candidate))


def score(text: str, delimiter: str) -> tuple[int, float]:
    """How good a table ``delimiter`` makes: known names in one line first, then rows of one width above 1."""
    records = records_of(text, delimiter, most=limits.SNIFF_RECORDS)
    known = max((known_names(r.values) for r in records if len(r.values) <= limits.MAX_COLUMNS), default=0)
    widths = Counter(len(record.values) for record in records)
    wide = sum(count for width, count in widths.items() if width > 1)
    if not wide:
        return known, 0.0
    width, count = max(((w, n) for w, n in widths.items() if w > 1), key=lambda pair: (pair[1], pair[0]))
    # Wider is better only among equally steady ones: prose has commas too, but a different number a line.
    return known, count / len(records) + min(width, 100) / 1000
