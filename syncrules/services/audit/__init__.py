"""Duplicate audits of the hub and of MAPs: found, planned, and carried out as work that can be stopped and resumed."""

from syncrules.services.audit.deciding import READY, decide, go_on, leave, stop
from syncrules.services.audit.work import HUB, name_of, newest, start, subject, target, unfinished, work

__all__ = [
    "HUB",
    "READY",
    "decide",
    "go_on",
    "leave",
    "name_of",
    "newest",
    "start",
    "stop",
    "subject",
    "target",
    "unfinished",
    "work",
]
