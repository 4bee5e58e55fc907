"""What the process is told from outside, read and judged once, before Django starts.

Every value has a default that works on a fresh machine. A value that is missing where it must be given,
or that makes no sense, becomes one sentence on standard error and exit status 2: the person who typed it
reads the fault at start instead of a traceback an hour later.

Outside names: DATABASE_URL, CELERY_BROKER_URL, PORT, SANDBOX_PORT, SECRET_KEY, CONSENT_KEY, ALLOWED_HOSTS, MAP_HOSTS,
DEBUG.
CRMHUB_VAR is internal: the folder for everything the hub writes (default `var/`). The tests point it at a
temporary folder, so that a developer's own data is never touched.
"""

import os
import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent

YES = {"1", "true", "yes", "on"}
NO = {"0", "false", "no", "off"}
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
HOST = re.compile(r"\*|\.?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
SHORTEST_KEY = 32


class Nonsense(Exception):
    """A value that cannot be used; its text is the sentence for the operator."""


@dataclass(frozen=True)
class Environment:
    """The judged values; settings, Celery and `serve` read these and never `os.environ`."""

    var: Path
    debug: bool
    secret_key: str
    consent_key: str
    allowed_hosts: tuple[str, ...]
    database: Mapping[str, object]
    broker_url: str
    port: int
    sandbox_port: int
    map_hosts: tuple[str, ...]

    @property
    def base(self) -> Path:
        return BASE_DIR

    @property
    def uses_sqlite(self) -> bool:
        return self.database["ENGINE"] == "django.db.backends.sqlite3"

    @property
    def embedded_broker(self) -> bool:
        return self.broker_url.startswith("filesystem:")

    @property
    def broker_folder(self) -> Path:
        return self.var / "broker"


@cache
def current() -> Environment:
    """This process's environment, or the end of the process: one sentence, status 2."""
    try:
        return read(os.environ)
    except Nonsense as problem:
        sys.stderr.write(f"CRM Hub cannot start: {problem}\n")
        raise SystemExit(2) from None


def read(values: Mapping[str, str]) -> Environment:
    """Judge the given values; raises `Nonsense`. Makes the folders that the defaults live in."""
    var = _var_folder(values)
    debug = _switch(values, "DEBUG", default=True)
    port, sandbox_port = _port(values, "PORT", 8000), _port(values, "SANDBOX_PORT", 8001)
    if port == sandbox_port:
        raise Nonsense(f"PORT and SANDBOX_PORT are both {port}; give each its own.")
    secret_key = _secret_key(values, var, debug)
    return Environment(
        var=var,
        debug=debug,
        secret_key=secret_key,
        consent_key=_long_enough(_given(values, "CONSENT_KEY"), "CONSENT_KEY", debug) or secret_key,
        allowed_hosts=_hosts(values),
        database=_database(values, var),
        broker_url=_broker(values, var),
        port=port,
        sandbox_port=sandbox_port,
        map_hosts=_map_hosts(values),
    )


def _given(values: Mapping[str, str], name: str) -> str:
    """The value without surrounding space; an empty one counts as not given."""
    text = values.get(name, "").strip()
    if not text.isprintable():
        raise Nonsense(f"{name} contains control characters.")
    return text


def _folder(path: Path, purpose: str) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        raise Nonsense(f"the {purpose} {path} cannot be made: {problem.strerror or problem}.") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise Nonsense(f"the {purpose} {path} is not writable for this user.")
    return path


def _var_folder(values: Mapping[str, str]) -> Path:
    given = _given(values, "CRMHUB_VAR")
    var = _folder((BASE_DIR / given).resolve() if given else BASE_DIR / "var", "data folder")
    for name in ("uploads", "tmp", "staticfiles"):
        _folder(var / name, "data folder")
    return var


def _switch(values: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = _given(values, name).lower()
    if not text:
        return default
    if text not in YES | NO:
        raise Nonsense(f"{name} is {text!r}; use 1 or 0 (true, false, yes, no, on and off do as well).")
    return text in YES


def _port(values: Mapping[str, str], name: str, default: int) -> int:
    text = _given(values, name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 65535):
        raise Nonsense(f"{name} is {text!r}; use a whole number from 1 to 65535.")
    return int(text)


def _hosts(values: Mapping[str, str]) -> tuple[str, ...]:
    """Host names the hub answers to. The default is this machine only: exposing it takes a decision."""
    names = _names(values, "ALLOWED_HOSTS")
    for name in names:
        if not HOST.fullmatch(name):
            raise Nonsense(
                f"ALLOWED_HOSTS contains {name!r}; list host names with commas between, "
                "without scheme, port or path (hub.example.com,10.0.0.5)."
            )
    return tuple(names) or LOOPBACK


def _names(values: Mapping[str, str], name: str) -> list[str]:
    return [part.strip() for part in _given(values, name).split(",") if part.strip()]


def _map_hosts(values: Mapping[str, str]) -> tuple[str, ...]:
    """Hosts that connections may call besides their vendor's own. No wildcards: each one is a decision."""
    names = [name.lower() for name in _names(values, "MAP_HOSTS")]
    for name in names:
        if not HOST.fullmatch(name) or name[0] in "*.":
            raise Nonsense(
                f"MAP_HOSTS contains {name!r}; list host names with commas between, without scheme, port or path."
            )
    return tuple(name.strip("[]") for name in names)


def _secret_key(values: Mapping[str, str], var: Path, debug: bool) -> str:
    given = _long_enough(_given(values, "SECRET_KEY"), "SECRET_KEY", debug)
    if given:
        return given
    if not debug:
        raise Nonsense("SECRET_KEY is missing; with DEBUG off it must be set to a long random text.")
    return kept_secret(var / "secret_key")


def _long_enough(given: str, name: str, debug: bool) -> str:
    """The key, or Nonsense: one that can be guessed is none where it counts."""
    if given and not debug and (len(given) < SHORTEST_KEY or len(set(given)) < 5):
        raise Nonsense(f"{name} is too easy to guess; use {SHORTEST_KEY} or more random characters.")
    return given


def kept_secret(path: Path) -> str:
    """A secret that is made once, readable by nobody else; raises `Nonsense` where it can't be used.

    Written aside and linked, so that two processes agree on one.
    """
    try:
        if not path.exists():
            draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(48))
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise Nonsense(f"the kept secret key {path} cannot be used: {problem}.") from None
    if len(key) < SHORTEST_KEY:
        raise Nonsense(f"the kept secret key {path} is damaged; delete the file and a new one is made.")
    return key


def _split(name: str, url: str) -> SplitResult:
    """The URL's parts. Messages never repeat the whole value: it may hold a password."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise Nonsense(f"{name} is not a usable URL: the host or port makes no sense.") from None
    return parts


def _database(values: Mapping[str, str], var: Path) -> dict[str, object]:
    url = _given(values, "DATABASE_URL")
    if not url:
        return _sqlite(var / "crmhub.sqlite3")
    parts = _split("DATABASE_URL", url)
    if parts.scheme == "sqlite":
        return _sqlite(_sqlite_file(url))
    if parts.scheme in {"postgres", "postgresql"}:
        return _postgres(parts)
    raise Nonsense("DATABASE_URL must start with sqlite:/// or postgres://.")


def _sqlite_file(url: str) -> Path:
    """Three slashes: relative to the project; four: absolute. In-memory is refused, web and worker share."""
    name = unquote(url.removeprefix("sqlite:").removeprefix("//").removeprefix("/"))
    if not url.startswith("sqlite:///") or not name or name == ":memory:" or "?" in name:
        raise Nonsense("DATABASE_URL must name a file: sqlite:///var/hub.sqlite3 or sqlite:////srv/hub.sqlite3.")
    path = BASE_DIR / name
    if path.is_dir() or not path.parent.is_dir():
        hint = "" if name.startswith("/") else " (an absolute path takes four slashes)"
        raise Nonsense(f"DATABASE_URL names {path}, which is a folder or lies in no existing folder{hint}.")
    return path


def _sqlite(path: Path) -> dict[str, object]:
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}


def _postgres(parts: SplitResult) -> dict[str, object]:
    name = unquote(parts.path.removeprefix("/"))
    if not name or "/" in name:
        raise Nonsense("DATABASE_URL names no database: postgres://user:password@host:5432/name.")
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": options.pop("port", "") or str(parts.port or ""),
        "OPTIONS": {"connect_timeout": 5, **options},
    }


def _broker(values: Mapping[str, str], var: Path) -> str:
    url = _given(values, "CELERY_BROKER_URL")
    if not url or url in {"filesystem://", "filesystem:///"}:
        for name in ("queue", "control", "taken"):
            _folder(var / "broker" / name, "broker folder")
        return "filesystem://localhost"
    parts = _split("CELERY_BROKER_URL", url)
    if parts.scheme not in {"redis", "rediss"}:
        raise Nonsense("CELERY_BROKER_URL must start with redis:// or rediss:// (or be left out).")
    if not parts.hostname or not re.fullmatch(r"/?\d*", parts.path):
        raise Nonsense("CELERY_BROKER_URL must look like redis://host:6379/0.")
    return url
