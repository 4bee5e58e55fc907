"""Writing in batches: what is put together, and whose result is whose.

One call holds a record at most once, so that what is written to one record stays in order. HubSpot answers item by
item (207, by ``objectWriteTraceId``); when it refuses a whole call because of one item, nothing was written and the
halves are sent, until the bad one is alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from syncrules.connectors.base import New, Record, Why, Written
from syncrules.connectors.hubspot import answers
from syncrules.connectors.hubspot.client import Client, Kind
from syncrules.connectors.hubspot.settings import Settings
from syncrules.connectors.trouble import Denied, Refused, Trouble, Unavailable, Unclear

BATCH = 100
STAGE = "lifecyclestage"
#: After these the next call would fare no better.
STOPPERS = (Unavailable, Denied, Unclear)
_WHY = {"OBJECT_NOT_FOUND": Why.MISSING, "CONFLICT": Why.TAKEN, "VALIDATION_ERROR": Why.INVALID}


@dataclass(frozen=True)
class Item:
    """One input of a batch: the key that names the record and the values to store."""

    key: str
    values: Mapping[str, str]
    id_property: str = ""

    @property
    def mark(self) -> tuple[str, str]:
        """Equal for two inputs that HubSpot takes for one record."""
        return self.id_property, self.key.strip().lower()

    def body(self, place: int) -> dict[str, Any]:
        """As the batch calls take it; the place in the batch comes back with its result."""
        named = {"idProperty": self.id_property} if self.id_property else {}
        return {"id": self.key, **named, "properties": dict(self.values), "objectWriteTraceId": str(place)}


class Writer:
    """Writes contacts."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client, self._settings = client, settings

    def write(self, changes: Sequence[tuple[str, Mapping[str, str]]]) -> list[Written]:
        """Change records by id. A stage that HubSpot left where it was, because it is behind, is cleared and set."""
        items = [Item(key, values) for key, values in changes]
        return self._with_stages(items, self._send("update", items))

    def upsert(self, records: Sequence[New]) -> list[Written]:
        """Make or change records by address, or by the hub's id where there is no address."""
        items = [self._item(record) for record in records]
        written = iter(self._send("upsert", [item for item in items if item is not None]))
        nameless = Written("", "HubSpot finds records by their address, and this one has none.", Why.INVALID)
        results = [next(written) if item is not None else nameless for item in items]
        return self._with_stages([Item(r.id, n.values) for r, n in zip(results, records, strict=True)], results)

    def _item(self, new: New) -> Item | None:
        key_property = self._settings.key_property
        own = {key_property: new.key} if key_property and new.key else {}
        if new.email.strip():
            return Item(new.email.strip(), {**new.values, **own}, "email")
        return Item(new.key, dict(new.values), key_property) if own else None

    def _with_stages(self, items: Sequence[Item], written: list[Written]) -> list[Written]:
        """HubSpot moves a stage forwards only, and says nothing when it did not: clear it, then set it."""
        back = [
            place
            for place, (item, result) in enumerate(zip(items, written, strict=True))
            if result.done
            and item.values.get(STAGE)
            and result.values.get(STAGE, item.values[STAGE]) != item.values[STAGE]
        ]
        if not back:
            return written
        cleared = self._send("update", [Item(written[p].id, {STAGE: ""}) for p in back])
        again = [(p, result) for p, result in zip(back, cleared, strict=True)]
        todo = [Item(result.id, {STAGE: items[p].values[STAGE]}) for p, result in again if result.done]
        set_again = iter(self._send("update", todo))
        for place, result in again:
            final = next(set_again) if result.done else result
            written[place] = replace(final, new=written[place].new)
        return written

    def _send(self, call: str, items: Sequence[Item]) -> list[Written]:
        """All items, call by call; after a call that could not be made, the rest is not tried."""
        written: list[Written] = []
        trouble: Trouble | None = None
        for batch in _batches(items):
            if trouble is None:
                done = self._attempt(call, batch)
                trouble = next((w.trouble for w in done if isinstance(w.trouble, STOPPERS)), None)
                written += done
            else:
                written += [failed(item.key, trouble, sent=False) for item in batch]
        return written

    def _attempt(self, call: str, batch: Sequence[Item]) -> list[Written]:
        """One batch, or its halves when HubSpot refuses the whole."""
        body = {"inputs": [item.body(place) for place, item in enumerate(batch)]}
        try:
            answer = self._client.call(Kind.WRITE, "POST", f"{self._settings.objects()}/batch/{call}", body)
            return _results(answer.data, batch)
        except Refused as refused:
            if len(batch) == 1:
                return [failed(batch[0].key, refused)]
            middle = len(batch) // 2
            return self._attempt(call, batch[:middle]) + self._attempt(call, batch[middle:])
        except Trouble as trouble:
            return [failed(item.key, trouble) for item in batch]


