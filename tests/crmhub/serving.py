"""Kit of the tests of `manage.py serve`: a hub of its own in real processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from crmhub.environment import BASE_DIR

PATIENCE = 40


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def processes_of(var):
    """Ids of the processes that were started with this data folder (read from their environment)."""
    mark = f"CRMHUB_VAR={var}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def wait_for(condition, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.2)
    return condition()


class Hub:
    """A hub of its own: own data folder, own ports, own embedded broker."""

    def __init__(self, folder):
        self.var, self.port, self.sandbox_port = folder / "var", free_port(), free_port()
        names = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "CELERY_BROKER_URL"}}
        own = {"CRMHUB_VAR": str(self.var), "PORT": str(self.port), "SANDBOX_PORT": str(self.sandbox_port)}
        self.env = {**names, **own, "DEBUG": "1"}
        self.process = None

    def manage(self, *words):
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, cwd=BASE_DIR, env=self.env, capture_output=True, text=True, timeout=120)

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=BASE_DIR,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return json.load(answer)["status"] == "ready"
        except (urllib.error.URLError, OSError):
            return False

    def end(self, number):
        self.process.send_signal(number)
        return self.process.communicate(timeout=PATIENCE)[0]


def new_hub(folder):
    """A hub with an empty database."""
    hub = Hub(folder)
    hub.var.mkdir()
    assert hub.manage("migrate", "--verbosity", "0").returncode == 0
    return hub


def leave_nothing(hub):
    """End whatever a test that failed left running."""
    for left in processes_of(hub.var):
        os.kill(left, signal.SIGKILL)
