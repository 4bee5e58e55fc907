"""System checks."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from contacts.services.erasing import registry
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


@register()
def everything_that_holds_people_can_be_erased(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A table that nobody thought of would outlive the person; better to hear of it at start (law F8)."""
    return [
        Error(
            f"{name} has texts, and nobody has said whether a person can stand in them.",
            hint="Register how a person comes out, or that it holds nobody: contacts/services/erasing/registry.py.",
            id="contacts.E002",
        )
        for name in registry.unknown()
    ]
