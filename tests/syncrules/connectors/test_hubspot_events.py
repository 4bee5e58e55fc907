"""What a webhook's body says."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from syncrules.connectors.base import Happening
from syncrules.connectors.hubspot import events
from syncrules.connectors.trouble import Garbled

AT = 1_767_000_000_123
EVENT = {
    "eventId": 1, "subscriptionId": 9101, "portalId": 5001, "appId": 7001, "occurredAt": AT, "attemptNumber": 0,
    "subscriptionType": "contact.propertyChange", "objectId": 1001, "propertyName": "firstname",
    "propertyValue": "Ann", "changeSource": "CRM_UI",
}  # fmt: skip


def _one(**changes: object) -> events.Event:
    data = {name: value for name, value in (EVENT | changes).items() if value is not ...}
    return events.parse(json.dumps([data]).encode())[0]


def test_a_change_says_what_where_and_when() -> None:
    event = _one()
    assert (event.happening, event.record, event.property, event.value) == (
        Happening.CHANGED,
        "1001",
        "firstname",
        "Ann",
    )
    assert event.at == datetime.fromtimestamp(AT / 1000, UTC)
    assert (event.source, event.error) == ("CRM_UI", "")


def test_deliveries_of_one_event_have_one_key_and_others_have_others() -> None:
    assert _one() == _one(attemptNumber=4)
    assert _one().key == _one(eventId=77, propertyValue="Anna").key
    others = [{"occurredAt": AT + 1}, {"objectId": 2}, {"subscriptionId": 3}, {"propertyName": "email"}]
    assert len({_one(**change).key for change in [{}, *others]}) == 5


@pytest.mark.parametrize(
    ("kind", "more", "happening"),
    [
        ("contact.creation", {}, Happening.CREATED),
        ("contact.deletion", {}, Happening.DELETED),
        ("contact.privacyDeletion", {}, Happening.DELETED),
        ("contact.restore", {}, Happening.RESTORED),
        ("object.creation", {"objectTypeId": "0-1"}, Happening.CREATED),
        ("object.creation", {"objectTypeId": "0-2"}, Happening.OTHER),
        ("company.creation", {}, Happening.OTHER),
        ("contact.associationChange", {}, Happening.OTHER),
        ("conversation.newMessage", {}, Happening.OTHER),
    ],
)
def test_kinds_of_events(kind: str, more: dict, happening: Happening) -> None:
    event = _one(subscriptionType=kind, propertyName=..., propertyValue=..., **more)
    assert (event.happening, event.error) == (happening, "")


def test_a_merge_names_what_is_left_even_when_that_is_a_new_record() -> None:
    merge = {"subscriptionType": "contact.merge", "primaryObjectId": 1001, "mergedObjectIds": [1002, 1003]}
    same, new = _one(**merge, newObjectId=1001), _one(**merge, newObjectId=1009)
    assert (same.happening, same.record, same.merged) == (Happening.MERGED, "1001", ("1002", "1003"))
    assert (new.record, new.merged) == ("1009", ("1001", "1002", "1003"))
    assert _one(**merge).record == "1001"


BAD = [
    {"objectId": None}, {"objectId": [1]}, {"objectId": "x"}, {"occurredAt": "soon"}, {"occurredAt": 10**30},
    {"occurredAt": ...}, {"subscriptionType": {}}, {"propertyValue": {"a": 1}},
    {"subscriptionType": "contact.merge"},
]  # fmt: skip


def test_seven_bad_events_in_a_hundred_cost_only_themselves() -> None:
    sound = [EVENT | {"occurredAt": AT + n} for n in range(93)]
    bad = [{n: v for n, v in (EVENT | change).items() if v is not ...} for change in BAD[:7]]
    found = events.parse(json.dumps([*sound[:50], *bad, *sound[50:]]).encode())
    assert len([event for event in found if not event.error]) == 93
    assert [bool(event.error) for event in found[50:57]] == [True] * 7


@pytest.mark.parametrize("change", BAD)
def test_a_bad_event_has_a_reason_and_a_key_that_stays(change: dict) -> None:
    assert _one(**change).error
    assert _one(**change).key == _one(**change, attemptNumber=3).key


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1]", b"null", b"<html>", b"\xff", b"[" * 100_000, b"[{}" + b",{}" * 1000 + b"]"]
)
def test_what_is_no_list_of_events_is_refused(body: bytes) -> None:
    with pytest.raises(Garbled):
        events.parse(body)
