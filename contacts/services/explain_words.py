"""What ``explain`` found of one value, as a person would tell it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contacts.domain import rules
from contacts.services import story


def sentence(entry: Mapping[str, Any]) -> str:
    """Why a field says what it says, as a person would tell it."""
    if entry["origin"] is None:
        return "Nobody has sent one yet." if entry["value"] is None else "It is older than the hub's records."
    at = story.in_full(datetime.fromisoformat(entry["at"]))
    return " ".join(filter(None, [_written(entry, at), _merged(entry), _was(entry)]))


def _written(entry: Mapping[str, Any], at: str) -> str:
    who, rule = entry["origin"], entry["rule_code"]
    if rule == rules.PERSON:
        act = "left it blank on purpose" if entry["value"] is None else "wrote it"
        return f"{who} {act} on {at}. What a person wrote stays until a person changes or releases it."
    if rule == rules.PICKED:
        act = "chose to leave it blank" if entry["value"] is None else "picked it"
        return f"{who} {act} on {at}. What a person picked stays until a person changes or releases it."
    if rule == rules.RELEASED:
        return " ".join([f"{who} wrote it on {at}.", *_released(entry)])
    through = f" (arrival #{entry['arrival']})" if entry["arrival"] else ""
    if entry["by"] == "person":
        return f"{who} typed it in on {at}{through}: {entry['rule']}."
    return f"It came from {who} on {at}{through}: {entry['rule']}."


def _released(entry: Mapping[str, Any]) -> list[str]:
    released = entry["released"]
    if not released:
        return []
    at = story.in_full(datetime.fromisoformat(released["at"]))
    return [f"{released['by']} released it to the connections on {at}."]


def _merged(entry: Mapping[str, Any]) -> str:
    merge = entry["merge"]
    return f"It is here since merge {merge['number']}, with {merge['name']} (#{merge['contact']})." if merge else ""


def _was(entry: Mapping[str, Any]) -> str:
    before = entry["before"]
    if not before:
        return ""
    at = datetime.fromisoformat(before["at"])
    return f"Before that it was “{before['value']}”, from {before['origin']}, {story.day(at)}."
