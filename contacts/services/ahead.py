"""The records of a file, read and translated ahead of their time: a child process works on the next ones while
this one decides and writes. The rows and their order are the same without it.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from contacts.domain.changes import Policy
from contacts.domain.packing import Packed
from contacts.models import ImportBatch
from contacts.queries import policy_for
from contacts.readers import UnreadableFile, ahead_child
from contacts.readers.ahead_child import HEAD, Job
from contacts.services.file_rows import CHUNK
from contacts.services.uploads import layout_of, path_of

_ROOT = str(Path(__file__).resolve().parents[2])
_CODE = "import sys; sys.path.insert(0, sys.argv.pop(1)); from contacts.readers.ahead_child import main; main()"


class ChildLost(Exception):
    """The child ended before its work did, killed or out of memory."""


def translated(batch: ImportBatch, *, skip: int = 0) -> Iterator[tuple[list[Packed], Policy]]:
    """The packed records of a batch from row ``skip`` + 1 on, some at a time, with the policy they were read under.

    When ops change the policy meanwhile, what was read ahead is read again. Raises ``UnreadableFile``.
    """
    alone = batch.rows - skip <= CHUNK  # not worth a process
    while True:
        job = job_for(batch, skip)
        try:
            with _reading(job, alone=alone) as chunks:
                for chunk in chunks:
                    if policy_for(batch.source) != job.policy:
                        break
                    skip += len(chunk)
                    yield chunk, job.policy
                else:
                    return
        except ChildLost:
            alone = True


def job_for(batch: ImportBatch, skip: int) -> Job:
    """What the child needs to know to read a batch from row ``skip`` + 1 on."""
    policy = policy_for(batch.source)
    return Job(str(path_of(batch)), layout_of(batch), batch.mapping, policy, skip, CHUNK)


@contextmanager
def _reading(job: Job, *, alone: bool) -> Iterator[Iterator[list[Packed]]]:
    if alone:
        yield ahead_child.chunks(job)
        return
    command = [sys.executable, "-I", "-c", _CODE, _ROOT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        try:
            assert child.stdin
            assert child.stdout
            with suppress(BrokenPipeError):  # gone already: the missing end will say so
                pickle.dump(tuple(job), child.stdin)
                child.stdin.close()
            yield _frames(child.stdout)
        finally:
            child.kill()


def _frames(answers: BinaryIO) -> Iterator[list[Packed]]:
    while len(head := answers.read(HEAD.size)) == HEAD.size:
        kind, length = HEAD.unpack(head)
        body = answers.read(length)
        if len(body) < length:
            break
        if kind == ahead_child.END:
            return
        found = pickle.loads(body)  # noqa: S301 (our own child made it)
        if kind == ahead_child.UNREADABLE:
            raise UnreadableFile(found)
        yield found
    raise ChildLost
