"""How mail goes out: EMAIL_URL, read once at start as the rest of the environment. Without it nothing is mailed.

``smtp://user:password@host:587`` (with STARTTLS unless ``?tls=0``), ``smtps://host:465``; ``?from=hub@example.com``
says who it is from.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote, urlsplit

from crmhub.environment import Nonsense

PORTS = {"smtp": 587, "smtps": 465}
#: Seconds; a worker waits no longer for a mail server.
TIMEOUT = 20


def current() -> dict[str, object]:
    """This process's settings, or the end of the process: one sentence, status 2."""
    try:
        return read(os.environ)
    except Nonsense as problem:
        sys.stderr.write(f"CRM Hub cannot start: {problem}\n")
        raise SystemExit(2) from None


def read(values: Mapping[str, str]) -> dict[str, object]:
    """Django's settings for it; raises ``Nonsense``. The message never repeats the value: it may hold a password."""
    url = values.get("EMAIL_URL", "").strip()
    if not url:
        return {"MAIL_IS_SET_UP": False, "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Nonsense("EMAIL_URL is not a usable URL: the host or port makes no sense.") from None
    if parts.scheme not in PORTS or not host:
        raise Nonsense("EMAIL_URL must look like smtp://user:password@host:587 or smtps://user:password@host:465.")
    asked = {name: found[-1] for name, found in parse_qs(parts.query).items()}
    return {
        "MAIL_IS_SET_UP": True,
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": host,
        "EMAIL_PORT": port or PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp" and asked.get("tls", "1") != "0",
        "EMAIL_TIMEOUT": TIMEOUT,
        "DEFAULT_FROM_EMAIL": asked.get("from") or unquote(parts.username or "") or f"crmhub@{host}",
    }
