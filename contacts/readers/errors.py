"""The one error of this package, and sentences that several of its modules say."""

from __future__ import annotations


class UnreadableFile(Exception):
    """A file can't be read. ``str(e)`` is one clear sentence for a person: what, where, what to do next."""


#: What a person reads when the disk is full.
NO_ROOM = "The hub’s disk is full: nothing of the file was kept. Tell ops, who can make room, and send it again then."
#: What a person reads when a file was removed.
GONE = "The file of this import is not there any more: upload it again."
