"""The worker's sign of life, left where every web process of every host can read it: at the broker.

A Celery ping would hold a request for its whole time-out and leaves messages behind for workers that are
gone. A mark that the worker renews costs one file touch, or one Redis key that expires by itself.
"""

import time
from functools import cache
from pathlib import Path
from typing import Any

import redis
from celery import bootsteps

from crmhub import environment

EVERY = 3.0
FRESH_FOR = 15.0
KEY = "crmhub:worker-heartbeat"
PROBE_TIMEOUT = 2.0


class WorkerHeartbeat(bootsteps.StartStopStep):
    """Renews the mark from the worker's main process for as long as the worker runs."""

    requires = {"celery.worker.components:Timer"}

    def __init__(self, parent: Any, **options: Any) -> None:
        self.timer_entry: Any = None

    def start(self, parent: Any) -> None:
        self.timer_entry = parent.timer.call_repeatedly(EVERY, mark, priority=10)
        parent.timer.call_after(0.1, mark)

    def stop(self, parent: Any) -> None:
        if self.timer_entry is not None:
            self.timer_entry.cancel()
        forget()


def mark() -> None:
    """Say "a worker is alive now". A broker that is away is the probe's news, not this timer's."""
    try:
        if environment.current().embedded_broker:
            _file().touch()
        else:
            _redis().set(KEY, f"{time.time():.0f}", ex=int(FRESH_FOR))
    except (OSError, redis.RedisError):
        return


def forget() -> None:
    """Take the mark away at a polite stop, so that readiness ends at once. Other workers renew theirs."""
    try:
        if environment.current().embedded_broker:
            _file().unlink(missing_ok=True)
        else:
            _redis().delete(KEY)
    except (OSError, redis.RedisError):
        return


def broker_problem() -> str:
    """Why messages cannot be handed over now; empty when they can."""
    try:
        if environment.current().embedded_broker:
            probe = environment.current().broker_folder / "queue" / "probe.part"
            probe.touch()
        else:
            _redis().ping()
    except (OSError, redis.RedisError) as problem:
        return f"broker not reachable ({type(problem).__name__})"
    return ""


def worker_problem() -> str:
    """Why no worker can be counted on; empty when one was heard from lately."""
    try:
        if environment.current().embedded_broker:
            heard = time.time() - _file().stat().st_mtime < FRESH_FOR
        else:
            heard = bool(_redis().exists(KEY))
    except (OSError, redis.RedisError):
        heard = False
    return "" if heard else f"no worker heard from in the last {FRESH_FOR:.0f} seconds"


def _file() -> Path:
    return environment.current().broker_folder / "heartbeat"


@cache
def _redis() -> redis.Redis:
    """One client a process; its pool notices a fork by itself."""
    return redis.Redis.from_url(
        environment.current().broker_url, socket_timeout=PROBE_TIMEOUT, socket_connect_timeout=PROBE_TIMEOUT
    )
