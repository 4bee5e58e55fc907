"""A guard against work that would never end: quadratic reading of a million characters takes hours."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

#: Hundreds of times what the work takes, so that a busy machine never matters.
PATIENCE = 30


@contextmanager
def comes_to_an_end() -> Iterator[None]:
    """Fail when what is inside goes on and on."""

    def give_up(*_: object) -> None:
        raise AssertionError(f"still going on after {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
