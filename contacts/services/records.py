"""A record that came as an object of keys and values (JSON, a form, Zapier): its fields, and what stays raw.

An absent key says nothing and a blank one says nothing either: neither empties a field of a contact. Keys
are matched by name only; what the hub does not know stays with the arrival and is named in the result.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from contacts.domain.changes import CustomType, Received
from contacts.domain.fields import MAPPABLE
from contacts.readers import match_columns
from contacts.readers.synonyms import fold, is_known

#: Longer keys, and keys after this many of one record, are kept and matched by our own names only.
LONGEST_KEY = 200
MOST_KEYS = 500
#: The matching of keys is remembered when they have at most this many characters together.
REMEMBERED = 4000

#: What PostgreSQL's jsonb and text refuse: NUL, and halves of a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]+")
#: Names that are ours already. "name" is left to the matching, where first and last name go before it.
_EXACT = {name: name for name in MAPPABLE if name != "name"}


def received_from_dict(
    raw: Mapping[str, Any],
    custom: Mapping[str, CustomType],
    *,
    delivery_key: str | None = None,
    content_hash: str = "",
) -> Received:
    """The record at the door. ``raw`` is kept as it came, but for characters that no database can hold."""
    kept = storable(raw)
    texts = {key: text_of(value) for key, value in kept.items()}
    nested = {key for key, value in kept.items() if _is_nested(value)}
    filled = tuple(key for key, text in texts.items() if text.strip() and key not in nested)
    labels = tuple((slug, kind.label) for slug, kind in custom.items())
    fields = _fields_of(filled, labels)
    blank = texts.keys() - nested.union(filled)
    fine = {key for key in list(blank)[:MOST_KEYS] if _fields_of((key,), labels)}
    unknown = tuple(key for key in texts if key not in fields and key not in fine)
    return Received(
        values={field: texts[key] for key, field in fields.items()},
        raw=kept,
        delivery_key=delivery_key,
        content_hash=content_hash,
        columns={field: key for key, field in fields.items()},
        unknown=unknown,
    )


def _fields_of(keys: tuple[str, ...], custom: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """Key to field, for the keys that are names of fields. Sets of keys of the usual size are remembered."""
    return (_remembered if sum(map(len, keys)) <= REMEMBERED else _matched)(keys, custom)


def _matched(keys: tuple[str, ...], custom: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    ours = {fold(name) for pair in custom for name in pair}
    short = [k for k in keys[:MOST_KEYS] if len(k) <= LONGEST_KEY and (is_known(k) or fold(k) in ours)]
    likely = list(dict.fromkeys([k for k in keys if k in _EXACT] + short))
    found = match_columns(likely, [], [], custom=custom, saved=_EXACT) if likely else []
    return {m.column: m.field for m in found if m.field and m.sure in ("sure", "likely")}


_remembered = lru_cache(maxsize=1024)(_matched)


def text_of(value: Any) -> str:
    """A value as text: a list of one is the one, longer lists are joined, nested objects stay JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list) and not _is_nested(value):
        return ", ".join(text for item in value if (text := text_of(item)).strip())
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _is_nested(value: Any) -> bool:
    """Whether a value is an object, or a list of more than plain values."""
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict | list) for item in value))


def storable(value: Any) -> Any:
    """The same value without the characters that PostgreSQL refuses, in keys and texts alike."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value) if _UNSTORABLE.search(value) else value
    if isinstance(value, Mapping):
        return gathered((storable(key), storable(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


def gathered(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """An object from its pairs. A key that comes twice keeps both values, in a list."""
    pairs = list(pairs)
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    groups: dict[str, list[Any]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return {key: values[0] if len(values) == 1 else values for key, values in groups.items()}
