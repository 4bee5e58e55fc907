"""The two-way sync test of a connection: started, worked on, stopped, cleaned up, and shown (playbook, Step 5)."""

from syncrules.services.two_way.retesting import retest
from syncrules.services.two_way.starting import Refused, newest, start, stop, unfinished
from syncrules.services.two_way.working import run_here, work

__all__ = ["Refused", "newest", "retest", "run_here", "start", "stop", "unfinished", "work"]
