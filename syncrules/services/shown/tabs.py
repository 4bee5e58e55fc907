"""The pages of one connection as tabs, those that this user may open."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.auth.models import User
from django.urls import reverse

from syncrules.services.shown.standing import Standing


class Tab(NamedTuple):
    """One tab; ``n`` is what stands beside its word, red where ``bad``."""

    name: str
    label: str
    address: str
    n: str = ""
    bad: bool = False


def tabs(of: Standing, user: User) -> list[Tab]:
    """No query."""
    slug, found = of.connection.slug, []
    found.append(Tab("overview", "Overview", reverse("rules:connection", args=[slug])))
    if user.has_perm("syncrules.view_worksheetversion"):
        number = f"v{of.number}" if of.number else ""
        found.append(Tab("worksheet", "Worksheet", reverse("rules:worksheet", args=[slug]), number))
    found.append(Tab("threshold", "Who takes part", reverse("rules:threshold", args=[slug])))
    found.append(Tab("go-live", "Go-live", reverse("rules:go_live", args=[slug])))
    found.append(Tab("errors", "Errors", reverse("rules:errors", args=[slug]), f"{of.errors:,}", of.errors > 0))
    found.append(Tab("opt-outs", "Unsubscribes", reverse("rules:opt_outs", args=[slug])))
    found.append(Tab("webhooks", "Webhooks", reverse("rules:hooks", args=[slug])))
    found.append(Tab("settings", "Settings", reverse("rules:connection_settings", args=[slug])))
    return found
