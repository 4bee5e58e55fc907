"""What the addresses of the review pages say: the filters of the queue, which go along from case to case."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from contacts.domain import queue as judged
from contacts.models import Review, Source
from contacts.services.review import queue

#: Decisions of this session that ``z`` takes back one after the other, the newest last.
DONE, MOST_DONE = "review_done", 50


def filters_of(request: HttpRequest) -> queue.Filters:
    """The filters in the address."""
    return queue.Filters(**{name: request.GET.get(name, "").strip()[:60] for name in vars(queue.Filters())})


def with_filters(address: str, filters: queue.Filters, **more: Any) -> str:
    """An address that keeps the filters."""
    asked = urlencode(filters.given | more)
    return f"{address}?{asked}" if asked else address


def case_address(case_id: int, filters: queue.Filters, **more: Any) -> str:
    return with_filters(reverse("hub:review", args=[case_id]), filters, **more)


def queue_address(filters: queue.Filters) -> str:
    return with_filters(reverse("hub:reviews"), filters)


def choices() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The filters as selects: name, label, options."""
    return [
        ("source", "Source", list(Source.objects.values_list("slug", "name"))),
        ("kind", "Kind", list(Review.Kind.choices)),
        ("score", "How sure", list(queue.SCORES.items())),
        ("age", "Waiting", list(queue.AGES.items())),
        ("who", "Who has it", list(queue.OWNERS.items())),
    ]


def filters_in_words(filters: queue.Filters, known: list[tuple[str, str, list[tuple[str, str]]]]) -> str:
    """ "Trade show scan, over the aim"; "all cases" without any."""
    said = [dict(options).get(filters.given[name], "?") for name, _, options in known if name in filters.given]
    return ", ".join(said) or "all cases"


def how_long(since: datetime, now: datetime) -> str:
    """How long a case waits: "40 min", "31 h", "5 days"."""
    minutes = max(int((now - since).total_seconds() // 60), 0)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 96 * 60 else f"{minutes // (24 * 60)} days"


def sure_words(score: int | None) -> str:
    """ "very likely, 0.95"; "" where nobody can say."""
    return f"{judged.sureness(score)}, {score / 100:.2f}" if score is not None else ""


def note_done(request: HttpRequest, case: Review) -> None:
    """Remember a decision for the bar that offers to take it back."""
    name = case.who or (f"#{case.contact_id}" if case.contact_id else "")
    done = [*request.session.get(DONE, []), [case.pk, name, case.trace.get("said", "")]]
    request.session[DONE] = done[-MOST_DONE:]


def forget_done(request: HttpRequest, case_id: int) -> None:
    """What was taken back is not offered again."""
    request.session[DONE] = [entry for entry in request.session.get(DONE, []) if entry[0] != case_id]


def last_done(request: HttpRequest) -> dict[str, Any] | None:
    """The newest decision of this session that can be taken back."""
    done = request.session.get(DONE)
    return dict(zip(("case", "name", "said"), done[-1], strict=True)) if done else None
