"""The same work in several processes, each with its share of it. Where none can be forked, it is done here."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

Work = Callable[[int, int], bytes]


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the garbage collector: millions of small values that hold no cycles are not looked at again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def shared_out(work: Work, processes: int) -> list[bytes]:
    """The answers of ``work(share, shares)`` for each share. A forked process sees all data without a copy.

    Raises RuntimeError if a process dies before it has answered.
    """
    if processes < 2 or "fork" not in multiprocessing.get_all_start_methods():
        return [work(0, 1)]
    context = multiprocessing.get_context("fork")
    others = []
    for share in range(1, processes):
        mine, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_answer, args=(work, share, processes, theirs), daemon=True)
        process.start()
        theirs.close()
        others.append((mine, process))
    try:
        answers = [work(0, processes)]
        for pipe, process in others:
            answers.append(_received(pipe))
            process.join()
    finally:
        for _, process in others:
            process.kill()
    return answers


def _answer(work: Work, share: int, shares: int, pipe: Connection) -> None:
    pipe.send_bytes(work(share, shares))
    pipe.close()


def _received(pipe: Connection) -> bytes:
    try:
        return pipe.recv_bytes()
    except EOFError:
        raise RuntimeError("A process of the search ended before its work was done.") from None
