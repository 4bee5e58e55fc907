"""What workers do for the rule-book. Each task only looks at rows: it may run twice, late or never."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from syncrules.services import audit, health


@shared_task
def sweep_proofs() -> None:
    """Find audits and health reports that wait or whose worker is gone."""
    now = timezone.now()
    for audit_id in audit.unfinished(now):
        look_at_audit.delay(audit_id)
    for report_id in health.unfinished(now):
        look_at_health.delay(report_id)


@shared_task
def look_at_audit(audit_id: int) -> None:
    """Work on a duplicate audit: read, or carry its plan out."""
    audit.work(audit_id)


@shared_task
def look_at_health(report_id: int) -> None:
    """Work out a health report."""
    health.work(report_id)


@shared_task
def nightly_health() -> None:
    """Start the night's health report, once; the next sweep finds it."""
    health.start_nightly(timezone.now())
