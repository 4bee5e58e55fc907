"""Test values: for each field one that the hub holds, one that the MAP holds, and one that the MAP changes it to."""

from __future__ import annotations

from typing import Any

from syncrules.domain.cases import BLANK, Unread
from syncrules.domain.translating import Translator
from syncrules.domain.worksheet import FieldType

HERE, THERE, LATER = range(3)
_ENDS = ("", "e", "en")
_COUNTRIES = ("Germany", "France", "Spain")


def text(field: FieldType, who: int, which: int) -> str:
    """What test person ``who`` has in a hub field; values of different people and of different ``which`` differ.

    Phones are numbers that Ofcom keeps for drama, so that nobody has them.
    """
    number = who * 3 + which
    by_name = {
        "first_name": ("Ada", "Adah", "Adele")[which],
        "last_name": f"Testperson{who}{_ENDS[which]}",
        "company": f"Test Firm {who}{_ENDS[which]}",
        "company_domain": f"firm{number}.two-way-test.example",
        "country": _COUNTRIES[(who + which) % 3],
        "lead_score": str(5 + number % 90),
    }
    by_type = {
        "phone": f"+447700900{number % 1000:03d}",
        "number": str(10 + number),
        "date": f"2026-01-{1 + number % 28:02d}",
        "datetime": f"2026-01-{1 + number % 28:02d}T09:00:00+00:00",
        "boolean": "false" if which == THERE else "true",
        "email": f"other{number}@two-way-test.example.com",
    }
    if field.options:
        return field.options[(who + which) % len(field.options)].value
    return by_name.get(field.name) or by_type.get(field.type) or f"{field.label} {who}{_ENDS[which]}"


def here(translator: Translator, who: int) -> Any:
    """The hub's own value of a field, in its terms; None where it can hold none."""
    value = translator.read_hub(text(translator.hub, who, HERE))
    return None if isinstance(value, Unread) else value


def there(translator: Translator, who: int, which: int) -> str:
    """A text that a MAP's field can hold and that differs from the hub's value; "" where there is none."""
    field = translator.map
    if field.read_only:
        return ""
    kept = here(translator, who)
    wanted = [text(translator.hub, who, which)] if not translator.hub.options else _options(translator, who, which)
    texts = [t for w in wanted if isinstance(t := translator.write(translator.read_hub(w)), str)]
    texts += [field.options[(who + which + n) % len(field.options)].value for n in range(len(field.options))]
    for found in texts:
        value = translator.read(found)
        if value not in (None, BLANK) and not isinstance(value, Unread) and value != kept:
            return found
    return ""


def _options(translator: Translator, who: int, which: int) -> list[str]:
    options = translator.hub.options
    return [options[(who + which + n) % len(options)].value for n in range(len(options))]
