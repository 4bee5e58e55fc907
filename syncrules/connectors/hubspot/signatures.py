"""HubSpot's webhook signatures (developers.hubspot.com, "Validating requests"), all of them over the raw body.

v3 is base64 of HMAC-SHA256 over method, address, body and time, and is refused when it is five minutes off. v2 and v1
are plain hashes without a time; they count only when the request has no v3.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from syncrules.connectors.hubspot.cursor import milliseconds
from syncrules.connectors.trouble import BadSignature

MAX_AGE_MS = 300_000
#: HubSpot signs an address with these characters as they are, however they were sent.
_DECODED = re.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def sign(version: str, secret: str, method: str, uri: str, body: bytes, stamp: str = "") -> str:
    """The signature that HubSpot sends for a request."""
    if version == "v1":
        return hashlib.sha256(_bytes(secret) + body).hexdigest()
    if version == "v2":
        return hashlib.sha256(_bytes(secret + method + uri) + body).hexdigest()
    plain = _DECODED.sub(lambda found: chr(int(found[1], 16)), uri)
    digest = hmac.new(_bytes(secret), _bytes(method + plain) + body + _bytes(stamp), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def verify(
    secret: str, accepted: Sequence[str], method: str, uri: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> None:
    """Raise ``BadSignature`` unless HubSpot signed exactly this, and lately where that is signed too."""
    told = {name.lower(): value for name, value in headers.items()}
    given, stamp, version = told.get("x-hubspot-signature-v3", ""), told.get("x-hubspot-request-timestamp", ""), "v3"
    if "x-hubspot-signature-v3" not in told:
        given, version = told.get("x-hubspot-signature", ""), told.get("x-hubspot-signature-version", "v1").lower()
    if not secret or not given or version not in accepted or version not in ("v1", "v2", "v3"):
        raise BadSignature("The webhook has no signature that this connection accepts.")
    if version == "v3" and not _fresh(stamp, now):
        raise BadSignature("The webhook was signed more than five minutes ago, or ahead of time.")
    if not hmac.compare_digest(_bytes(sign(version, secret, method, uri, body, stamp)), _bytes(given)):
        raise BadSignature("The webhook's signature is wrong.")


def _fresh(stamp: str, now: datetime) -> bool:
    number = stamp.isascii() and stamp.isdecimal() and len(stamp) <= 15
    return number and abs(milliseconds(now) - int(stamp)) <= MAX_AGE_MS


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
