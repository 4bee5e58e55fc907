"""`manage.py serve`: web, worker with its schedule, and the sandbox MAP, in the foreground, as one."""

import os
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from crmhub import environment
from crmhub.supervisor import Program, Supervisor, say
from syncrules.services import map_secrets

DEMO_PASSWORD = "crmhub-demo"  # noqa: S105  (public by contract, refused when DEBUG is off)
DEMO_NAMES = ("admin", "ops", "reviewer", "marketing", "sales", "auditor")
READY_WITHIN = 60
SANDBOX = "sandbox"  # the connection that the sandbox's webhooks are for


class Command(BaseCommand):
    help = "Starts the web, the worker with its schedule, and the sandbox MAP; Ctrl-C stops all of it."

    def handle(self, *args: Any, **options: Any) -> None:
        env = environment.current()
        programs = self._programs(env)
        self._refuse_busy_ports(env, with_sandbox=len(programs) > 2)
        if not settings.DEBUG:
            call_command("collectstatic", interactive=False, verbosity=0)
        lines = self._greeting(env, with_sandbox=len(programs) > 2)
        connection.close()
        say("Starting CRM Hub ...")
        ended = Supervisor(programs).run(lambda: _greet_when_ready(env, lines))
        if ended:
            raise CommandError(f"CRM Hub stopped: {ended}.", returncode=1)
        say("CRM Hub stopped.")

    def _programs(self, env: environment.Environment) -> list[Program]:
        python = [sys.executable, "-m"]
        web = ["gunicorn", "--config", str(env.base / "gunicorn.conf.py"), "crmhub.wsgi"]
        worker = [
            "celery",
            "--quiet",
            "-A",
            "crmhub",
            "worker",
            "--concurrency",
            "2",
            "--loglevel",
            "WARNING",
        ]
        name = ["--hostname", f"crmhub-{env.port}@%h", "--without-gossip", "--without-mingle"]
        schedule = ["--beat", "--schedule", str(env.var / f"beat-{env.port}")]
        programs = [
            Program("web", [*python, *web]),
            Program("worker", [*python, *worker, *name, *schedule]),
        ]
        if "sandbox_map" in get_commands():
            port = ["--port", str(env.sandbox_port)]
            command = [sys.executable, str(env.base / "manage.py"), "sandbox_map", *port]
            programs.append(Program("sandbox MAP", command, _sandbox_environment(env)))
        return programs

    def _refuse_busy_ports(self, env: environment.Environment, *, with_sandbox: bool) -> None:
        wanted = {"PORT": env.port} | ({"SANDBOX_PORT": env.sandbox_port} if with_sandbox else {})
        for name, port in wanted.items():
            if not _is_free(port):
                raise CommandError(
                    f"port {port} on 127.0.0.1 is taken; stop what uses it or set {name} to another.",
                    returncode=2,
                )

    def _greeting(self, env: environment.Environment, *, with_sandbox: bool) -> list[str]:
        lines = [f"CRM Hub      http://127.0.0.1:{env.port}"]
        if with_sandbox:
            lines.append(f"Sandbox MAP  http://127.0.0.1:{env.sandbox_port}")
        if names := _demo_accounts():
            lines.append(f"Sign in as   {', '.join(names)}; password {DEMO_PASSWORD}")
        return [*lines, "Ctrl-C stops all of it."]


def _sandbox_environment(env: environment.Environment) -> dict[str, str]:
    """Where the sandbox tells of its changes, and what it shares with the hub's connection to it."""
    hook = f"http://127.0.0.1:{env.port}/hooks/{SANDBOX}"
    try:
        return {
            "SANDBOX_WEBHOOK_URL": os.environ.get("SANDBOX_WEBHOOK_URL", hook),
            map_secrets.SANDBOX_WEBHOOK_SECRET: map_secrets.kept(map_secrets.SANDBOX_WEBHOOK_SECRET),
            map_secrets.SANDBOX_TOKEN: map_secrets.sandbox_token(),
        }
    except map_secrets.NotConfigured as problem:
        raise CommandError(str(problem), returncode=2) from None


def _is_free(port: int) -> bool:
    """Bound as gunicorn binds, so that a port whose last connections are fading counts as free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _demo_accounts() -> list[str]:
    """The demo accounts that can sign in; one password is tried, hashing all six would take seconds."""
    if not settings.DEBUG:
        return []
    users = get_user_model().objects.filter(username__in=DEMO_NAMES, is_active=True)
    found = {user.get_username(): user for user in users}
    names = [name for name in DEMO_NAMES if name in found]
    return names if names and found[names[0]].check_password(DEMO_PASSWORD) else []


def _greet_when_ready(env: environment.Environment, lines: list[str]) -> None:
    """Print the address once it answers. Aside, so that a child that dies meanwhile is noticed."""
    threading.Thread(target=_greet, args=(f"http://127.0.0.1:{env.port}/healthz", lines), daemon=True).start()


def _greet(url: str, lines: list[str]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310  (our own loopback address)
                break
        except urllib.error.HTTPError:
            break  # it answers: a Host that is not allowed is an answer as well
        except OSError:
            time.sleep(0.2)
    say("\n".join(lines))
