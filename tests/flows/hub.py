"""A hub of its own for tests that need real processes: its own folder, its own database, nothing shared."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg

ROOT = Path(__file__).resolve().parents[2]
#: Longest that any of these processes may take.
PATIENCE = 120
SET_UP = "import django\ndjango.setup()\n"


def _other_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


class Hub:
    """A migrated and seeded hub. ``server`` is DATABASE_URL where the suite runs on PostgreSQL, else ""."""

    def __init__(self, folder: Path, server: str, template: Hub | None = None) -> None:
        self.folder, self.server = folder, server
        self.name = f"crmhub_{uuid4().hex[:12]}"
        self.file = folder / "crmhub.sqlite3"
        folder.mkdir(parents=True, exist_ok=True)
        self._make(template)

    def _make(self, template: Hub | None) -> None:
        if self.server:
            copied = f' TEMPLATE "{template.name}"' if template else ""
            self._on_server(f'CREATE DATABASE "{self.name}"{copied}')
        elif template:
            with closing(sqlite3.connect(template.file)) as source, closing(sqlite3.connect(self.file)) as copy:
                source.backup(copy)
        if template is None:
            self.python("from django.core.management import call_command\ncall_command('migrate', verbosity=0, "
                        "skip_checks=True)\ncall_command('seed', skip_checks=True)")  # fmt: skip

    def remove(self) -> None:
        if self.server:
            self._on_server(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
        shutil.rmtree(self.folder, ignore_errors=True)

    def _on_server(self, sql: str) -> None:
        with psycopg.connect(_other_database(self.server, "postgres"), autocommit=True) as connection:
            connection.execute(sql)  # type: ignore[call-overload]

    @property
    def env(self) -> dict[str, str]:
        url = _other_database(self.server, self.name) if self.server else f"sqlite:///{self.file}"
        return {
            **os.environ,
            "CRMHUB_VAR": str(self.folder),
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "crmhub.settings",
            "PYTHONPATH": str(ROOT),
            "DEBUG": "1",
            "CONSENT_KEY": "one key for a hub and its copies, which share a ledger of consent",
        }

    def start(self, code: str, *args: Any) -> subprocess.Popen[str]:
        """A process that runs Python inside the hub; ``sys.argv[1:]`` are ``args``."""
        command = [sys.executable, "-c", SET_UP + code, *map(str, args)]
        return self._open(command)

    def start_intake(self, *args: Any, checks: bool = False) -> subprocess.Popen[str]:
        """``manage.py intake``; without Django's checks of the pages it starts sooner."""
        return self.start_command("intake", *([] if checks else ["--skip-checks"]), *args)

    def start_command(self, name: str, *args: Any) -> subprocess.Popen[str]:
        """A command of ``manage.py``."""
        return self._open([sys.executable, str(ROOT / "manage.py"), name, *map(str, args)])

    def start_killing(self, command: list[str], points: list[tuple[str, str, int]]) -> subprocess.Popen[str]:
        """Processes that are killed at moments of a command, and gone on with: see ``killing``."""
        return self._open([sys.executable, "-m", "tests.flows.killing", json.dumps(command), json.dumps(points)])

    def _open(self, command: list[str]) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=self.env, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)

    def python(self, code: str, *args: Any) -> str:
        return finished(self.start(code, *args))

    def intake(self, *args: Any) -> dict[str, Any]:
        """``manage.py intake ... --json`` to its end: its one object."""
        return json.loads(finished(self.start_intake(*args, "--json")))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the tables say, read without Django."""
        if self.server:
            with psycopg.connect(_other_database(self.server, self.name)) as connection:
                return connection.execute(sql).fetchall()  # type: ignore[call-overload]
        with closing(sqlite3.connect(self.file, timeout=30)) as connection:
            return connection.execute(sql).fetchall()

    def one(self, sql: str) -> Any:
        return self.rows(sql)[0][0]


def finished(process: subprocess.Popen[str], status: int = 0) -> str:
    """The output of a process that must end with this status."""
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == status, f"ended with {process.returncode}: {out}{err}"
    return out
