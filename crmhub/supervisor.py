"""Runs a handful of programs as one: all up or all down, and nothing left behind.

Each child leads a process group of its own, so Ctrl-C in the terminal reaches only this process and the
children are asked to stop in order, not shot. The kernel ends them (TERM) if this process is killed outright.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from crmhub.environment import BASE_DIR
from crmhub.processes import die_with_parent

GRACE = 15.0
TICK = 0.1


@dataclass(frozen=True)
class Program:
    """What to start, what to call it in messages, and what it gets beside this process's environment."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


class Supervisor:
    """Starts the programs, watches them, stops them."""

    def __init__(self, programs: list[Program], grace: float = GRACE) -> None:
        self.programs = programs
        self.grace = grace
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.asked_to_stop = False

    def run(self, on_start: Callable[[], None]) -> str:
        """Until a signal asks to stop (answers "") or a program ends by itself (answers which and how)."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        try:
            for program in self.programs:
                self.running[program.name] = _start(program)
            return self._watch(on_start)
        finally:
            self._stop_all()

    def _ask_to_stop(self, number: int, frame: object) -> None:
        self.asked_to_stop = True

    def _watch(self, on_start: Callable[[], None]) -> str:
        started = False
        while not self.asked_to_stop:
            if ended := self._first_ended():
                return ended
            if not started:
                on_start()
                started = True
            time.sleep(TICK)
        return ""

    def _first_ended(self) -> str:
        for name, process in self.running.items():
            if (status := process.poll()) is not None:
                return f"{name} ended by itself ({_how(status)})"
        return ""

    def _stop_all(self) -> None:
        """TERM to each leader, which stops its own children; KILL to what is left in the end."""
        say("Stopping; work in hand is finished first ...")
        for process in self.running.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + self.grace
        for process in self.running.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                continue
        for process in self.running.values():
            _kill_group(process)


def _start(program: Program) -> subprocess.Popen[bytes]:
    parent = os.getpid()
    return subprocess.Popen(
        program.command,
        cwd=BASE_DIR,
        env={**os.environ, **program.environment},
        stdin=subprocess.DEVNULL,
        process_group=0,
        preexec_fn=lambda: die_with_parent(parent),
    )


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # nobody left in it
    process.wait()


def _how(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def say(text: str) -> None:
    """To the operator, at once: the output may be a pipe."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