def each(keys: Sequence[str], send: Callable[[Sequence[str]], object]) -> list[Written]:
    """Batches that HubSpot takes or refuses as a whole, without results of single items."""
    written: list[Written] = []
    for start in range(0, len(keys), BATCH):
        batch = keys[start : start + BATCH]
        try:
            send(batch)
            written += [Written(key) for key in batch]
        except Trouble as trouble:
            written += [failed(key, trouble) for key in batch]
    return written


def failed(key: str, trouble: Trouble, *, sent: bool = True) -> Written:
    """The result of an item whose whole call did not work."""
    if isinstance(trouble, (Unavailable, Denied)) or not sent:
        why = Why.LATER
    elif isinstance(trouble, Refused):
        why = _WHY.get(trouble.category, Why.MISSING if trouble.status == 404 else Why.REFUSED)
    else:
        why = Why.UNKNOWN
    return Written(key, str(trouble), why, trouble=trouble)


def _batches(items: Sequence[Item]) -> Iterator[list[Item]]:
    """At most a hundred, and no record twice in one."""
    batch: list[Item] = []
    seen: set[tuple[str, str]] = set()
    for item in items:
        if len(batch) == BATCH or item.mark in seen:
            yield batch
            batch, seen = [], set()
        batch.append(item)
        seen.add(item.mark)
    if batch:
        yield batch


def _results(data: Mapping[str, Any], batch: Sequence[Item]) -> list[Written]:
    """The result of each input: by its place; else by the record's own id or address."""
    places = {str(place): place for place in range(len(batch))}
    by_name = {item.mark: place for place, item in enumerate(batch)}
    found: dict[int, Written] = {}
    for error in answers.rows(data, "errors") if data.get("errors") else []:
        why = _WHY.get(str(error.get("category")), Why.REFUSED)
        for place in _meant(error, places, by_name):
            found[place] = Written(batch[place].key, answers.complaint(error) or "HubSpot refused it.", why)
    for result in answers.rows(data):
        record = answers.record(result)
        trace = result.get("objectWriteTraceId")
        whose = places.get(str(trace)) if trace is not None else _by_name(record, batch, by_name)
        if whose is not None:
            new = result.get("new") is True
            found[whose] = Written(record.id, new=new, values=record.values, changed_at=record.changed_at)
    silent = "HubSpot's answer says nothing of this record."
    return [found.get(place, Written(item.key, silent, Why.UNKNOWN)) for place, item in enumerate(batch)]


def _by_name(record: Record, batch: Sequence[Item], by_name: Mapping[tuple[str, str], int]) -> int | None:
    """The input that named a record by its id, or by a unique property."""
    marks = [("", record.id), *((item.id_property, record.values.get(item.id_property, "").lower()) for item in batch)]
    return next((by_name[mark] for mark in marks if mark in by_name), None)


def _meant(error: Mapping[str, Any], places: Mapping[str, int], by_name: Mapping[tuple[str, str], int]) -> list[int]:
    """Which inputs an error is about."""
    context = answers.an_object(error, "context")
    traces, ids = context.get("objectWriteTraceId"), context.get("ids")
    if isinstance(traces, list) and traces:
        return [places[str(t)] for t in traces if str(t) in places]
    named = {str(i).strip().lower() for i in ids} if isinstance(ids, list) else set()
    return [place for (_, name), place in by_name.items() if name in named]
