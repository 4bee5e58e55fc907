"""`manage.py serve` with real processes: all up, all down, nothing left behind."""

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

import pytest

from crmhub.environment import BASE_DIR

pytestmark = pytest.mark.slow
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


@pytest.fixture
def hub(tmp_path):
    hub = Hub(tmp_path)
    hub.var.mkdir()
    assert hub.manage("migrate", "--verbosity", "0").returncode == 0
    yield hub
    for left in processes_of(hub.var):
        os.kill(left, signal.SIGKILL)


def child(hub, word):
    """The id of serve's own child whose command line holds the word."""
    for number in processes_of(hub.var):
        line = Path(f"/proc/{number}/cmdline").read_bytes()
        parent = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[1]
        if word in line and int(parent) == hub.process.pid:
            return number
    raise AssertionError(f"no child with {word!r}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "TERM"])
def test_starts_everything_and_leaves_nothing(hub, number):
    hub.start()
    assert wait_for(hub.ready)
    output = hub.end(number)
    assert hub.process.returncode == 0
    assert f"http://127.0.0.1:{hub.port}" in output
    assert output.rstrip().endswith("CRM Hub stopped.")
    assert processes_of(hub.var) == []


@pytest.mark.parametrize("part", [b"celery", b"gunicorn"])
def test_one_that_dies_ends_all_and_is_named(hub, part):
    hub.start()
    assert wait_for(hub.ready)
    os.kill(child(hub, part), signal.SIGKILL)
    output = hub.process.communicate(timeout=PATIENCE)[0]
    assert hub.process.returncode == 1
    name = {b"celery": "worker", b"gunicorn": "web"}[part]
    assert f"CRM Hub stopped: {name} ended by itself (signal SIGKILL)." in output
    assert wait_for(lambda: not processes_of(hub.var))


def test_serve_killed_outright_takes_its_children_along(hub):
    hub.start()
    assert wait_for(hub.ready)
    hub.process.kill()
    hub.process.communicate(timeout=PATIENCE)
    assert wait_for(lambda: not processes_of(hub.var))


def test_a_busy_port_is_said_before_anything_starts(hub):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", hub.port))
        taken.listen()
        done = hub.manage("serve")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.strip().endswith(
        f"port {hub.port} on 127.0.0.1 is taken; stop what uses it or set PORT to another."
    )
