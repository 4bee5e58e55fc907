"""Processes that end when the one that started them ends, however that happens (Linux; elsewhere a no-op)."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(parent: int | None = None) -> None:
    """Ask the kernel for a TERM when the parent dies. TERM, not KILL: a worker must stop its own children.

    `parent` is the expected parent's id: when it died before the request was made, leave at once.
    """
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os._exit(1)
