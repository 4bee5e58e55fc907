"""System checks."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from contacts.services.merging import relations


@register()
def everything_that_hangs_on_contacts_can_be_merged(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A merge refuses a relation that it doesn't know; better to hear of it at start than from a reviewer."""
    return [
        Error(
            f"{name} refers to contacts, and a merge doesn't know what to do with it.",
            hint="Say how its rows go over: register it in contacts/services/merging/relations.py.",
            id="contacts.E001",
        )
        for name in relations.unknown()
    ]
