"""The events of a webhook's body. They come in any order and more than once; each says where to look, no more."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from syncrules.connectors.base import Event, Happening
from syncrules.connectors.hubspot import answers
from syncrules.connectors.trouble import Garbled

CONTACT = "0-1"
_HAPPENINGS = {
    "creation": Happening.CREATED,
    "propertychange": Happening.CHANGED,
    "deletion": Happening.DELETED,
    "privacydeletion": Happening.DELETED,
    "restore": Happening.RESTORED,
    "merge": Happening.MERGED,
}
#: HubSpot sends up to 100 at once.
MOST = 1000


def parse(body: bytes) -> list[Event]:
    """The events of a body, good and bad (``Garbled`` when it is no list of objects)."""
    found = answers.load(body)
    if not isinstance(found, list) or len(found) > MOST or not all(isinstance(item, dict) for item in found):
        raise Garbled(f"A webhook holds a list of at most {MOST} events.")
    return [_event(data) for data in found]


def _event(data: Mapping[str, Any]) -> Event:
    body = {name: value for name, value in data.items() if name != "attemptNumber"}
    try:
        return _good(data, body)
    except (Garbled, ValueError, OverflowError) as problem:
        mark = hashlib.sha256(json.dumps(body, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return Event(f"bad:{mark}", Happening.OTHER, "", datetime.fromtimestamp(0, UTC), body=body, error=str(problem))


def _good(data: Mapping[str, Any], body: Mapping[str, Any]) -> Event:
    kind, _, what = answers.text(data.get("subscriptionType"), "subscriptionType").partition(".")
    contact = kind == "contact" or (kind == "object" and str(data.get("objectTypeId")) == CONTACT)
    happening = _HAPPENINGS.get(what.lower(), Happening.OTHER) if contact else Happening.OTHER
    name = answers.text(data.get("propertyName"), "propertyName")
    at, own = _moment(data.get("occurredAt")), _id(data.get("objectId"))
    record, merged = _merge(data, own) if happening is Happening.MERGED else (own, ())
    return Event(
        key=f"{answers.text(data.get('subscriptionId'), 'subscriptionId')}:{own}:{name}:{data['occurredAt']}",
        happening=happening,
        record=record,
        at=at,
        property=name,
        value=answers.text(data.get("propertyValue"), "propertyValue"),
        source=answers.text(data.get("changeSource"), "changeSource"),
        merged=merged,
        body=body,
    )


def _merge(data: Mapping[str, Any], own: str) -> tuple[str, tuple[str, ...]]:
    """The record that is left, which may be a new one, and those that it was made of."""
    primary = _id(data["primaryObjectId"]) if data.get("primaryObjectId") is not None else own
    left = _id(data["newObjectId"]) if data.get("newObjectId") is not None else primary
    others = data.get("mergedObjectIds")
    if not isinstance(others, list):
        raise Garbled("A merge without mergedObjectIds.")
    ids = dict.fromkeys([primary, *(_id(other) for other in others)])
    return left, tuple(i for i in ids if i != left)


def _id(value: object) -> str:
    if (
        not isinstance(value, (int, str))
        or isinstance(value, bool)
        or not str(value).isdecimal()
        or len(str(value)) > 20
    ):
        raise Garbled("An event without the id of a record.")
    return str(value)


def _moment(value: object) -> datetime:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 253_402_300_800_000:
        raise Garbled("An event without the moment when it occurred.")
    return datetime.fromtimestamp(value / 1000, UTC)
