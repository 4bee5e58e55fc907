"""The one error of this package."""

from __future__ import annotations


class UnreadableFile(Exception):
    """A file can't be read. ``str(e)`` is one clear sentence for a person: what, where, what to do next."""
