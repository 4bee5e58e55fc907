"""The door for webhooks: what the MAP signed just now is kept and answered at once; nothing else leaves a trace."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from syncrules.connectors.hubspot.connector import HubSpot
from syncrules.connectors.hubspot.settings import Settings
from syncrules.connectors.hubspot.signatures import sign
from syncrules.models import Connection, Hook, Link, Look, SyncError
from syncrules.services import calling
from syncrules.services.map_secrets import NotConfigured
from syncrules.services.sync import looking
from tests.syncrules.sync.kit import Both, address, both, person
from tests.syncrules.syncing import contact

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]
SECRET = "a-secret-of-the-app"
HERE = "http://testserver/hooks/our-map"


@pytest.fixture
def sides(monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    """A connection whose webhooks are signed as HubSpot signs them."""
    sides = both()
    verifier = HubSpot(Settings("no-token", webhook_secret=SECRET, properties=("email",)))
    monkeypatch.setitem(calling._MAKERS, "memory", lambda connection: verifier)
    yield sides
    verifier.close()


def body_of(*records: str, **more: Any) -> bytes:
    stamp = int(timezone.now().timestamp() * 1000)
    events = [
        {
            "eventId": 1, "subscriptionId": 7, "portalId": 1, "appId": 2, "occurredAt": stamp,
            "subscriptionType": "contact.propertyChange", "attemptNumber": 0, "objectId": int(record),
            "propertyName": "title", "propertyValue": "Chief", "changeSource": "CRM_UI", **more,
        }
        for record in records
    ]  # fmt: skip
    return json.dumps(events).encode()


def post(
    client: Client, body: bytes, *, at: int | None = None, signature: str | None = None, secret: str = SECRET,
    path: str = "/hooks/our-map", method: str = "POST",
) -> Any:  # fmt: skip
    stamp = str(at if at is not None else int(timezone.now().timestamp() * 1000))
    signed = sign("v3", secret, method, f"http://testserver{path}", body, stamp)
    headers = {
        "X-HubSpot-Signature-v3": signed if signature is None else signature,
        "X-HubSpot-Request-Timestamp": stamp,
    }
    return client.post(path, body, content_type="application/json", headers=headers)


def nothing_is_kept() -> bool:
    return not (Hook.objects.exists() or Look.objects.exists() or SyncError.objects.exists())


def test_a_signed_webhook_is_kept_and_the_record_is_looked_at(sides, client):
    ident = sides.map.create(**person(1, title="Chief"))
    answer = post(client, body_of(ident))
    assert (answer.status_code, answer.json()) == (200, {"new": 1})
    assert Hook.objects.get().record_id == ident
    looking.drain(sides.connection, sides.map, timezone.now)
    assert contact(address(1)).job_title == "Chief"


def test_it_needs_no_cookie_of_ours(sides):
    assert post(Client(enforce_csrf_checks=True), body_of("1")).status_code == 200


def test_a_repeated_delivery_is_answered_and_counts_only(sides, client):
    body = body_of("1", "2")
    assert post(client, body).json() == {"new": 2}
    again = json.loads(body)
    for event in again:
        event["attemptNumber"] = 3
    answer = post(client, json.dumps(again).encode())
    assert (answer.status_code, answer.json()) == (200, {"new": 0})
    assert set(Hook.objects.values_list("times", flat=True)) == {2}
    assert not Hook.objects.exclude(other_body=None).exists()


def test_a_wrong_signature_is_refused_and_leaves_nothing(sides, client):
    body, chance = body_of("1"), random.Random(3)
    stamp = int(timezone.now().timestamp() * 1000)
    good = sign("v3", SECRET, "POST", HERE, body, str(stamp))
    for _ in range(200):
        place = chance.randrange(len(good) - 1)
        letter = chance.choice("ABCDEFGHabcdefgh0123456789+/")
        bad = good[:place] + letter + good[place + 1 :]
        if bad != good:
            assert post(client, body, at=stamp, signature=bad).status_code == 401
    for bad in ("", good[:-1], good + "=", good.lower(), "é" * 44):
        assert post(client, body, at=stamp, signature=bad).status_code == 401
    assert nothing_is_kept()


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 3_600])
def test_a_stamp_that_is_more_than_five_minutes_off_is_refused(sides, client, seconds):
    at = int((timezone.now() + timedelta(seconds=seconds)).timestamp() * 1000)
    assert post(client, body_of("1"), at=at).status_code == 401
    assert nothing_is_kept()


def test_what_is_signed_is_the_body_as_it_came_and_the_address_that_it_was_sent_to(sides, client):
    body = body_of("1")
    stamp = int(timezone.now().timestamp() * 1000)
    good = sign("v3", SECRET, "POST", HERE, body, str(stamp))
    encoded_again = json.dumps(json.loads(body), indent=1).encode()
    assert post(client, encoded_again, at=stamp, signature=good).status_code == 401
    assert post(client, body, at=stamp, signature=good, path="/hooks/our-map?x=1").status_code == 401
    assert post(client, body, secret="another").status_code == 401
    assert client.post("/hooks/our-map", body, content_type="application/json").status_code == 401
    assert nothing_is_kept()
    assert post(client, body, path="/hooks/our-map?x=1%2F2").status_code == 200


def test_a_key_that_comes_again_with_another_body_is_kept_and_not_believed(sides, client):
    body = body_of("1")
    post(client, body)
    Look.objects.all().delete()
    other = json.loads(body)
    other[0]["propertyValue"] = "Emperor"
    assert post(client, json.dumps(other).encode()).json() == {"new": 0}
    hook = Hook.objects.get()
    assert (hook.body["propertyValue"], hook.other_body["propertyValue"]) == ("Chief", "Emperor")
    assert not Look.objects.exists()


def test_half_a_delivery_may_be_bad(sides, client):
    events = json.loads(body_of(*map(str, range(1, 101))))
    for n in (3, 17, 20, 44, 45, 80, 99):
        events[n] = {"objectId": [n], "subscriptionType": "contact.creation"}
    assert post(client, json.dumps(events).encode()).status_code == 200
    assert Hook.objects.exclude(error="").count() == 7
    assert Look.objects.count() == 93


def test_what_is_signed_and_holds_no_events_is_noted_and_not_asked_for_again(sides, client):
    assert post(client, b'{"not": "a list"}').status_code == 200
    assert post(client, b'{"not": "a list"}').status_code == 200
    error = SyncError.objects.get()
    assert (error.cause, error.times, error.answered["body"]) == ("hook", 2, '{"not": "a list"}')


def test_a_body_that_is_too_long_is_refused(sides, client):
    assert post(client, b" " * (5 * 1024**2 + 1)).status_code == 413
    assert post(client, b" " * (11 * 1024**2)).status_code == 413
    assert nothing_is_kept()


def test_a_paused_connection_listens_and_a_draft_is_not_there(sides, client):
    Connection.objects.update(state="paused")
    assert post(client, body_of("1")).status_code == 200
    assert Look.objects.count() == 1
    Connection.objects.update(state="draft")
    assert post(client, body_of("2")).status_code == 404
    assert client.post("/hooks/nobody").status_code == 404


def test_only_post_is_taken(sides, client):
    assert client.get("/hooks/our-map").status_code == 405


def test_without_a_secret_nothing_can_be_verified_and_the_map_is_told_to_try_later(sides, client, monkeypatch):
    def missing(connection: Connection) -> Any:
        raise NotConfigured("The secret of Our MAP's webhooks is not there: MAP_WEBHOOK_SECRET_OUR_MAP.")

    monkeypatch.setitem(calling._MAKERS, "memory", missing)
    assert post(client, body_of("1")).status_code == 503
    assert nothing_is_kept()


def test_a_merge_has_all_its_records_looked_at(sides, client):
    one, other = sides.map.create(**person(1)), sides.map.create(**person(2))
    sides.round()
    left = sides.map.join(one, other)
    more = {
        "subscriptionType": "contact.merge", "primaryObjectId": int(one), "mergedObjectIds": [int(other)],
        "newObjectId": int(left),
    }  # fmt: skip
    assert post(client, body_of(left, **more)).status_code == 200
    looking.drain(sides.connection, sides.map, timezone.now)
    assert dict(Link.objects.values_list("record_id", "state"))[other] == "merged"
