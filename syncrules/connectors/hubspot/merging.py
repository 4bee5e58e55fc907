"""Merges. HubSpot can't take one back, and which values survive has changed over the years: they are written after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from syncrules.connectors.base import Why, Written
from syncrules.connectors.hubspot import answers
from syncrules.connectors.hubspot.client import Client, Kind
from syncrules.connectors.hubspot.reading import Reader
from syncrules.connectors.hubspot.settings import Settings
from syncrules.connectors.hubspot.writing import Writer, failed
from syncrules.connectors.trouble import Refused, Trouble


class Merger:
    """Merges contacts."""

    def __init__(self, client: Client, settings: Settings, reader: Reader, writer: Writer) -> None:
        self._client, self._settings, self._reader, self._writer = client, settings, reader, writer

    def merge(self, primary: str, other: str, values: Mapping[str, str]) -> Written:
        """Look, merge unless it is done already, and store ``values`` in the record that is left."""
        try:
            left = self._done(primary, other) or self._merge(primary, other)
        except Refused as refused:
            missing = refused.status == 404 or refused.category == "OBJECT_NOT_FOUND"
            return replace(failed(primary, refused), why=Why.MISSING if missing else Why.REFUSED)
        except Trouble as trouble:
            return failed(primary, trouble)
        return self._writer.write([(left, values)])[0] if values else Written(left)

    def _done(self, primary: str, other: str) -> str:
        """The record that both ids lead to; "" when they are two, or one of them is not there."""
        found = self._reader.read([primary, other])
        same = len(found) == 2 and found[primary].id == found[other].id and primary != other
        return found[primary].id if same else ""

    def _merge(self, primary: str, other: str) -> str:
        """The id of the record that is left: HubSpot may give it a new one."""
        body = {"primaryObjectId": primary, "objectIdToMerge": other}
        answer = self._client.call(Kind.WRITE, "POST", f"{self._settings.objects()}/merge", body)
        return answers.an_id(answer.data)
