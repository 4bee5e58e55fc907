"""A report by mail: the figures and what each miss is, no person's data. Nothing is sent where mail is not set up."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.validators import validate_email

from syncrules.domain.scorecard import TITLES, headline
from syncrules.models import HealthReport, HealthTargets

log = structlog.get_logger(__name__)


class NotSent(Exception):
    """The mail did not go out; the text says why."""


def recipients() -> list[str]:
    """Who gets the reports, as ops said; none where mail is not set up."""
    return addresses(HealthTargets.load().mail_to) if settings.MAIL_IS_SET_UP else []


def addresses(text: str) -> list[str]:
    """One address a line. Raises ``ValidationError`` for what is none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines:
        validate_email(line)
    return list(dict.fromkeys(lines))


def mail_by_itself(report_id: int) -> None:
    """What the schedule worked out goes to everybody who asked for it; a mail that fails is only logged."""
    report = HealthReport.objects.get(pk=report_id)
    by_schedule = report.kind != HealthReport.Kind.ASKED and report.status == HealthReport.Status.DONE
    if not by_schedule or not recipients():
        return
    try:
        mail(report)
    except NotSent as problem:
        log.warning("health_not_mailed", report=report_id, why=str(problem))


def mail(report: HealthReport) -> list[str]:
    """Send a report; who got it. Raises ``NotSent``."""
    to = recipients()
    if not to:
        why = "No address is given." if settings.MAIL_IS_SET_UP else "No mail server is set (EMAIL_URL)."
        raise NotSent(why)
    figures = [report.summary[name] for name in TITLES]
    subject = f"Health{f', day {report.day}' if report.day else ''}: {headline(figures)}"
    try:
        EmailMessage(subject, text_of(report), to=to).send()
    except OSError as error:  # SMTP's own errors are among these
        raise NotSent(f"The mail server did not take it: {type(error).__name__}.") from None
    HealthReport.objects.filter(pk=report.pk).update(mailed_to=", ".join(to))
    return to


def text_of(report: HealthReport) -> str:
    """The report in plain words."""
    lines = [f"Worked out {report.finished_at:%-d %B %Y, %H:%M} UTC, {report.contacts:,} contacts.", ""]
    for name, title in TITLES.items():
        one = report.summary[name]
        state = {True: "met", False: "NOT MET", None: "can't be said yet"}[one["passed"]]
        lines += [f"{title}: {one['shown']} (target {one['aim']}), {state}"]
        lines += [f"  {one['note']}"] if one["note"] else []
    return "\n".join([*lines, "", f"Report {report.pk}; samples drawn with seed {report.seed}."])
