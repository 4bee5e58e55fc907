"""The programs of a sync, started as ``manage.py serve`` starts them, each for as long as it is needed."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
SECRET = secrets.token_urlsafe(32)
STARTS_WITHIN, STOPS_WITHIN = 60.0, 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def sandbox(port: int, store: Path, limit: int, hooks: str = "") -> Iterator[None]:
    """A sandbox MAP with a storage of its own, empty when that is new."""
    words = [sys.executable, str(ROOT / "manage.py"), "sandbox_map", "--port", str(port), "--store", str(store)]
    own = {"SANDBOX_WEBHOOK_URL": hooks, "SANDBOX_WEBHOOK_SECRET": SECRET}
    with _running([*words, "--limit", str(limit), "--empty"], own):
        _wait_for(f"http://127.0.0.1:{port}/")
        yield


@contextmanager
def worker(sandbox_port: int) -> Iterator[None]:
    """A worker as ``serve`` starts it; the broker's folder is that of this benchmark."""
    words = [sys.executable, "-m", "celery", "--quiet", "-A", "crmhub", "worker", "--concurrency", "2"]
    schedule = Path(os.environ["CRMHUB_VAR"]) / "beat"
    more = ["--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--beat", "--schedule", str(schedule)]
    own = {"SANDBOX_PORT": str(sandbox_port), "SANDBOX_WEBHOOK_SECRET": SECRET}
    with _running([*words, *more], own):
        yield


@contextmanager
def web(port: int, sandbox_port: int) -> Iterator[None]:
    """The web server."""
    words = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "gunicorn.conf.py"), "crmhub.wsgi"]
    own = {"PORT": str(port), "SANDBOX_PORT": str(sandbox_port), "SANDBOX_WEBHOOK_SECRET": SECRET}
    with _running(words, own):
        _wait_for(f"http://127.0.0.1:{port}/healthz")
        yield


@contextmanager
def _running(words: list[str], own: dict[str, str]) -> Iterator[None]:
    log = Path(os.environ["CRMHUB_VAR"]) / "programs.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            words, cwd=ROOT, env={**os.environ, **own}, stdout=out, stderr=out, process_group=0
        )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(url: str) -> None:
    ends = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < ends:
        try:
            httpx.get(url, timeout=2, trust_env=False)
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")
