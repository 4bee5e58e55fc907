"""The rule-book of the connections: worksheets, stage maps, connectors and the sandbox MAP."""

from django.apps import AppConfig


class SyncrulesConfig(AppConfig):
    """The app's name in the admin."""

    name = "syncrules"
    verbose_name = "Sync rules"
