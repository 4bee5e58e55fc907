"""``manage.py sandbox_map``: run the sandbox MAP in the foreground until it is told to stop."""

from __future__ import annotations

import argparse
import json
import os
import signal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from syncrules.sandbox.app import Sandbox, token_from
from syncrules.sandbox.faults import HOOKS, KINDS, FaultSpecError, parse
from syncrules.sandbox.limits import TEN_SECONDS, Limits
from syncrules.sandbox.seeding import seed
from syncrules.sandbox.server import SandboxServer
from syncrules.sandbox.storage import Store, StoreError
from syncrules.sandbox.webhooks import Target, target_from


class Command(BaseCommand):
    """Starts the server; it needs none of the hub's database."""

    help = "Run the sandbox MAP, a small HubSpot-compatible server with its own storage."
    requires_system_checks = ()
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """The kinds of fault are a list; keep its lines."""
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.epilog = _fault_help()
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        """Options; the contract's are --port, --faults and --json."""
        parser.add_argument("--port", help="port to listen on (SANDBOX_PORT, else 8001; 0 takes a free one)")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--faults", default="", metavar="SPEC", help="misbehave, see below")
        parser.add_argument("--store", help="storage file (sandbox_map.sqlite3 under var), or :memory:")
        limit_help = f"requests in 10 seconds ({TEN_SECONDS}, as HubSpot; 0 for no limits)"
        parser.add_argument("--limit", type=int, default=TEN_SECONDS, help=limit_help)
        hook_help = "tell of changes there, on this machine (SANDBOX_WEBHOOK_URL; signed with SANDBOX_WEBHOOK_SECRET)"
        parser.add_argument("--webhooks", metavar="URL", help=hook_help)
        parser.add_argument("--empty", action="store_true", help="start a new storage without contacts")
        parser.add_argument("--json", action="store_true", help="say where it listens as a JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Listen, say where, serve until SIGINT or SIGTERM."""
        server = _server(options)
        if not options["empty"]:
            seed(server.sandbox.store, server.sandbox.clock.now_ms())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: server.stop())
        self._announce(server, as_json=options["json"])
        server.run()

    def _announce(self, server: SandboxServer, *, as_json: bool) -> None:
        sandbox = server.sandbox
        hooks = sandbox.target.url if sandbox.target else ""
        told = {"url": server.url, "store": sandbox.store.path, "faults": str(sandbox.faults), "webhooks": hooks}
        line = f"Sandbox MAP on {server.url} (storage {told['store']}, faults {told['faults'] or 'none'})"
        self.stdout.write(json.dumps(told) if as_json else line)
        self.stdout.flush()


def _server(options: dict[str, Any]) -> SandboxServer:
    """The server as the options ask; every mistake is one sentence and exit status 2."""
    host, port = options["host"], _port(options["port"])
    if options["limit"] < 0:
        raise CommandError("--limit can't be negative; 0 imposes no limits.", returncode=2)
    try:
        faults, token = parse(options["faults"]), token_from(dict(os.environ), host)
        target = _target(options["webhooks"])
        store = Store(options["store"] or Path(settings.VAR) / "sandbox_map.sqlite3")
    except FaultSpecError as problem:
        raise CommandError(f"--faults: {problem}", returncode=2) from None
    except (StoreError, ValueError) as problem:
        raise CommandError(str(problem), returncode=2) from None
    sandbox = Sandbox(token, store, faults, Limits(options["limit"]), target=target)
    try:
        return SandboxServer((host, port), sandbox, verbose=options["verbosity"] > 1)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise CommandError(f"The sandbox can't listen on {host}:{port}: {reason}.", returncode=2) from None


def _target(given: str | None) -> Target | None:
    """--webhooks, else SANDBOX_WEBHOOK_URL, else nowhere."""
    url = os.environ.get("SANDBOX_WEBHOOK_URL", "") if given is None else given
    return target_from(url, os.environ.get("SANDBOX_WEBHOOK_SECRET", ""))


def _port(given: str | int | None) -> int:
    """--port, else SANDBOX_PORT, else the contract's 8001."""
    name, text = "--port", "" if given is None else str(given)
    if given is None:
        name, text = "SANDBOX_PORT", os.environ.get("SANDBOX_PORT", "8001") or "8001"
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 65535):
        raise CommandError(f'{name} is "{text}"; a port is a number from 0 to 65535.', returncode=2)
    return int(text)


def _fault_help() -> str:
    """Every kind of fault, for --help."""
    lines = []
    for kind, (seconds, meaning) in (KINDS | HOOKS).items():
        form = f"{kind}:SHARE" + (f"[:{seconds:g}s]" if seconds else "")
        lines.append(f"  {form:24}{meaning}")
    example = "429:0.1,503:0.05,slow:0.1:2s,seed=7"
    return "\n".join([f"SPEC is a list such as {example}, of", *lines, "  seed=N, clock=+90s, lag=3s (of the search)"])
