"""The child process that reads and translates a file while its parent decides and writes. See ``services/ahead``.

Takes a pickled ``Job`` on standard input and answers on standard output with frames: one letter, the
length, and a pickle. R: the next records, packed; E: the sentence of an ``UnreadableFile``; Z: the end.
"""

from __future__ import annotations

import gc
import pickle
import struct
import sys
import traceback
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

from contacts.domain import reasons, rules
from contacts.domain.changes import Incoming, Policy, Received
from contacts.domain.packing import Packed, pack
from contacts.domain.translate import translate

from .errors import UnreadableFile
from .layout import Layout
from .records import RowReader
from .rows import read_rows

HEAD = struct.Struct("!cI")
ROWS, UNREADABLE, END = b"R", b"E", b"Z"


class Job(NamedTuple):
    """Which rows of which file, how they are read, and under which policy they are translated."""

    path: str
    layout: Layout
    mapping: dict[str, str]
    policy: Policy
    skip: int
    size: int


def main() -> None:
    """Answers one job and ends."""
    gc.disable()  # it makes no cycles, and lives as long as one file
    job = Job(*pickle.load(sys.stdin.buffer))  # noqa: S301 (our own parent made it)
    out = sys.stdout.buffer
    try:
        for packed in chunks(job):
            _send(out, ROWS, packed)
    except UnreadableFile as error:
        _send(out, UNREADABLE, str(error))
    _send(out, END, None)


def chunks(job: Job) -> Iterator[list[Packed]]:
    """The packed records of a job, ``size`` at a time."""
    reader = RowReader(job.layout.columns, job.mapping, job.policy.source.slug)
    rows = read_rows(job.path, job.layout, skip=job.skip)
    while packed := [pack(_record(reader.received(row), job.policy)) for row in islice(rows, job.size)]:
        yield packed


def _record(received: Received, policy: Policy) -> Incoming:
    """The record in the hub's terms. One that breaks the translation costs only itself, and may be sent again."""
    try:
        return translate(received, policy)
    except Exception:
        traceback.print_exc()
        kept = replace(received, delivery_key=None)
        return Incoming(kept, {}, [], rejected=rules.UNSTORABLE, reason=reasons.UNSTORABLE_ROW)


def _send(out: BinaryIO, kind: bytes, what: Any) -> None:
    body = pickle.dumps(what, protocol=5)
    out.write(HEAD.pack(kind, len(body)))
    out.write(body)
    out.flush()
