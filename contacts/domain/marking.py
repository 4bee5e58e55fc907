"""Two values side by side: which words of the one the other doesn't say."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from contacts.domain.identity import fold

#: Longer values are compared by their beginning.
COMPARED = 400
#: A value in parts, each with whether it differs.
Parts = list[tuple[str, bool]]


def marked(text: str, other: str) -> Parts:
    """The text in parts; those that the other side says differently are marked. Words are compared whole."""
    if not text or not other or fold(text) == fold(other):
        return [(text, False)] if text else []
    mine, theirs = _pieces(text), _pieces(other)
    match = SequenceMatcher(None, [p.casefold() for p in mine], [p.casefold() for p in theirs], autojunk=False)
    parts: Parts = []
    for kind, start, end, _, _ in match.get_opcodes():
        if piece := "".join(mine[start:end]):
            parts.append((piece, kind != "equal" and bool(piece.strip())))
    return parts + ([(text[COMPARED:], False)] if text[COMPARED:] else [])


def _pieces(text: str) -> list[str]:
    return re.findall(r"\w+|\W", text[:COMPARED])
