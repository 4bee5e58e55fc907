"""Subscription state, by address: HubSpot's communication preferences v4.

As at HubSpot the state belongs to the address, not to the contact: it is there before the contact
and outlives it (legacydocs "update email subscription status"). Contacts only show it, in read-only
opt-out properties. Our choice where HubSpot's pages are silent: who opted out is subscribed again
only with a legal basis and its explanation, as in an account with data privacy switched on.
"""

from __future__ import annotations

from typing import Any

from .clock import iso
from .errors import ApiError
from .storage import Store

SUBSCRIPTIONS: dict[int, str] = {1: "Newsletter", 2: "Event invitations"}
#: The row that stands for "unsubscribed from everything".
ALL = 0
STATES = ("SUBSCRIBED", "UNSUBSCRIBED", "NOT_SPECIFIED")
LEGAL_BASES = (
    "LEGITIMATE_INTEREST_PQL",
    "LEGITIMATE_INTEREST_CLIENT",
    "PERFORMANCE_OF_CONTRACT",
    "CONSENT_WITH_NOTICE",
    "NON_GDPR",
    "PROCESS_AND_STORE",
    "LEGITIMATE_INTEREST_OTHER",
)


def definitions() -> list[dict[str, Any]]:
    """The subscription types of the account."""
    return [
        {
            "id": str(number),
            "name": name,
            "description": "",
            "isActive": True,
            "isDefault": False,
            "isInternal": False,
            "communicationMethod": "Email",
        }
        for number, name in SUBSCRIPTIONS.items()
    ]


def opt_outs(store: Store, address: str) -> dict[str, str]:
    """The opt-out properties of a contact with that primary address; empty means not set."""
    states = _states(store, address)
    shown = {"hs_email_optout": "true" if _all_off(states) else ""}
    for number in SUBSCRIPTIONS:
        off = _all_off(states) or states.get(number, ("",))[0] == "UNSUBSCRIBED"
        shown[f"hs_email_optout_{number}"] = "true" if off else ""
    return shown


def statuses(store: Store, address: str) -> list[dict[str, Any]]:
    """One entry per subscription type."""
    states = _states(store, address)
    results = []
    for number, name in SUBSCRIPTIONS.items():
        state, basis, explanation, at_ms = states.get(number, ("NOT_SPECIFIED", None, None, 0))
        if _all_off(states):
            state, at_ms = "UNSUBSCRIBED", states[ALL][3]
        results.append(
            {
                "channel": "EMAIL",
                "subscriberIdString": address,
                "subscriptionId": number,
                "subscriptionName": name,
                "status": state,
                "source": "CRM Hub sandbox",
                "legalBasis": basis,
                "legalBasisExplanation": explanation,
                "timestamp": iso(at_ms),
            }
        )
    return results


def unsubscribed_all(store: Store, address: str) -> list[dict[str, Any]]:
    """Empty unless the address opted out of everything (developers.hubspot.com, unsubscribed status)."""
    states = _states(store, address)
    if not _all_off(states):
        return []
    return [
        {
            "channel": "EMAIL",
            "subscriberIdString": address,
            "status": "UNSUBSCRIBED",
            "wideStatusType": "PORTAL_WIDE",
            "timestamp": iso(states[ALL][3]),
        }
    ]


def set_status(store: Store, address: str, body: dict[str, Any], now: int) -> list[dict[str, Any]]:
    """One subscription's new state; subscribing takes back an opt-out of everything."""
    number, state = _checked(body)
    basis, explanation = body.get("legalBasis"), body.get("legalBasisExplanation")
    states = _states(store, address)
    out = _all_off(states) or states.get(number, ("",))[0] == "UNSUBSCRIBED"
    if state != "UNSUBSCRIBED" and out and not (basis and explanation):
        raise ApiError(400, f"{address} has opted out; to subscribe again, give legalBasis and explanation.")
    if state != "UNSUBSCRIBED" and _all_off(states):
        _back_to_single(store, address, now)
    _put(store, address, number, now, state, basis, explanation)
    return [entry for entry in statuses(store, address) if entry["subscriptionId"] == number]


def unsubscribe_all(store: Store, address: str, now: int) -> list[dict[str, Any]]:
    """No more mail of any kind."""
    _put(store, address, ALL, now)
    return unsubscribed_all(store, address)


def _checked(body: dict[str, Any]) -> tuple[int, str]:
    number, state, basis = body.get("subscriptionId"), body.get("statusState"), body.get("legalBasis")
    if body.get("channel") != "EMAIL":
        raise ApiError(400, "channel must be EMAIL")
    if isinstance(number, bool) or str(number) not in map(str, SUBSCRIPTIONS):
        raise ApiError(400, f"Subscription type {number} does not exist")
    if state not in STATES:
        raise ApiError(400, f"statusState must be one of {', '.join(STATES)}")
    if basis is not None and basis not in LEGAL_BASES:
        raise ApiError(400, f"legalBasis must be one of {', '.join(LEGAL_BASES)}")
    if not isinstance(body.get("legalBasisExplanation", ""), (str, type(None))):
        raise ApiError(400, "legalBasisExplanation must be a string")
    return int(str(number)), str(state)


def _back_to_single(store: Store, address: str, now: int) -> None:
    """The opt-out of everything becomes one of each type, so that only the asked-for type reopens."""
    store.execute("DELETE FROM statuses WHERE address = ? AND subscription_id = ?", (address, ALL))
    for number in SUBSCRIPTIONS:
        _put(store, address, number, now)


def _all_off(states: dict[int, tuple[Any, ...]]) -> bool:
    return ALL in states


def _states(store: Store, address: str) -> dict[int, tuple[Any, ...]]:
    rows = store.query(
        "SELECT subscription_id, state, legal_basis, explanation, at_ms FROM statuses WHERE address = ?",
        (address,),
    )
    return {number: tuple(rest) for number, *rest in rows}


def _put(store: Store, address: str, number: int, now: int, state: str = "UNSUBSCRIBED", *why: Any) -> None:
    """Store a state; ``why`` is its legal basis and the explanation, where there is one."""
    store.execute(
        "INSERT OR REPLACE INTO statuses VALUES (?, ?, ?, ?, ?, ?)",
        (address, number, state, *(why or (None, None)), now),
    )
