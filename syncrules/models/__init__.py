"""The tables of the rule-book: connections, worksheets, what was agreed with each MAP, audits, health."""

from syncrules.models.audit import Audit, AuditGroup, AuditStep
from syncrules.models.changes import ConnectionChange
from syncrules.models.connection import Connection, Link, Pull
from syncrules.models.health import HealthReport, HealthTargets
from syncrules.models.inbox import Hook, Look
from syncrules.models.opt_outs import OptOutOrder
from syncrules.models.outbox import Push
from syncrules.models.proof import MarkedRecord, Override, Pilot, PilotMember, PilotWrite, TwoWayTest
from syncrules.models.syncing import CallBudget, SyncCount, SyncError, SyncRun
from syncrules.models.worksheet import WorksheetEdit, WorksheetRow, WorksheetVersion

__all__ = [
    "Audit",
    "AuditGroup",
    "AuditStep",
    "CallBudget",
    "Connection",
    "ConnectionChange",
    "HealthReport",
    "HealthTargets",
    "Hook",
    "Link",
    "Look",
    "MarkedRecord",
    "OptOutOrder",
    "Override",
    "Pilot",
    "PilotMember",
    "PilotWrite",
    "Pull",
    "Push",
    "SyncCount",
    "SyncError",
    "SyncRun",
    "TwoWayTest",
    "WorksheetEdit",
    "WorksheetRow",
    "WorksheetVersion",
]
