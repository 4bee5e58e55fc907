"""Subscriptions, by address: HubSpot's communication preferences. The batch forms keep addresses out of URLs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, TypeVar

from syncrules.connectors.base import OptOut, Subscription, Why, Written
from syncrules.connectors.hubspot import answers
from syncrules.connectors.hubspot.client import Client, Kind
from syncrules.connectors.hubspot.settings import Settings
from syncrules.connectors.hubspot.writing import BATCH, failed
from syncrules.connectors.trouble import Trouble

T = TypeVar("T")
EMAIL = {"channel": "EMAIL"}
_STATES: dict[object, bool | None] = {"SUBSCRIBED": True, "UNSUBSCRIBED": False, "NOT_SPECIFIED": None}


class Consent:
    """Reads and writes subscription states."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._statuses = f"{settings.preferences()}/statuses/batch"
        self._definitions = f"{settings.preferences()}/definitions"

    def read(self, addresses: Iterable[str]) -> dict[str, Subscription]:
        """The states of addresses; HubSpot knows an answer for each, also for one it never saw."""
        asked = list(dict.fromkeys(addresses))
        found: dict[str, Subscription] = {}
        for batch in _hundreds(asked):
            wide = self._rows("unsubscribe-all/read", batch, "wideStatuses")
            single = self._rows("read", batch, "statuses")
            for address in batch:
                name = address.strip().lower()
                found[address] = _subscription(address, wide.get(name, []), single.get(name, []))
        return found

    def _rows(self, call: str, batch: Sequence[str], key: str) -> dict[str, list[dict[str, Any]]]:
        answer = self._client.call(Kind.READ, "POST", f"{self._statuses}/{call}", {"inputs": list(batch)}, EMAIL)
        return {
            answers.text(row.get("subscriberIdString"), "an address").strip().lower(): answers.rows(row, key)
            for row in answers.rows(answer.data)
        }

    def write(self, changes: Sequence[OptOut]) -> list[Written]:
        """Opt out of everything, or back into each type."""
        written: list[Written] = []
        for out, group in groupby(changes, key=lambda change: change.out):
            for batch in _hundreds(list(group)):
                written += self._out(batch) if out else self._back(batch)
        return written

    def _out(self, batch: Sequence[OptOut]) -> list[Written]:
        body = {"inputs": [change.address for change in batch]}
        return self._send("unsubscribe-all", batch, body, EMAIL)

    def _back(self, batch: Sequence[OptOut]) -> list[Written]:
        """Address by address: HubSpot's answer does not say which input an error is about."""
        try:
            types = [row["id"] for row in self._types()]
        except Trouble as trouble:
            return [failed(change.address, trouble, sent=False) for change in batch]
        return [w for change in batch for w in self._send("write", [change], {"inputs": _inputs(change, types)}, None)]

    def _types(self) -> list[dict[str, Any]]:
        """The subscription types of the account that are in use."""
        found = answers.rows(self._client.call(Kind.READ, "GET", self._definitions).data)
        return [{"id": answers.an_id(row)} for row in found if row.get("isActive") is not False]

    def _send(self, call: str, batch: Sequence[OptOut], body: Any, query: Any) -> list[Written]:
        try:
            data = self._client.call(Kind.WRITE, "POST", f"{self._statuses}/{call}", body, query).data
            errors = answers.rows(data, "errors") if data.get("errors") else []
        except Trouble as trouble:
            return [failed(change.address, trouble) for change in batch]
        return [_result(change.address, errors, alone=len(batch) == 1) for change in batch]


def _result(address: str, errors: Sequence[Mapping[str, Any]], *, alone: bool) -> Written:
    """Errors name the address in their context or message; one that names nobody makes all of them unclear."""
    if not errors:
        return Written(address)
    said = [(answers.complaint(error), str(error.get("context")).lower()) for error in errors]
    mine = [text for text, context in said if alone or address.lower() in text.lower() or address.lower() in context]
    if mine:
        return Written(address, mine[0] or "HubSpot refused it.", Why.REFUSED)
    return Written(address, "HubSpot refused some of these addresses and did not say which.", Why.UNKNOWN)


def _inputs(change: OptOut, types: Sequence[str]) -> list[dict[str, Any]]:
    why = {"legalBasis": change.basis, "legalBasisExplanation": change.explanation}
    return [
        {
            "channel": "EMAIL",
            "statusState": "SUBSCRIBED",
            "subscriberIdString": change.address,
            "subscriptionId": int(number) if number.isdecimal() else number,
            **{name: value for name, value in why.items() if value},
        }
        for number in types
    ]


def _subscription(address: str, wide: Sequence[Mapping[str, Any]], single: Sequence[Mapping[str, Any]]) -> Subscription:
    out = [row for row in wide if row.get("status") == "UNSUBSCRIBED"]
    types = {
        answers.text(row.get("subscriptionId"), "a subscription"): _STATES.get(row.get("status")) for row in single
    }
    at = max((answers.text(row.get("timestamp"), "timestamp") for row in [*out, *single]), default="")
    return Subscription(address, bool(out), types, at)


def _hundreds(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
