"""`manage.py serve` with real processes: all up, all down, nothing left behind."""

import os
import signal
import socket
from pathlib import Path

import pytest

from tests.crmhub.serving import PATIENCE, leave_nothing, new_hub, processes_of, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def hub(tmp_path):
    hub = new_hub(tmp_path)
    yield hub
    leave_nothing(hub)


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
