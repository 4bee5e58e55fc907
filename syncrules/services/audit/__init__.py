"""Duplicate audits of the hub and of MAPs: found, planned, and carried out as work that can be stopped and resumed."""

from syncrules.services.audit.deciding import decide, go_on, leave, stop
from syncrules.services.audit.work import HUB, newest, start, subject, target, unfinished, work

__all__ = ["HUB", "decide", "go_on", "leave", "newest", "start", "stop", "subject", "target", "unfinished", "work"]
