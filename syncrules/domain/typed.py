"""Readers and writers of values by type: from a MAP's text to the hub's terms, and from those to a MAP's property."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from contacts.domain.changes import CustomType
from contacts.domain.identity import NotAnAddress, NotAPhone, company_domain, read_address, read_country, read_phone
from contacts.domain.names import fold
from contacts.domain.translate import LIMITS, READERS, Unreadable
from contacts.readers.moments import parse_moment
from syncrules.domain.cases import Unread
from syncrules.domain.worksheet import FieldType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST = 2_000_000_000  # what the column of the lead score holds
_MILLISECONDS = range(11, 15)  # how many digits a moment in milliseconds has
LONGEST_SHOWN = 120


def moment_text(moment: datetime) -> str:
    """A moment in the hub's terms, to the millisecond, which is what MAPs keep: 2026-11-02T09:30:00.000Z."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def reader_of(hub: FieldType, region: str) -> Callable[[str], Any]:
    """Reads a text as a value of this field; what it can't read it gives back as Unread."""
    if hub.type == "phone":
        return lambda text: _phone(text, region)
    special = SPECIAL.get(hub.name) or SPECIAL.get(hub.type)
    if special:
        return special
    if hub.type in ("choice", "stage"):
        return _choice_reader(hub)
    if hub.type not in READERS:
        return _text_reader(hub)
    kind, read = CustomType(hub.name, hub.label, hub.type), READERS[hub.type]

    def read_typed(text: str) -> Any:
        try:
            return read(_date_of_milliseconds(text) if hub.type == "date" else text, kind)
        except Unreadable as error:
            return Unread(short(text), str(error))

    return _text_reader(hub) if hub.type == "text" and hub.name in LIMITS else read_typed


def _text_reader(hub: FieldType) -> Callable[[str], Any]:
    most = LIMITS.get(hub.name, 1000)
    return lambda text: text if len(text) <= most else Unread(short(text), f"it is longer than {most} characters")


def _choice_reader(hub: FieldType) -> Callable[[str], Any]:
    by_name = {fold(name): o.value for o in reversed(hub.options) for name in (o.label, o.value)}
    word = "stage" if hub.type == "stage" else "choice"
    return lambda text: by_name.get(fold(text)) or Unread(short(text), f"{hub.label} has no such {word}")


def _email(text: str) -> Any:
    try:
        return read_address(text).shown
    except NotAnAddress as error:
        return Unread(short(text), f"it is not an address: {error}")


def _phone(text: str, region: str) -> Any:
    try:
        return read_phone(text, region)
    except NotAPhone as error:
        return Unread(short(text), str(error))


def _domain(text: str) -> Any:
    found = company_domain(text, "")
    return found.name if found else Unread(short(text), "it names no company's domain")


def _country(text: str) -> Any:
    country = read_country(text)
    if country:
        return country.name
    return text if len(text) <= LIMITS["country"] else Unread(short(text), "it is no country")


def _whole(text: str) -> Any:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if number.is_finite() and abs(number) <= _MOST and number == int(number):
        return int(number)
    return Unread(short(text), "it is no whole number")


def _moment(text: str) -> Any:
    moment = _of_milliseconds(text) or _of_iso(text) or parse_moment(text)
    return moment_text(moment) if moment else Unread(short(text), "it is no time")


def _of_milliseconds(text: str) -> datetime | None:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) in _MILLISECONDS):
        return None
    try:
        return _EPOCH + timedelta(milliseconds=int(text))
    except OverflowError:
        return None


def _of_iso(text: str) -> datetime | None:
    """As MAPs write moments, with a fraction of a second."""
    try:
        moment = datetime.fromisoformat(text) if text[10:11] == "T" else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and not moment.tzinfo else moment


def _date_of_milliseconds(text: str) -> str:
    moment = _of_milliseconds(text)
    return moment.date().isoformat() if moment else text


SPECIAL: Mapping[str, Callable[[str], Any]] = {
    "email": _email,
    "company_domain": _domain,
    "country": _country,
    "lead_score": _whole,
    "datetime": _moment,
}


def _write_number(value: Any, text: str) -> str:
    if isinstance(value, bool) or not Decimal(text).is_finite():
        raise ValueError(text)
    return text


def _write_boolean(value: Any, text: str) -> str:
    if not isinstance(value, bool):
        raise ValueError(text)
    return text


def _write_date(value: Any, text: str) -> str:
    return date.fromisoformat(text[:10]).isoformat()


def _write_datetime(value: Any, text: str) -> str:
    moment = datetime.fromisoformat(text)
    return moment_text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


WRITERS: Mapping[str, Callable[[Any, str], str]] = {
    "number": _write_number,
    "boolean": _write_boolean,
    "date": _write_date,
    "datetime": _write_datetime,
}
