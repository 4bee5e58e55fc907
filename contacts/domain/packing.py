"""A translated record as plain values, which go from process to process at a fraction of the cost of objects.

What was received travels as the JSON text that will be stored: nothing looks into it on the way.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from contacts.domain.changes import Incoming, Received, Verdict
from contacts.domain.identity import Address
from contacts.domain.opt_in import OptIn

Packed = tuple[Any, ...]


def as_json(value: Any) -> str:
    """JSON text as both databases take it."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # a number of more than 64 bits, or nested deeper than it goes
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def pack(incoming: Incoming) -> Packed:
    """The record as plain values, without what only translating looks at."""
    i, received = incoming, incoming.received
    door = (as_json(received.raw), received.row, received.delivery_key, received.content_hash)
    address = tuple(i.address) if i.address else None
    keys = (i.person, i.phone, i.company, i.domain, i.domain_how)
    rest = (i.stage, i.occurred_at, i.external_id, i.rejected, i.reason)
    said = (tuple(i.consent) if i.consent else None, i.stops)
    return door, i.values, [tuple(v) for v in i.verdicts], address, keys, rest, said


def unpack(packed: Packed) -> Incoming:
    """The record again, as ``translate`` made it."""
    (raw, row, key, content_hash), values, verdicts, address, keys, rest, (said, stops) = packed
    received = Received({}, None, row, key, content_hash, raw_json=raw)
    told = [Verdict(*v) for v in verdicts]
    where = Address(*address) if address else None
    incoming = Incoming(received, values, told, where, *keys, *rest)
    incoming.consent, incoming.stops = OptIn(*said) if said else None, stops
    return incoming
