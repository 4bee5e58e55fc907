"""Webhook signatures: what HubSpot signed passes, anything else does not."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from syncrules.connectors.hubspot import signatures
from syncrules.connectors.trouble import BadSignature

official = pytest.importorskip("hubspot.utils.signature").Signature

SECRET = "s3cret-ö"
URI = "https://hub.example/hooks/hubspot?tenant=a"
BODY = json.dumps([{"objectId": 1, "propertyValue": "Müßig, 李"}], ensure_ascii=False).encode()
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
STAMP = str(int(NOW.timestamp() * 1000))


def _headers(version: str, signature: str, stamp: str = STAMP) -> dict[str, str]:
    if version == "v3":
        return {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp}
    return {"x-hubspot-signature": signature, "X-HUBSPOT-SIGNATURE-VERSION": version}


def _signed(version: str, body: bytes = BODY, uri: str = URI, stamp: str = STAMP) -> dict[str, str]:
    """Signed by HubSpot's own client."""
    signature = official.get_signature(SECRET, body.decode(), version, uri, "POST", stamp)
    return _headers(version, signature, stamp)


def _passes(
    headers: dict[str, str], *, body: bytes = BODY, uri: str = URI, now: datetime = NOW,
    secret: str = SECRET, accepted: tuple[str, ...] = ("v3", "v2", "v1"), method: str = "POST",
) -> bool:  # fmt: skip
    try:
        signatures.verify(secret, accepted, method, uri, headers, body, now)
    except BadSignature:
        return False
    return True


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_what_the_official_client_signs_passes(version: str) -> None:
    assert _passes(_signed(version))
    assert signatures.sign(version, SECRET, "POST", URI, BODY, STAMP) in _signed(version).values()


def test_characters_that_hubspot_leaves_as_they_are_are_signed_as_they_are() -> None:
    sent = "https://hub.example/hooks%2Fx%3fto=a%40b.c%3A%21%24%27%28%29%2A%2C%3B&q=%20%25"
    signed = "https://hub.example/hooks/x?to=a@b.c:!$'()*,;&q=%20%25"
    assert _passes(_signed("v3", uri=signed), uri=sent)
    assert not _passes(_signed("v3", uri=sent), uri=sent)


@pytest.mark.parametrize(
    ("seconds", "passes"), [(0, True), (300, True), (-300, True), (301, False), (-301, False), (86_400, False)]
)
def test_five_minutes_either_way_is_the_limit(seconds: int, passes: bool) -> None:
    assert _passes(_signed("v3"), now=NOW + timedelta(seconds=seconds)) is passes


@pytest.mark.parametrize("stamp", ["", "soon", "-1", "1e12", "\u0661" * 13, "9" * 40, f" {STAMP}", "nan"])
def test_a_time_that_is_none_is_refused(stamp: str) -> None:
    signature = signatures.sign("v3", SECRET, "POST", URI, BODY, stamp)
    assert not _passes(_headers("v3", signature, stamp))


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_a_thousand_changed_signatures_and_bodies_are_refused(version: str) -> None:
    draw = random.Random(9)
    good = _signed(version)
    name = next(n for n in good if n.lower().startswith("x-hubspot-signature") and "version" not in n.lower())
    for _ in range(500):
        place, letter = draw.randrange(len(good[name])), draw.choice("abcdefABCDEF0123456789+/=ö")
        changed = good[name][:place] + letter + good[name][place + 1 :]
        assert _passes(good | {name: changed}) is (changed == good[name])
        at = draw.randrange(len(BODY))
        body = BODY[:at] + bytes([draw.randrange(256)]) + BODY[at + 1 :]
        assert _passes(good, body=body) is (body == BODY)


def test_a_body_that_was_read_and_written_again_is_not_what_was_signed() -> None:
    again = json.dumps(json.loads(BODY)).encode()
    assert again != BODY
    assert not any(_passes(_signed(version), body=again) for version in ("v1", "v2", "v3"))


def test_address_method_and_secret_are_signed() -> None:
    for version in ("v2", "v3"):
        assert not _passes(_signed(version), uri=URI + "b")
        assert not _passes(_signed(version), method="PUT")
    for version in ("v1", "v2", "v3"):
        assert not _passes(_signed(version), secret="other")


def test_without_a_secret_nothing_passes() -> None:
    for version in ("v1", "v2", "v3"):
        signature = signatures.sign(version, "", "POST", URI, BODY, STAMP)
        assert not _passes(_headers(version, signature), secret="")


def test_a_bad_v3_is_not_saved_by_a_good_v1() -> None:
    assert not _passes(_signed("v1") | _headers("v3", "AAAA"))
    assert not _passes(_signed("v1") | _headers("v3", ""))
    assert not _passes(_signed("v1") | _signed("v3"), now=NOW + timedelta(minutes=6))


def test_older_signatures_can_be_switched_off() -> None:
    assert [_passes(_signed(version), accepted=("v3",)) for version in ("v1", "v2", "v3")] == [False, False, True]
    assert not _passes(_headers("v9", "x"))
    assert not _passes({})
