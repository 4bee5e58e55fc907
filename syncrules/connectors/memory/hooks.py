"""Webhooks of a MAP in memory: a JSON list of what happened, signed with a stamp that must be fresh."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from syncrules.connectors.base import Event, Happening
from syncrules.connectors.trouble import BadSignature, Garbled

STAMP, SIGNATURE = "x-memory-stamp", "x-memory-signature"
MAX_AGE = 300


def signed(secret: str, events: Sequence[Mapping[str, Any]], now: datetime) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a webhook that tells of these events."""
    body, stamp = json.dumps(list(events)).encode(), str(int(now.timestamp()))
    return {STAMP: stamp, SIGNATURE: _signature(secret, stamp, body)}, body


def read(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> list[Event]:
    """The events, when this MAP signed them just now (``BadSignature``, ``Garbled``)."""
    told = {name.lower(): value for name, value in headers.items()}
    stamp, given = told.get(STAMP, ""), told.get(SIGNATURE, "")
    if not secret or not hmac.compare_digest(_signature(secret, stamp, body).encode(), given.encode()):
        raise BadSignature("The webhook's signature is wrong or missing.")
    if not stamp.isdecimal() or abs(now.timestamp() - int(stamp)) > MAX_AGE:
        raise BadSignature("The webhook was signed more than five minutes ago, or ahead of time.")
    try:
        return [_event(data) for data in json.loads(body)]
    except (ValueError, TypeError) as problem:
        raise Garbled(f"The webhook holds no list of events: {problem}.") from None


def _event(data: Mapping[str, Any]) -> Event:
    try:
        return Event(
            str(data["key"]),
            Happening(data["happening"]),
            str(data["record"]),
            datetime.fromisoformat(data["at"]),
            property=str(data.get("property", "")),
            value=str(data.get("value", "")),
            merged=tuple(data.get("merged", ())),
            body=dict(data),
        )
    except (KeyError, ValueError, TypeError) as problem:
        mark = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:32]
        error = f"{type(problem).__name__}: {problem}"
        return Event(f"bad:{mark}", Happening.OTHER, "", datetime.fromtimestamp(0, UTC), body={}, error=error)


def _signature(secret: str, stamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), stamp.encode() + body, hashlib.sha256).hexdigest()
