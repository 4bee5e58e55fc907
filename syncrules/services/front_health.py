"""The four health figures on the front page, each beside its target and with its trend."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User

from contacts.services.beside import Card
from contacts.services.front_parts import Part
from syncrules.domain.charts import spark
from syncrules.services import health

SEE, RUN = "syncrules.view_healthreport", "syncrules.run_health"


def part(user: User, now: datetime) -> Part:
    """Of the newest report, which is only read here; two queries."""
    if not user.has_perm(SEE):
        return Part()
    latest = health.latest()
    figures = [{"is": one, "spark": spark(one.trend, one.target)} for one in latest.figures] if latest else []
    card = Card("hub/front_health.html", {"latest": latest, "figures": figures, "may_run": user.has_perm(RUN)})
    return Part(cards=[card])
