"""The record: sources, arrivals, matching, review, and the only code that saves a contact."""

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"
    verbose_name = "Contacts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from contacts import checks  # noqa: F401
        from contacts.services.erasing import own  # noqa: F401
