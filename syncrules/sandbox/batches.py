"""The batch calls: up to 100 inputs, and half a batch may fail.

HubSpot tells one bad input from the rest only when the inputs carry an ``objectWriteTraceId``
(HubSpot's page on multi-status errors); without it one bad input refuses the whole batch and
nothing is written. Records that are not there are reported one by one in either case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import contacts
from .clock import iso
from .errors import ApiError
from .properties import UNIQUE
from .storage import Row, Store

LIMIT = 100
Answer = tuple[int, dict[str, Any]]
Shown = dict[str, Any]


def read(store: Store, body: dict[str, Any], now: int) -> Answer:
    """``batch/read``: by id, or by the body's ``idProperty``."""
    refuse_unkept(body, "propertiesWithHistory")
    id_property, names = body.get("idProperty"), name_list(body, "properties")

    def one(item: dict[str, Any]) -> Shown:
        return contacts.show(contacts.find(store, _id(item), id_property), names)

    return _run(_inputs(body), one, now, 200)


def create(store: Store, body: dict[str, Any], now: int) -> Answer:
    """``batch/create``."""

    def one(item: dict[str, Any]) -> Shown:
        refuse_unkept(item, "associations")
        return contacts.show_written(contacts.create(store, item.get("properties"), now))

    return _run(_inputs(body), one, now, 201)


def update(store: Store, body: dict[str, Any], now: int) -> Answer:
    """``batch/update``: only what exists."""
    inputs = _inputs(body)
    _refuse_twins(store, inputs)

    def one(item: dict[str, Any]) -> Shown:
        row = _named(store, item)
        return contacts.show_written(contacts.update(store, row, item.get("properties"), now))

    return _run(inputs, one, now, 200)


def archive(store: Store, body: dict[str, Any], now: int) -> tuple[int, None]:
    """``batch/archive``: what is not there (any more) is no fault."""
    for item in _inputs(body):
        try:
            contacts.archive(store, contacts.find(store, _id(item)), now)
        except ApiError as problem:
            if problem.category != "OBJECT_NOT_FOUND":
                raise
    return 204, None


def upsert(store: Store, body: dict[str, Any], now: int) -> Answer:
    """``batch/upsert``: changed where it exists, created where it does not; ``new`` says which.

    Keyed by a unique property, or by record id without ``idProperty``; an id is never created.
    """
    inputs = _inputs(body)
    _refuse_twins(store, inputs)
    return _run(inputs, lambda item: _upsert_one(store, item, now), now, 200)


def _upsert_one(store: Store, item: dict[str, Any], now: int) -> Shown:
    key, values = item.get("idProperty"), item.get("properties")
    try:
        row = _named(store, item)
    except ApiError as problem:
        if problem.category != "OBJECT_NOT_FOUND" or key not in UNIQUE:
            raise
        named = {key: _id(item)} | (values if isinstance(values, dict) else {})
        return contacts.show_written(contacts.create(store, named, now)) | {"new": True}
    return contacts.show_written(contacts.update(store, row, values, now)) | {"new": False}


def _named(store: Store, item: dict[str, Any]) -> Row:
    key = item.get("idProperty")
    if key is not None and key not in UNIQUE:
        # hs_object_id included: action-destinations #3957 quotes HubSpot's refusal.
        raise ApiError(400, f"Unable to perform update/upsert by non-unique 0-1 property {key}")
    return contacts.find(store, _id(item), key)


def _refuse_twins(store: Store, inputs: list[dict[str, Any]]) -> None:
    """HubSpot refuses a batch in which two inputs mean the same record (action-destinations #3969)."""
    seen: set[tuple[str, str]] = set()
    twins: list[str] = []
    for item in inputs:
        key = item.get("idProperty") or "hs_object_id"
        name = _id(item).strip().lower() if key == "email" else _id(item)
        owner = store.owner(key, name) if key in UNIQUE else None
        mark = ("hs_object_id", str(owner)) if owner is not None else (str(key), name)
        if mark in seen:
            twins.append(name)
        seen.add(mark)
    if twins:
        raise ApiError(400, f"Duplicate IDs found in batch input: [{', '.join(twins)}]. IDs must be unique")


def _inputs(body: dict[str, Any]) -> list[dict[str, Any]]:
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not inputs or not all(isinstance(item, dict) for item in inputs):
        raise ApiError(400, "Invalid input: inputs must be a list of at least one object")
    if len(inputs) > LIMIT:
        raise ApiError(400, f"The maximum number of inputs supported in a batch request is {LIMIT}.")
    return inputs


def _id(item: dict[str, Any]) -> str:
    if not isinstance(item.get("id"), (str, int)):
        raise ApiError(400, "Invalid input: every input needs an id")
    return str(item["id"])


def name_list(body: dict[str, Any], key: str) -> list[str] | None:
    """A list of property names in a body, or None for HubSpot's own choice."""
    names = body.get(key)
    if names is not None and not (isinstance(names, list) and all(isinstance(n, str) for n in names)):
        raise ApiError(400, f"Invalid input: {key} must be a list of names")
    return names


def refuse_unkept(body: Mapping[str, Any], key: str) -> None:
    """What HubSpot keeps and the sandbox does not is refused, rather than dropped in silence."""
    if body.get(key):
        raise ApiError(400, f"The sandbox MAP keeps no {key}.")


def _run(inputs: list[dict[str, Any]], one: Callable[[dict[str, Any]], Shown], now: int, fine: int) -> Answer:
    results: list[Shown] = []
    errors: list[dict[str, Any]] = []
    for item in inputs:
        trace = item.get("objectWriteTraceId")
        try:
            results.append(one(item) | ({"objectWriteTraceId": str(trace)} if trace is not None else {}))
        except ApiError as problem:
            if trace is None and problem.category != "OBJECT_NOT_FOUND":
                raise
            errors.append(problem.item(None if trace is None else str(trace)))
    body: dict[str, Any] = {"status": "COMPLETE", "results": results}
    body |= {stamp: iso(now) for stamp in ("requestedAt", "startedAt", "completedAt")}
    return (207, body | {"numErrors": len(errors), "errors": errors}) if errors else (fine, body)
