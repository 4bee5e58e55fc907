"""Every path of the HubSpot-compatible API, in one table.

HubSpot dates its API: ``/crm/objects/2026-09/contacts`` is ``/crm/v3/objects/contacts``. Both
spellings lead to the same handler; the version is the caller's setting.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import batches, consent, contacts, properties, search
from .clock import iso
from .errors import ApiError, not_found
from .storage import Store

DATED = r"(?:2026-03|2026-09)"
_SPELLINGS = (
    (re.compile(rf"/crm/objects/{DATED}/"), "/crm/v3/objects/"),
    (re.compile(rf"/crm/properties/{DATED}/"), "/crm/v3/properties/"),
    (re.compile(rf"/communication-preferences/{DATED}/"), "/communication-preferences/v4/"),
)
MAX_PAGE = 100


@dataclass(frozen=True)
class Call:
    """One request, as its handler sees it."""

    store: Store
    now: int
    parts: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    indexed: int | None = None  # up to when the search knows of changes

    def names(self) -> list[str] | None:
        """The ``properties`` asked for in the URL, separated by commas."""
        batches.refuse_unkept(self.query, "propertiesWithHistory")
        asked = self.query.get("properties")
        return asked.split(",") if asked else None

    def address(self) -> str:
        """The e-mail address in a subscription's path; the channel can only be e-mail."""
        if self.query.get("channel", "EMAIL") != "EMAIL":
            raise ApiError(400, "channel must be EMAIL")
        return _address(self.parts["address"])

    def addresses(self) -> list[str]:
        """The ``inputs`` of a batch about addresses."""
        if self.query.get("channel", "EMAIL") != "EMAIL":
            raise ApiError(400, "channel must be EMAIL")
        inputs = self.body.get("inputs")
        if not isinstance(inputs, list) or not 1 <= len(inputs) <= batches.LIMIT:
            raise ApiError(400, f"Invalid input: inputs must be a list of 1 to {batches.LIMIT} addresses")
        return [_address(item) for item in inputs]


def _address(text: Any) -> str:
    address = text.strip().lower() if isinstance(text, str) else ""
    if "@" not in address:
        raise ApiError(400, f"{text} is not an e-mail address")
    return address


Answer = tuple[int, Any]
Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Route:
    """A method and a path; ``writes`` is what the request log and some faults go by."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler
    writes: bool = False
    search: bool = False


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route of a (still encoded) path; ApiError 404 or 405 when there is none."""
    for spelling, plain in _SPELLINGS:
        path = spelling.sub(plain, path, count=1) if spelling.match(path) else path
    matches = [(route, found) for route in ROUTES if (found := route.pattern.fullmatch(path))]
    for route, found in matches:
        if route.method == method:
            return route, found.groupdict()
    if matches:
        raise ApiError(405, f"{method} is not allowed here", "METHOD_NOT_ALLOWED")
    raise not_found("Nothing here: the sandbox MAP serves contacts, properties and subscriptions.")


def _list(call: Call) -> Answer:
    limit = call.query.get("limit", "10")
    after = call.query.get("after", "0") or "0"
    if not (limit.isdecimal() and len(limit) <= 3 and 1 <= int(limit) <= MAX_PAGE):
        raise ApiError(400, f"limit must be between 1 and {MAX_PAGE}")
    if not (after.isdecimal() and len(after) <= 18):
        raise ApiError(400, "after must come from an earlier answer")
    state = "IS NOT NULL" if _archived(call) else "IS NULL"
    rows = call.store.select(f"archived_ms {state} AND id > ?", [int(after), int(limit) + 1], "ORDER BY id LIMIT ?")
    page = rows[: int(limit)]
    body: dict[str, Any] = {"results": [contacts.show(row, call.names()) for row in page]}
    if len(rows) > len(page):
        body["paging"] = {"next": {"after": str(page[-1].id)}}
    return 200, body


def _archived(call: Call) -> bool:
    return call.query.get("archived", "").lower() == "true"


def _read(call: Call) -> Answer:
    row = contacts.find(call.store, call.parts["ref"], call.query.get("idProperty"), archived=_archived(call))
    return 200, contacts.show(row, call.names())


def _create(call: Call) -> Answer:
    batches.refuse_unkept(call.body, "associations")
    return 201, contacts.show_written(contacts.create(call.store, call.body.get("properties"), call.now))


def _update(call: Call) -> Answer:
    row = contacts.find(call.store, call.parts["ref"], call.query.get("idProperty"))
    return 200, contacts.show_written(contacts.update(call.store, row, call.body.get("properties"), call.now))


def _archive(call: Call) -> Answer:
    try:
        contacts.archive(call.store, contacts.find(call.store, call.parts["ref"]), call.now)
    except ApiError as problem:
        if problem.category != "OBJECT_NOT_FOUND":
            raise
    return 204, None  # HubSpot's DELETE says the same when there is nothing (left) to delete


def _merge(call: Call) -> Answer:
    kept, lost = (call.body.get(key) for key in ("primaryObjectId", "objectIdToMerge"))
    if not isinstance(kept, (str, int)) or not isinstance(lost, (str, int)):
        raise ApiError(400, "primaryObjectId and objectIdToMerge are required")
    primary, other = contacts.find(call.store, kept), contacts.find(call.store, lost)
    return 200, contacts.show_written(contacts.merge(call.store, primary, other, call.now))


