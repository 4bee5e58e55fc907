"""The record: sources, arrivals, matching, review, and the only code that saves a contact."""

from contextlib import suppress
from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils import timezone


class ContactsConfig(AppConfig):
    name = "contacts"
    verbose_name = "Contacts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from contacts import checks  # noqa: F401
        from contacts.services.erasing import own  # noqa: F401

        post_migrate.connect(_record_earlier, sender=self)


def _record_earlier(**kwargs: Any) -> None:
    """Whoever was Unsubscribed before the ledger of consent goes into it, once its tables are there."""
    from contacts.services.consent.beginning import record_earlier

    with suppress(LookupError):
        kwargs.get("apps", apps).get_model("contacts", "ConsentRecord")
        record_earlier(timezone.now())
