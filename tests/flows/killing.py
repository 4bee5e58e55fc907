"""Kit of law C2: processes that kill themselves at a chosen moment of their work, and others that go on with it.

Run as a program inside a hub. It forks a child for each of them, because starting Python and Django anew costs
more than the work does; the children share nothing but what was loaded before.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

NEVER = 0
#: When the work of a command was done.
OVER = {"intake": {"status": "done"}, "undo_import": {"dry_run__undo__step": "done"}}


class Fuse:
    """Counts the moments before and after each statement; at one of them there is no more process."""

    def __init__(self, at: int) -> None:
        self.at, self.passed = at, 0

    def __call__(self, execute: Callable[..., Any], *args: Any) -> Any:
        self._moment()
        try:
            return execute(*args)
        finally:
            self._moment()

    def _moment(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def work(command: Sequence[str], at: int) -> int:
    """A command of ``manage.py``, to its end or to that moment; how many moments there were."""
    from django.core.management import call_command
    from django.db import connection

    fuse = Fuse(at)
    with connection.execute_wrapper(fuse):
        call_command(*command)
    return fuse.passed


def go_on(command: Sequence[str]) -> int:
    """What happens next: a worker sweeps; where nothing had begun, somebody gives the command again."""
    from django.core.management import call_command
    from django.utils import timezone

    from contacts import tasks
    from contacts.models import ImportBatch
    from contacts.services import leases, undo

    found = [*leases.unfinished(timezone.now()), *undo.unfinished(timezone.now())]
    for number in found:
        tasks.look_at_import(number)
    if not found and not ImportBatch.objects.filter(**OVER[command[0]]).exists():
        call_command(*command)
    return len(found)


def in_a_child(folder: str, database: str, act: Callable[[], int]) -> str:
    """Do it in a process of its own, in the hub of that folder and database: what it told, or how it ended."""
    from django.conf import settings
    from django.db import connection

    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        settings.UPLOAD_ROOT = Path(folder) / "uploads"
        connection.settings_dict["NAME"] = database
        with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
            told = act()
        os.write(writer, str(told).encode())
        os._exit(0)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reader) as said:
        number = os.WTERMSIG(status)
        return said.read() or (signal.Signals(number).name if number else "failed")


def main() -> None:
    """Arguments: the command, and a list of folder, database and moment, as JSON; prints a line for each of them."""
    import django

    django.setup()
    import contacts.management.commands.intake
    import contacts.management.commands.undo_import
    import contacts.tasks  # noqa: F401  (loaded once, for all of them)

    command, points = json.loads(sys.argv[1]), json.loads(sys.argv[2])
    for folder, database, at in points:
        ended = in_a_child(folder, database, lambda at=at: work(command, at))  # type: ignore[misc]
        went_on = "" if at == NEVER else in_a_child(folder, database, lambda: go_on(command))
        print(ended, went_on, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
