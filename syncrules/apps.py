"""The rule-book of the connections: worksheets, stage maps, connectors and the sandbox MAP."""

from django.apps import AppConfig


class SyncrulesConfig(AppConfig):
    """The app's name in the admin."""

    name = "syncrules"
    verbose_name = "Sync rules"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from contacts.services import beside
        from syncrules import forgetting, relations  # noqa: F401
        from syncrules.services.contact_card import BESIDE

        beside.register(BESIDE)
