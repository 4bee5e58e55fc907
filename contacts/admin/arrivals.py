"""The page of one arrival: what came, exactly as received, and what was decided for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse

from contacts.admin.pages import needs, page
from contacts.domain.changes import CustomType, Verdict
from contacts.models import Arrival, Outcome
from contacts.services import story
from contacts.services.explain import DETAILED, rule_words
from contacts.services.stored import custom_types, received_of

TONES = {
    Outcome.CREATED: "good",
    Outcome.FILLED: "good",
    Outcome.HELD: "wait",
    Outcome.REJECTED: "bad",
    "": "wait",
}
DECISIONS = {"written": "good", "refused": "bad", "kept": ""}
IMPORT_RIGHTS = ("contacts.view_importbatch", "contacts.upload_file")
RELATED = "source", "batch", "contact", "repeat_of__batch"


@needs("contacts.view_arrival")
def arrival_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One arrival: its cells, its outcome, and the verdict for each field."""
    arrival = Arrival.objects.select_related(*RELATED).filter(pk=pk).first()
    trail = [("Arrivals", reverse("hub:arrivals"))]
    if arrival is None:
        title = f"No arrival #{pk}"
        return page(request, "hub/arrival_missing.html", title, {"pk": pk}, trail=trail, status=404)
    custom, names = custom_types(), story.load_names()
    items = _items(arrival, custom, names)
    context = {
        "arrival": arrival,
        "source": str(arrival.source or arrival.source_slug),
        "door": _door(arrival),
        "tone": TONES.get(arrival.outcome, ""),
        "items": items,
        "unmapped": sum(not i["label"] for i in items),
        "verdicts": [_verdict(v, names) for v in arrival.verdicts],
        "may_see_imports": any(request.user.has_perm(right) for right in IMPORT_RIGHTS),
    }
    return page(request, "hub/arrival.html", f"Arrival #{pk}", context, trail=trail)


def _door(arrival: Arrival) -> str:
    if arrival.batch:
        return f"{arrival.batch.filename}, row {arrival.row}"
    who = f" by {arrival.actor}" if arrival.actor else ""
    return f"{'typed in' if arrival.door == Arrival.Door.FORM else f'{arrival.get_door_display()}'}{who}"


def _items(arrival: Arrival, custom: Mapping[str, CustomType], names: story.Names) -> list[dict[str, str]]:
    """Column and value as received, and the field that each went to; "" for what was only kept."""
    original = arrival.repeat_of or arrival
    received = received_of(original, custom)
    went = {column: names.label(field) for field, column in (received.columns or {}).items()}
    kept = dict.fromkeys(received.unknown, "")
    return [
        {"column": column, "value": value, "label": (went | kept).get(column, "blank, says nothing")}
        for column, value in arrival.raw_items()
    ]


def _verdict(stored: Sequence[str], names: story.Names) -> dict[str, Any]:
    """A verdict in words. Its tail is cut where it is empty."""
    v = Verdict(*stored)
    detail = v.rule in DETAILED
    return {
        "label": names.label(v.field),
        "offered": _named(v.field, v.offered, names),
        "decision": v.decision,
        "tone": DECISIONS.get(v.decision, ""),
        "words": rule_words(v.rule, v.current),
        "current": "" if detail else v.current,
        "by": _by(v.by),
    }


def _by(text: str) -> str:
    """ "Trade show scan, 3 March" out of the stored "Trade show scan, 2026-03-03"."""
    name, _, at = text.rpartition(", ")
    try:
        return f"{name}, {story.day(datetime.fromisoformat(at))}"
    except ValueError:
        return text


def _named(field: str, text: str, names: story.Names) -> str:
    """Ids and slugs of a written verdict by their names."""
    if field == "source" and text.isdigit():
        return names.shown(field, int(text))
    return names.shown(field, text)


urlpatterns = [path("arrivals/<int:pk>/", arrival_page, name="arrival")]
