"""The tables of the rule-book: connections, their worksheets, and what was agreed with each MAP."""

from syncrules.models.connection import Connection, Link, Pull
from syncrules.models.worksheet import WorksheetEdit, WorksheetRow, WorksheetVersion

__all__ = ["Connection", "Link", "Pull", "WorksheetEdit", "WorksheetRow", "WorksheetVersion"]
