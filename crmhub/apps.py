"""The frame as a Django app: it brings the `serve` command and the start-up checks."""

from django.apps import AppConfig


class CrmhubConfig(AppConfig):
    name = "crmhub"
    verbose_name = "CRM Hub"

    def ready(self) -> None:
        from crmhub import checks  # noqa: F401  (importing registers them)
