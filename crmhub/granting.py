"""For migrations: groups that exist already get rights that are new; a new hub seeds them (contacts/roles.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions


def grant(app_label: str, granted: Mapping[str, Sequence[str]]) -> Callable[[Apps, object], None]:
    """What a RunPython operation calls: ``granted`` is group name to codenames of rights of ``app_label``."""

    def give(apps: Apps, schema_editor: object) -> None:
        groups = apps.get_model("auth", "Group").objects.filter(name__in=granted)
        if not groups:
            return
        app = apps.get_app_config(app_label)
        # Rights are made after all migrations, which is too late here; a migration's app has no models of its own.
        before = getattr(app, "models_module", None)
        app.models_module = before or True
        create_permissions(app, verbosity=0, apps=apps)
        app.models_module = before
        rights = apps.get_model("auth", "Permission").objects.filter(content_type__app_label=app_label)
        for group in groups:
            group.permissions.add(*rights.filter(codename__in=granted[group.name]))

    return give
