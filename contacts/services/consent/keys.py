"""Keys: one for the hub, which is in no database, and one for each address, which erasure destroys.

All of them come from ``settings.CONSENT_KEY`` (the environment's CONSENT_KEY, else SECRET_KEY). Whoever changes
SECRET_KEY gives the old one as CONSENT_KEY: without it the evidence can't be read and the chain can't go on.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from contacts.models import ConsentKey
from contacts.services import bulk
from contacts.services.bulk import rows_of

#: Half of a SHA-256: 128 bits are enough to tell addresses apart, and half as much to read.
SUBJECT = 16
NONCE = 12


class WrongKey(Exception):
    """The hub has another key than the one that the ledger began with."""


@lru_cache(maxsize=32)
def _derived(master: str, use: str) -> bytes:
    return hmac.digest(master.encode(), f"crmhub consent: {use}".encode(), "sha256")


def own(use: str) -> bytes:
    """The hub's own key for one use."""
    return _derived(settings.CONSENT_KEY, use)


def check_value() -> str:
    """What the ledger remembers of the hub's key: enough to notice another one."""
    return hmac.digest(own("check"), b"crmhub", "sha256").hex()


def subject_of(address_key: str) -> str:
    """The keyed hash that stands for an address (by its match key, ``identity.read_address``)."""
    return hmac.digest(own("subject"), address_key.encode(), "sha256")[:SUBJECT].hex()


def subjects_of(address_keys: Iterable[str]) -> dict[str, str]:
    """Address key to subject, for many."""
    key, digest = own("subject"), hmac.digest
    return {a: digest(key, a.encode(), "sha256")[:SUBJECT].hex() for a in address_keys}


# --- the key of an address ---


def wrap(subject: str, key: bytes) -> bytes:
    """A key as it may lie in the database."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(own("wrap")).encrypt(nonce, key, subject.encode())


def _unwrap(subject: str, wrapped: bytes) -> bytes:
    try:
        return AESGCM(own("wrap")).decrypt(wrapped[:NONCE], wrapped[NONCE:], subject.encode())
    except InvalidTag:
        raise WrongKey("The evidence of consent was sealed under another CONSENT_KEY (or SECRET_KEY).") from None


def keys_for(subjects: Iterable[str], at: datetime) -> dict[str, bytes]:
    """The key of each subject; one that has none gets it. Inside the transaction that holds the ledger's lock."""
    wanted = set(subjects)
    keys = keys_of(wanted)
    fresh = {subject: os.urandom(32) for subject in wanted - keys.keys()}
    made = bulk.as_time(at)
    rows = [(subject, wrap(subject, key), made) for subject, key in fresh.items()]
    bulk.insert(ConsentKey, ["subject", "wrapped", "made_at"], rows)
    return keys | fresh


def keys_of(subjects: Iterable[str]) -> dict[str, bytes]:
    """The keys that there are of these subjects; erased ones have none."""
    found = rows_of(
        "SELECT k.value, x.wrapped FROM {keys} {join} contacts_consentkey x ON x.subject = k.value", subjects
    )
    return {subject: _unwrap(subject, bytes(wrapped)) for subject, wrapped in found}


# --- evidence ---


def seal(key: bytes, subject: str, evidence: dict[str, Any]) -> bytes:
    """Evidence that only this key opens."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, orjson.dumps(evidence), subject.encode())


def unseal(key: bytes | None, subject: str, sealed: bytes) -> dict[str, Any] | None:
    """The evidence again; None where the key is gone, or the text was tampered with."""
    if key is None:
        return None
    try:
        return orjson.loads(AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], subject.encode()))
    except InvalidTag:
        return None
