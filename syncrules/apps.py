"""The rule-book of the connections: worksheets, stage maps, connectors and the sandbox MAP."""

from django.apps import AppConfig


class SyncrulesConfig(AppConfig):
    """The app's name in the admin."""

    name = "syncrules"
    verbose_name = "Sync rules"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from contacts.services import beside, front_parts, listeners, protecting
        from syncrules import forgetting, relations  # noqa: F401
        from syncrules.services import front_health, front_part
        from syncrules.services.contact_card import BESIDE
        from syncrules.services.sync import opt_outs
        from syncrules.services.sync.listening import heard

        beside.register(BESIDE)
        front_parts.register(front_health.part)
        front_parts.register(front_part.part)
        listeners.register(heard)
        protecting.on_withdrawn(opt_outs.withdrawn)
        protecting.on_erased(opt_outs.erased)
