"""One record by HTTP beside an empty authenticated request, and a list of 1,000 beside one by one."""

from __future__ import annotations

import logging
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import httpx
from people import HEADER, person

from contacts.models import Source, SourceToken

FIELDS = ["first_name", "last_name", "email", "phone", "company", "job_title", "country"]
PAIRS = 200

logging.getLogger("httpx").setLevel(logging.WARNING)


def run(say: Callable[..., None]) -> None:
    """Print both ratios. The pairs are taken in turn, so that a drift of the machine hits both."""
    token = SourceToken(source_slug=Source.objects.get(slug="website-contact-form").slug)
    secret = token.issue()
    token.save()
    with server() as address, httpx.Client(base_url=address, headers={"Authorization": f"Bearer {secret}"}) as client:
        client.get("/api/v1/whoami").raise_for_status()
        empty, one = [], []
        for n in range(PAIRS):
            empty.append(_timed(lambda: client.get("/api/v1/whoami")))
            one.append(_timed(lambda n=n: client.post("/api/v1/arrivals", json=_record(8_000_000 + n))))
        batch = [_record(9_000_000 + n) for n in range(1000)]
        many = _timed(lambda: client.post("/api/v1/arrivals", json=batch, timeout=60))
    ratio = statistics.median(b / a for a, b in zip(empty, one, strict=True))
    say(f"one record by HTTP {statistics.median(one) * 1000:.1f} ms, an empty request "
        f"{statistics.median(empty) * 1000:.1f} ms: {ratio:.1f} times")  # fmt: skip
    say(f"  a list of 1,000 takes {many:.2f} s: {statistics.median(one) * 1000 / many:.0f} times as fast as one by one")


def _record(n: int) -> dict[str, str]:
    row = dict(zip(HEADER, person(n, full=True), strict=True))
    return {f: row[c] for f, c in zip(FIELDS, HEADER, strict=False) if row[c]}


def _timed(act: Callable[[], Any]) -> float:
    started = time.perf_counter()
    act().raise_for_status()
    return time.perf_counter() - started


@contextmanager
def server() -> Any:
    """The product's own server with one worker, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "crmhub.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "1",
               "--threads", "2", "--no-control-socket", "--log-level", "error"]  # fmt: skip
    process = subprocess.Popen(command, env=os.environ)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                httpx.get(f"{address}/healthz")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)
