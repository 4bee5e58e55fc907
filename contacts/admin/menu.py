"""The menu: what each person may open, with the counts of what waits."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils import timezone

from contacts.services.review import queue


def item(title: str, icon: str, view: str, *rights: str, badge: Any = None) -> dict[str, Any]:
    """One entry of the menu; only people who have one of the rights see it."""
    item = {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(view),
        "active": lambda request: _is_in_family(request, view),
        "permission": lambda request: not rights or any(request.user.has_perm(r) for r in rights),
    }
    return item | ({"badge": badge} if badge else {})


def _is_in_family(request: HttpRequest, view: str) -> bool:
    """Whether the page shown is of this entry's family: hub:contact_edit is one of hub:contacts."""
    shown = request.resolver_match.view_name if request.resolver_match else ""
    return shown.startswith(view.removesuffix("changelist").removesuffix("s"))


def waiting(request: HttpRequest) -> str:
    """How many cases wait for a person."""
    return str(queue.count_waiting(timezone.now()))  # the theme would print an empty answer as "None"


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sections of the sidebar."""
    return [
        {
            "title": "Work",
            "items": [
                item("Front page", "home", "hub:front"),
                item(
                    "Review queue", "rule", "hub:reviews", "contacts.view_review", badge="contacts.admin.menu.waiting"
                ),
                item("Contacts", "group", "hub:contacts", "contacts.view_contact"),
                item("Merges", "merge", "hub:merges", "contacts.view_merge"),
                item("Arrivals", "inbox", "hub:arrivals", "contacts.view_arrival"),
                item("Imports", "upload_file", "hub:imports", "contacts.view_importbatch", "contacts.upload_file"),
            ],
        },
        {
            "title": "Rules",
            "items": [
                item("Lead sources", "account_tree", "hub:sources", "contacts.view_source"),
                item("Custom fields", "tune", "admin:contacts_customfield_changelist", "contacts.view_customfield"),
                item("Stage table", "stairs", "hub:stages", "contacts.view_stagetableversion"),
                item("Source tokens", "key", "admin:contacts_sourcetoken_changelist", "contacts.view_sourcetoken"),
                item("Hub settings", "settings", "admin:contacts_hubsettings_changelist", "contacts.view_hubsettings"),
            ],
        },
        {
            "title": "Proof",
            "items": [
                item("Consent", "verified_user", "hub:consents", "contacts.view_consentrecord"),
                item("Who may do what", "shield_person", "hub:rights"),
                item("People", "manage_accounts", "admin:auth_user_changelist", "auth.view_user"),
                item("Groups", "groups", "admin:auth_group_changelist", "auth.view_group"),
            ],
        },
    ]
