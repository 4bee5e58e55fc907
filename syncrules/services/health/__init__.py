"""Health: the four figures, worked out as reports that are kept. Pages read a report and never work one out."""

from syncrules.services.health.mailing import mail, recipients
from syncrules.services.health.reading import Latest, Trend, latest, report, reports, trend
from syncrules.services.health.work import start, start_nightly, unfinished, work

__all__ = [
    "Latest",
    "Trend",
    "latest",
    "mail",
    "recipients",
    "report",
    "reports",
    "start",
    "start_nightly",
    "trend",
    "unfinished",
    "work",
]
