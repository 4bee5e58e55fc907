"""Overwrite incidents from the history, and which rows let connections write what they wrote."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count

from contacts.domain import rules
from contacts.models import Contact
from syncrules.domain.scorecard import Figure, Targets
from syncrules.domain.scorecard import incidents as judged
from syncrules.services import incidents

WINDOW = timedelta(days=30)
#: Incidents that a report lists, and rows of the table of what was allowed.
MOST, ROWS = 20, 12
#: Rules that let a connection change a value that was there; the others only fill.
OVERWRITE = frozenset({"fresh", "stage", "unsubscribe"})


def work_out(at: datetime, targets: Targets) -> Figure:
    """The figure, with each incident by contact and field. Values are not kept: the history has them."""
    now = incidents.count_incidents(at - WINDOW)
    before = incidents.count_incidents(at - 2 * WINDOW) - now
    found = incidents.find(at - WINDOW, MOST) if now else []
    sample = [
        {"contact": i.contact, "field": i.field, "who": i.who, "at": i.at.isoformat(timespec="seconds"),
         "history": i.history}
        for i in found
    ]  # fmt: skip
    return judged(now, before, sample, targets)


def allowed(at: datetime) -> list[dict[str, Any]]:
    """What connections wrote by rows that may overwrite, in 60 days: field, rule, row and how often."""
    history = Contact.history.model.objects.filter(
        history_date__gte=at - 2 * WINDOW, history_type="~", history_user_id=None,
        history_change_reason__contains=" worksheet v",
    )  # fmt: skip
    counts: Counter[tuple[str, str, int, int]] = Counter()
    reasons = history.order_by().values_list("history_change_reason").annotate(n=Count("history_id"))
    for reason, count in reasons.iterator():
        for part in reason.partition(": ")[2].split(", "):
            name, _, rule = part.partition(" ")
            code, version, row = rules.split_row(rule)
            if code in OVERWRITE:
                counts[name, code, version, row] += count
    return [
        {"field": name, "rule": code, "version": version, "row": row, "count": count}
        for (name, code, version, row), count in counts.most_common(ROWS)
    ]
