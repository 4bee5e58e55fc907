"""The secrets of connections: from the environment, or from a file in ``var/secrets`` that nobody else can read.

They are never stored in the database, logged or shown. A connection's names are ``MAP_TOKEN_<SLUG>`` and
``MAP_WEBHOOK_SECRET_<SLUG>``, its slug in capitals with "_" for "-"; a file is called the same.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from crmhub import environment
from syncrules.connectors.trouble import Denied

TOKEN, WEBHOOK_SECRET = "MAP_TOKEN", "MAP_WEBHOOK_SECRET"
SANDBOX_TOKEN, SANDBOX_WEBHOOK_SECRET = "SANDBOX_TOKEN", "SANDBOX_WEBHOOK_SECRET"
#: What the sandbox takes where nobody else can call it.
SANDBOX_DEFAULT = "sandbox-token"
LONGEST = 4096


class NotConfigured(Denied):
    """A secret that is missing or can't be used; the text tells a person what to do, and never the secret."""


def name_for(kind: str, slug: str) -> str:
    """The name of a connection's secret in the environment and in ``var/secrets``."""
    return f"{kind}_{slug.upper().replace('-', '_')}"


def secret(name: str) -> str:
    """The secret, or "" where there is none. Raises ``NotConfigured`` where it can't be used."""
    text = os.environ.get(name, "").strip() or _from_file(folder() / name)
    if text and not (text.isascii() and text.isprintable() and len(text) <= LONGEST and " " not in text):
        raise NotConfigured(f"{name} has characters that no token has. Set it anew.")
    return text


def needed(name: str, what: str) -> str:
    """The secret, which has to be there (``NotConfigured``)."""
    if found := secret(name):
        return found
    raise NotConfigured(f"{what} is missing: set {name}, or put it into {folder() / name} (readable by you only).")


def kept(name: str) -> str:
    """The secret; where there is none, one is made and kept in ``var/secrets``."""
    if found := secret(name):
        return found
    folder().mkdir(mode=0o700, exist_ok=True)
    try:
        return environment.kept_secret(folder() / name)
    except environment.Nonsense as problem:
        raise NotConfigured(f"{problem}") from None


def sandbox_token() -> str:
    """What the sandbox MAP takes as a token."""
    return secret(SANDBOX_TOKEN) or SANDBOX_DEFAULT


def folder() -> Path:
    """Where secrets may lie as files."""
    return environment.current().var / "secrets"


def _from_file(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise NotConfigured(f"{path} can be read by others. Run: chmod 600 {path}")
            return file.read(LONGEST + 2).strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as problem:
        raise NotConfigured(f"{path} can't be read: {getattr(problem, 'strerror', '') or 'it is no text'}.") from None
