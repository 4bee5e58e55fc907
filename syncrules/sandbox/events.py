"""What HubSpot tells by webhook of a change: one event for each property, and for a creation, deletion or merge.

Events are written in the transaction of the change, so that what is told did happen and what happened is told.
HubSpot has no event for subscriptions: the opt-out properties tell of them.
"""

from __future__ import annotations

import json
from typing import Any

from .properties import BY_NAME, PROPERTIES
from .storage import Row, Store

PORTAL, APP = 5001, 7001
#: Read-only properties that are told of all the same.
_TOLD = ("hs_email_optout", "hs_email_optout_1", "hs_email_optout_2")
_KINDS = ("contact.creation", "contact.deletion", "contact.privacyDeletion", "contact.merge")
_SUBSCRIPTIONS = {
    **{(kind, ""): 9001 + n for n, kind in enumerate(_KINDS)},
    **{("contact.propertyChange", p.name): 9101 + n for n, p in enumerate(PROPERTIES)},
}
_FLAGS = {"contact.creation": "CREATED", "contact.deletion": "DELETED", "contact.privacyDeletion": "DELETED"}


def happened(store: Store, kind: str, contact_id: int, now: int, **more: Any) -> None:
    """Note an event, if anybody wants to be told."""
    if not store.tells:
        return
    body = {
        "subscriptionId": _SUBSCRIPTIONS[kind, more.get("propertyName", "")],
        "portalId": PORTAL,
        "appId": APP,
        "occurredAt": now,
        "subscriptionType": kind,
        "objectId": contact_id,
        "changeSource": store.source,
        **({"changeFlag": _FLAGS[kind]} if kind in _FLAGS else {}),
        **more,
    }
    store.execute("INSERT INTO events (body, attempt, due_ms) VALUES (?, 0, 0)", (json.dumps(body),))


def changed(store: Store, row: Row, now: int) -> None:
    """Note every property of a contact that is about to be stored with another value than before."""
    if not store.tells:
        return
    before = store.load(row.id)
    old = before.properties if before else {}
    for name in sorted(old.keys() | row.properties.keys()):
        value = row.properties.get(name, "")
        if value != old.get(name, "") and (not BY_NAME[name].read_only or name in _TOLD):
            happened(store, "contact.propertyChange", row.id, now, propertyName=name, propertyValue=value)
