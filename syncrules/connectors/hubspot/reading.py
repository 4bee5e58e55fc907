"""Records: pages of changes, deletions, and reading by id or address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from syncrules.connectors.base import Departures, Gone, Page, Record
from syncrules.connectors.hubspot import answers, cursor
from syncrules.connectors.hubspot.backoff import moment
from syncrules.connectors.hubspot.client import Answer, Client, Kind
from syncrules.connectors.hubspot.cursor import Cursor
from syncrules.connectors.hubspot.settings import Settings
from syncrules.connectors.trouble import BadCursor, Garbled, Refused

BATCH = 100
LIST_PAGE, SEARCH_PAGE = 100, 200
#: Servers between us and HubSpot may refuse longer addresses; with so many properties, everything is searched.
LONGEST_QUERY = 6000
#: Read whatever else is asked for: an opt-out or a merge must not go unseen because nobody thought of its property.
ALWAYS = ("email", "hs_additional_emails", "hs_email_optout", answers.MERGED, "lastmodifieddate")


class Reader:
    """Reads contacts. ``names`` says with which properties."""

    def __init__(self, client: Client, settings: Settings, names: Callable[[], Sequence[str]]) -> None:
        self._client, self._settings, self._names = client, settings, names
        self._sorts_by_object = False

    def changes(self, text: str, limit: int) -> Page:
        """The next page of a round (see ``cursor``)."""
        place = cursor.parse(text)
        names = self._asked()
        listed = place.since is None and len(",".join(names)) <= LONGEST_QUERY
        answer = self._list(place, limit, names) if listed else self._search(place, limit, names)
        began = self._began(place, answer)
        found = [answers.record(item) for item in answers.rows(answer.data)]
        after = answers.next_page(answer.data)
        if after and found:
            after = _onward(place.after, after if listed else _last(found))
            return Page(found, str(Cursor(place.since, began, after)), more=True)
        since = began - int(self._settings.overlap * 1000)
        return Page(found, str(Cursor(max(since, cursor.OLDEST))), more=False)

    def _began(self, place: Cursor, answer: Answer) -> int:
        """HubSpot's time when the round began; a cursor that is ahead of HubSpot's time is refused.

        Without a date in the answer the newest stamp there is does: later changes have later ones.
        """
        told = moment(answer.headers.get("date", ""))
        if told is not None:
            place.check(cursor.milliseconds(told))
        if place.began is not None:
            return place.began
        return self._newest() if told is None else cursor.milliseconds(told)

    def _asked(self) -> list[str]:
        return list(dict.fromkeys([*self._names(), *ALWAYS]))

    def _list(self, place: Cursor, limit: int, names: Sequence[str]) -> Answer:
        query = {"limit": str(min(max(limit, 1), LIST_PAGE)), "properties": ",".join(names)}
        query |= {"after": place.after} if place.after else {}
        return self._client.call(Kind.READ, "GET", self._settings.objects(), query=query)

    def _search(self, place: Cursor, limit: int, names: Sequence[str]) -> Answer:
        rules = [] if place.since is None else [_rule("lastmodifieddate", "GTE", str(place.since))]
        rules += [_rule("hs_object_id", "GT", place.after)] if place.after else []
        body = {
            "filterGroups": [{"filters": rules}] if rules else [],
            "properties": names,
            "limit": min(max(limit, 1), SEARCH_PAGE),
            "after": "0",
        }
        return self._by_id(body)

    def _by_id(self, body: Mapping[str, Any]) -> Answer:
        """A search in the order of ids.

        HubSpot's description of its API has a sort as a name, its guide as an object: where a name is refused or left
        unheeded, the object is sent from then on.
        """
        if not self._sorts_by_object:
            try:
                answer = self._find(body, "hs_object_id")
                if _ascending([answers.an_id(item) for item in answers.rows(answer.data)]):
                    return answer
            except Refused as refused:
                if refused.status != 400:
                    raise
            self._sorts_by_object = True
        return self._find(body, {"propertyName": "hs_object_id", "direction": "ASCENDING"})

    def _find(self, body: Mapping[str, Any], sort: object) -> Answer:
        path = f"{self._settings.objects()}/search"
        return self._client.call(Kind.SEARCH, "POST", path, {**body, "sorts": [sort]})

    def _newest(self) -> int:
        """The newest stamp that the search knows of."""
        body = {
            "filterGroups": [],
            "properties": ["lastmodifieddate"],
            "limit": 1,
            "after": "0",
        }
        newest = self._find(body, "-lastmodifieddate")
        stamps = [answers.record(item).changed_at for item in answers.rows(newest.data)]
        return max((cursor.stamp(s) for s in stamps if s), default=cursor.OLDEST)

    def deletions(self, text: str, limit: int) -> Departures:
        """HubSpot's recycle bin, from beginning to end; it has no order of time, so each run reads all of it."""
        if text and not text.isdecimal():
            raise BadCursor(f'"{text[:60]}" is no cursor of HubSpot\'s deleted records.')
        query = {"limit": str(min(max(limit, 1), LIST_PAGE)), "archived": "true"} | ({"after": text} if text else {})
        answer = self._client.call(Kind.READ, "GET", self._settings.objects(), query=query)
        gone = [
            Gone(answers.an_id(item), answers.text(item.get("archivedAt"), "archivedAt"))
            for item in answers.rows(answer.data)
        ]
        after = answers.next_page(answer.data)
        return Departures(gone, _onward(text, after) if after else "", more=bool(after))

    def read(self, ids: Iterable[str]) -> dict[str, Record]:
        """Records by id; an id that was merged away leads to what is left."""
        found: dict[str, Record] = {}
        asked = list(dict.fromkeys(ids))
        for record in self._batches([i for i in asked if i.isdecimal()], None):
            for own in (record.id, *record.merged):
                found.setdefault(own, record)
            found[record.id] = record
        return {i: found[i] for i in asked if i in found}

    def find(self, emails: Iterable[str]) -> dict[str, Record]:
        """Records by address; HubSpot also finds a contact by its further addresses."""
        asked = list(dict.fromkeys(emails))
        found: dict[str, Record] = {}
        for record in self._batches([e for e in asked if "@" in e], "email"):
            more = record.values.get("hs_additional_emails", "").split(";")
            for address in (record.values.get("email", ""), *more):
                found.setdefault(address.strip().lower(), record)
        return {e: found[e.strip().lower()] for e in asked if e.strip().lower() in found and e.strip()}

    def _batches(self, keys: Sequence[str], id_property: str | None) -> Iterable[Record]:
        names = self._asked()
        for start in range(0, len(keys), BATCH):
            inputs = [{"id": key} for key in keys[start : start + BATCH]]
            body: dict[str, Any] = {"inputs": inputs, "properties": names, "propertiesWithHistory": []}
            body |= {"idProperty": id_property} if id_property else {}
            answer = self._client.call(Kind.READ, "POST", f"{self._settings.objects()}/batch/read", body)
            yield from (answers.record(item) for item in answers.rows(answer.data))


def _rule(name: str, operator: str, value: str) -> Mapping[str, str]:
    return {"propertyName": name, "operator": operator, "value": value}


def _last(found: Sequence[Record]) -> str:
    """The id that a page of a search ends with, which must be its highest: the next page leaves out what is below."""
    if not _ascending([record.id for record in found]):
        raise Garbled("HubSpot's search did not sort by id, so records could be left out.")
    return found[-1].id


def _ascending(ids: Sequence[str]) -> bool:
    numbers = [_number(ident) for ident in ids]
    return numbers == sorted(numbers)


def _onward(before: str, after: str) -> str:
    """The mark of the next page, when it does lead on."""
    if _number(after) <= _number(before or "0"):
        raise Garbled("HubSpot's page does not lead on: the next one would be the same.")
    return after


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 20 else -1