def _search(call: Call) -> Answer:
    return 200, search.search(call.store, call.body, call.indexed)


def _erase(call: Call) -> Answer:
    try:
        contacts.erase(
            call.store, contacts.find(call.store, call.body.get("objectId"), call.body.get("idProperty")), call.now
        )
    except ApiError as problem:
        if problem.category != "OBJECT_NOT_FOUND":
            raise
    return 204, None


def _batch(operate: Callable[[Store, dict[str, Any], int], tuple[int, Any]]) -> Handler:
    return lambda call: operate(call.store, call.body, call.now)


def _complete(call: Call, results: list[dict[str, Any]]) -> Answer:
    stamp = iso(call.now)
    return 200, {"status": "COMPLETE", "results": results, "startedAt": stamp, "completedAt": stamp}


def _definitions(call: Call) -> Answer:
    return _complete(call, consent.definitions())


def _status(call: Call) -> Answer:
    return _complete(call, consent.statuses(call.store, call.address()))


def _set_status(call: Call) -> Answer:
    results = consent.set_status(call.store, call.address(), call.body, call.now)
    contacts.refresh_consent(call.store, call.address(), call.now)
    return _complete(call, results)


def _all_status(call: Call) -> Answer:
    return _complete(call, consent.unsubscribed_all(call.store, call.address()))


def _unsubscribe_all(call: Call) -> Answer:
    results = consent.unsubscribe_all(call.store, call.address(), call.now)
    contacts.refresh_consent(call.store, call.address(), call.now)
    return _complete(call, results)


def _status_batch(call: Call) -> Answer:
    return _by_address(call, "statuses", lambda address: consent.statuses(call.store, address))


def _all_batch(call: Call) -> Answer:
    return _by_address(call, "wideStatuses", lambda address: consent.unsubscribed_all(call.store, address))


def _unsubscribe_batch(call: Call) -> Answer:
    for address in call.addresses():
        consent.unsubscribe_all(call.store, address, call.now)
        contacts.refresh_consent(call.store, address, call.now)
    return _status_batch(call)


def _by_address(call: Call, key: str, read: Callable[[str], list[dict[str, Any]]]) -> Answer:
    return _complete(call, [{"subscriberIdString": a, key: read(a)} for a in call.addresses()])


def _write_batch(call: Call) -> Answer:
    inputs = call.body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(i, dict) for i in inputs) or not 1 <= len(inputs) <= 100:
        raise ApiError(400, "Invalid input: inputs must be a list of 1 to 100 objects")
    results = []
    for item in inputs:
        address = _address(item.get("subscriberIdString"))
        results += consent.set_status(call.store, address, item, call.now)
        contacts.refresh_consent(call.store, address, call.now)
    return _complete(call, results)


def _route(method: str, path: str, handler: Handler, **marks: bool) -> Route:
    pattern = re.compile(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", path))
    return Route(method, pattern, handler, **marks)


_CONTACTS = "/crm/v3/objects/(?:contacts|0-1)"
_PROPERTIES = "/crm/v3/properties/(?:contacts|0-1)"
_STATUSES = "/communication-preferences/v4/statuses/<address>"
_BATCH = "/communication-preferences/v4/statuses/batch"
#: First match wins: fixed words before ``<ref>``.
ROUTES: tuple[Route, ...] = (
    _route("GET", _PROPERTIES, lambda _: (200, properties.definitions())),
    _route("GET", f"{_PROPERTIES}/<name>", lambda call: (200, properties.definition(call.parts["name"]))),
    _route("GET", _CONTACTS, _list),
    _route("POST", _CONTACTS, _create, writes=True),
    _route("POST", f"{_CONTACTS}/search", _search, search=True),
    _route("POST", f"{_CONTACTS}/merge", _merge, writes=True),
    _route("POST", f"{_CONTACTS}/batch/read", _batch(batches.read)),
    _route("POST", f"{_CONTACTS}/batch/create", _batch(batches.create), writes=True),
    _route("POST", f"{_CONTACTS}/batch/update", _batch(batches.update), writes=True),
    _route("POST", f"{_CONTACTS}/batch/upsert", _batch(batches.upsert), writes=True),
    _route("POST", f"{_CONTACTS}/batch/archive", _batch(batches.archive), writes=True),
    _route("POST", f"{_CONTACTS}/gdpr-delete", _erase, writes=True),
    _route("GET", f"{_CONTACTS}/<ref>", _read),
    _route("PATCH", f"{_CONTACTS}/<ref>", _update, writes=True),
    _route("DELETE", f"{_CONTACTS}/<ref>", _archive, writes=True),
    _route("GET", "/communication-preferences/v4/definitions", _definitions),
    _route("POST", f"{_BATCH}/read", _status_batch),
    _route("POST", f"{_BATCH}/write", _write_batch, writes=True),
    _route("POST", f"{_BATCH}/unsubscribe-all", _unsubscribe_batch, writes=True),
    _route("POST", f"{_BATCH}/unsubscribe-all/read", _all_batch),
    _route("GET", f"{_STATUSES}/unsubscribe-all", _all_status),
    _route("POST", f"{_STATUSES}/unsubscribe-all", _unsubscribe_all, writes=True),
    _route("GET", _STATUSES, _status),
    _route("POST", _STATUSES, _set_status, writes=True),
)
