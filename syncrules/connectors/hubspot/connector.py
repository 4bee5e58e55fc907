"""HubSpot as a ``Connector``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from syncrules.connectors.base import Allowance, Departures, Event, New, OptOut, Page, Record, Subscription, Written
from syncrules.connectors.hubspot import events, fields, signatures, writing
from syncrules.connectors.hubspot.backoff import Timing
from syncrules.connectors.hubspot.client import Client, Kind
from syncrules.connectors.hubspot.consent import Consent
from syncrules.connectors.hubspot.cursor import Cursor, milliseconds
from syncrules.connectors.hubspot.merging import Merger
from syncrules.connectors.hubspot.pace import Alone, Gate
from syncrules.connectors.hubspot.reading import Reader
from syncrules.connectors.hubspot.settings import Settings
from syncrules.connectors.hubspot.writing import Writer
from syncrules.connectors.trouble import Garbled
from syncrules.domain.worksheet import FieldType

#: Milliseconds by which our clock may be ahead of HubSpot's.
CLOCKS = 120_000


class HubSpot:
    """One HubSpot account. May be used by several threads."""

    batch = writing.BATCH

    def __init__(self, settings: Settings, timing: Timing | None = None, gate: Gate | None = None) -> None:
        self._settings = settings
        self._client = Client(settings, timing or Timing(), gate or Alone())
        self._reader = Reader(self._client, settings, self._names)
        self._writer = Writer(self._client, settings)
        self._merger = Merger(self._client, settings, self._reader, self._writer)
        self._consent = Consent(self._client, settings)
        self._known = settings.properties or None

    def _names(self) -> Sequence[str]:
        """The properties that records are read with."""
        if self._known is None:
            self._known = tuple(field.name for field in self.properties() if field.own)
        return self._known

    def properties(self) -> Sequence[FieldType]:
        """As the protocol says."""
        return fields.fields(self._client.call(Kind.READ, "GET", self._settings.definitions()).data)

    def changes(self, cursor: str, limit: int) -> Page:
        """As the protocol says; in the order of ids, and what changed lately may come again."""
        return self._reader.changes(cursor, limit)

    def since(self, moment: datetime) -> str:
        """As the protocol says; some time before, as clocks differ."""
        return str(Cursor(milliseconds(moment) - CLOCKS))

    def deletions(self, cursor: str, limit: int) -> Departures:
        """As the protocol says; HubSpot remembers for 90 days, and nothing of what was erased for good."""
        return self._reader.deletions(cursor, limit)

    def read(self, ids: Iterable[str]) -> Mapping[str, Record]:
        """As the protocol says."""
        return self._reader.read(ids)

    def find(self, emails: Iterable[str]) -> Mapping[str, Record]:
        """As the protocol says."""
        return self._reader.find(emails)

    def write(self, changes: Sequence[tuple[str, Mapping[str, str]]]) -> Sequence[Written]:
        """As the protocol says."""
        return self._writer.write(changes)

    def upsert(self, records: Sequence[New]) -> Sequence[Written]:
        """As the protocol says."""
        return self._writer.upsert(records)

    def merge(self, primary: str, other: str, values: Mapping[str, str]) -> Written:
        """As the protocol says."""
        return self._merger.merge(primary, other, values)

    def delete(self, ids: Sequence[str]) -> Sequence[Written]:
        """As the protocol says; into HubSpot's recycle bin."""
        path = f"{self._settings.objects()}/batch/archive"
        return writing.each(
            ids, lambda batch: self._client.call(Kind.WRITE, "POST", path, {"inputs": [{"id": i} for i in batch]})
        )

    def erase(self, ids: Sequence[str]) -> Sequence[Written]:
        """As the protocol says: HubSpot's GDPR delete, one record a call."""
        path = f"{self._settings.objects()}/gdpr-delete"
        return [
            result
            for ident in ids
            for result in writing.each(
                [ident], lambda one: self._client.call(Kind.WRITE, "POST", path, {"objectId": one[0]})
            )
        ]

    def subscriptions(self, addresses: Iterable[str]) -> Mapping[str, Subscription]:
        """As the protocol says."""
        return self._consent.read(addresses)

    def opt_out(self, changes: Sequence[OptOut]) -> Sequence[Written]:
        """As the protocol says."""
        return self._consent.write(changes)

    def verify_webhook(
        self, method: str, uri: str, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Sequence[Event]:
        """As the protocol says."""
        accepted = self._settings.signatures
        signatures.verify(self._settings.webhook_secret, accepted, method, uri, headers, body, now)
        if len(body) > self._settings.max_body:
            raise Garbled("The webhook is too long.")
        return events.parse(body)

    def allowance(self) -> Allowance:
        """As the protocol says."""
        return self._client.pace.allowance

    def close(self) -> None:
        """As the protocol says."""
        self._client.close()
