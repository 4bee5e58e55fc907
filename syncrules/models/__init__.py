"""The tables of the rule-book: connections, their worksheets, what was agreed with each MAP, and what is under way."""

from syncrules.models.changes import ConnectionChange
from syncrules.models.connection import Connection, Link, Pull
from syncrules.models.inbox import Hook, Look
from syncrules.models.outbox import Push
from syncrules.models.syncing import CallBudget, SyncCount, SyncError, SyncRun
from syncrules.models.worksheet import WorksheetEdit, WorksheetRow, WorksheetVersion

__all__ = [
    "CallBudget",
    "Connection",
    "ConnectionChange",
    "Hook",
    "Link",
    "Look",
    "Pull",
    "Push",
    "SyncCount",
    "SyncError",
    "SyncRun",
    "WorksheetEdit",
    "WorksheetRow",
    "WorksheetVersion",
]
