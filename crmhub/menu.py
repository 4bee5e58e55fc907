"""The menu of both apps as one: the record's entries, and the rule-book's among them."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.http import HttpRequest

from contacts.admin import menu
from syncrules.models import WorksheetVersion
from syncrules.services import checking

#: So long the number of problems is believed where no version changed; a check reads fields and stages too.
BELIEVED = 60


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sections of the sidebar."""
    sections = menu.navigation(request)
    by_title = {section["title"]: section["items"] for section in sections}
    stopped = stopping() if request.user.has_perm("syncrules.view_connection") else 0
    connections = menu.item("Connections", "cable", "rules:connections", "syncrules.view_connection")
    family = {"active": _in_rules} | ({"badge": str(stopped)} if stopped else {})
    by_title["Rules"].insert(0, connections | family)
    by_title["Proof"].insert(0, menu.item("Incidents", "policy", "rules:incidents", "syncrules.view_connection"))
    return sections


def _in_rules(request: HttpRequest) -> bool:
    shown = request.resolver_match.view_name if request.resolver_match else ""
    return shown.startswith("rules:") and shown != "rules:incidents"


def stopping() -> int:
    """In how many connections problems stop the worksheet. One query while nobody edits."""
    live = WorksheetVersion.objects.exclude(state=WorksheetVersion.State.PAST).order_by("pk")
    versions = list(live.values_list("pk", "revision", "state"))
    if not versions:
        return 0
    key = f"worksheets-stopped-{hash(tuple(versions))}"
    known = cache.get(key)
    if known is None:
        known = sum(count > 0 for count in checking.stops_everywhere().values())
        cache.set(key, known, BELIEVED)
    return known
