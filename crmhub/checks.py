"""System checks: what can go wrong on disk after `environment` judged the values."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register()
def data_folder_is_writable(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Uploads, the SQLite file, the embedded broker: all of them live under var/."""
    return [
        Error(
            f"{folder} is not a folder this user can write to.",
            hint="Give it to the user that runs CRM Hub.",
            id="crmhub.E001",
        )
        for folder in (settings.VAR, settings.UPLOAD_ROOT, Path(settings.FILE_UPLOAD_TEMP_DIR))
        if not os.access(folder, os.W_OK | os.X_OK)
    ]


@register(Tags.security)
def kept_secrets_are_private(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The kept key signs sessions: another user who can read it can be anyone."""
    key = Path(settings.VAR, "secret_key")
    if not key.exists() or not stat.S_IMODE(key.stat().st_mode) & 0o077:
        return []
    return [Error(f"{key} can be read by other users.", hint=f"chmod 600 {key}", id="crmhub.E002")]


@register(Tags.security)
def uploads_are_not_served(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Uploads hold personal data; no folder that is served may contain them, nor lie inside them."""
    uploads = Path(settings.UPLOAD_ROOT).resolve()
    return [
        Error(
            f"Uploads ({uploads}) and served files ({served}) share a folder.",
            hint="Keep UPLOAD_ROOT outside.",
            id="crmhub.E003",
        )
        for served in _served_folders()
        if uploads.is_relative_to(served) or served.is_relative_to(uploads)
    ]


def _served_folders() -> Iterable[Path]:
    return [Path(folder).resolve() for folder in (settings.STATIC_ROOT, *settings.STATICFILES_DIRS)]
