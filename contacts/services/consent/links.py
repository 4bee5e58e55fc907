"""The one-click link of a mail (RFC 8058): an address that nobody can read or guess, and that needs no sign-in."""

from __future__ import annotations

import base64
import binascii
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.urls import reverse

from contacts.services.consent import keys

_ABOUT = b"unsubscribe"


def token_for(address_key: str) -> str:
    """The address, locked with the hub's key: always the same text for one address, and readable to nobody else."""
    nonce = hmac.digest(keys.own("link nonce"), address_key.encode(), "sha256")[: keys.NONCE]
    locked = nonce + AESGCM(keys.own("link")).encrypt(nonce, address_key.encode(), _ABOUT)
    return base64.urlsafe_b64encode(locked).rstrip(b"=").decode()


def address_of(token: str) -> str | None:
    """The address that a token was made for; None for any other text."""
    try:
        locked = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
        return AESGCM(keys.own("link")).decrypt(locked[: keys.NONCE], locked[keys.NONCE :], _ABOUT).decode()
    except (binascii.Error, ValueError, InvalidTag):
        return None


def path_for(address_key: str) -> str:
    """Where the List-Unsubscribe header of a mail to this address leads, without the hub's host name."""
    return reverse("unsubscribe", args=[token_for(address_key)])
