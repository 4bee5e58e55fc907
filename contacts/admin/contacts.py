"""The page of one contact ("why does it say that?") and its history. The list is ``contact_list``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse

from contacts.admin import consents
from contacts.admin import contact_writing as writing
from contacts.admin.pages import needs, page
from contacts.domain.lifecycle import StageTable
from contacts.domain.rules import RELEASED, ROW_UNTRANSLATABLE, split_row
from contacts.models import Address, Contact, Merge, Review
from contacts.queries import stage_table
from contacts.services import beside, story
from contacts.services.explain import explain_contact
from contacts.services.explain_words import sentence
from contacts.services.people import CHANGE, NOT_READ, actor_kind, refuse_stage
from contacts.services.release import may_be_released
from contacts.services.timeline import counts, timeline

#: Refused values shown of a field; the arrivals of the contact have them all.
REFUSED_SHOWN = 12
HISTORY_SHOWN = 50
#: Merges named on the page of the contact that stayed.
MERGES_SHOWN = 3
#: Fields that have a rule of their own, so that no refused value is taken for them by a click.
NOT_TAKEN_BY_CLICK = {"email", "source", "owner", "last_activity"}
UNREAD = {*NOT_READ, ROW_UNTRANSLATABLE}


@needs("contacts.view_contact")
def contact_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one contact, each value with where it comes from."""
    contact = Contact.objects.filter(pk=pk).first()
    if contact is None:
        return writing.missing(request, pk)
    names, stages = story.load_names(), stage_table()
    told = explain_contact(contact, names)
    may_change = request.user.has_perm(CHANGE)
    kind = actor_kind(request.user) if may_change else ""
    deciders, seen = beside.deciders(), Seen(contact, kind, stages, beside.placer())
    rows = [
        _row(name, entry, seen, request.GET.get("why", "")) | {"decider": deciders.get(name, "")}
        for name, entry in told["fields"].items()
    ]
    addresses = _addresses(contact)
    mail = consents.card(line["row"] for line in addresses)
    context = {
        "contact": contact,
        "name": str(contact),
        "initials": initials(contact),
        "stage": names.shown("lifecycle_stage", contact.lifecycle_stage_id),
        "owner": names.shown("owner", contact.owner_id),
        "mailbox_case": _mailbox_case(contact),
        "rows": rows,
        "filled": sum(not row["empty"] for row in rows),
        "by_people": sum(row["locked"] for row in rows),
        "addresses": addresses,
        "consent": mail,
        "opt_in": consents.opt_in_words(mail, contact),
        "timeline": _timeline(request, contact, names),
        "counts": counts(contact.pk),
        "may_change": may_change,
        "merges": _merges(contact),
        "cards": beside.cards(contact, request.user),
    }
    return page(request, "hub/contact.html", str(contact), context, trail=writing.trail())


def initials(contact: Contact) -> str:
    """ "SO" for Sean O'Brien; the address's first letter for a contact without a name."""
    names = [contact.first_name.strip(), contact.last_name.strip()]
    return "".join(n[:1] for n in names).upper() or contact.email[:1].upper() or "#"


@dataclass(frozen=True)
class Seen:
    """A contact as somebody sees it: ``kind`` is what they act on stages as, "" for who may not write."""

    contact: Contact
    kind: str
    stages: StageTable
    place: Callable[[Mapping[str, Any] | None], str]


def _row(name: str, entry: Mapping[str, Any], seen: Seen, opened: str) -> dict[str, Any]:
    """One line of the values card, and what opens under it."""
    value, refused, contact = entry["value"], entry["refused"], seen.contact
    released = entry["rule_code"] == RELEASED
    locked = entry["by"] == "person" and name != "last_activity" and not released
    origin = story.written_by(entry["origin"], entry["at"])
    shown = story.as_text(value)
    if name == "last_activity" and contact.last_activity:
        shown = story.in_full(contact.last_activity)
    blanked = value is None and entry["origin"]
    return {
        "field": name,
        "label": entry["label"],
        "value": shown,
        "empty": value is None,
        "origin": f"left blank by {origin}" if blanked else origin or _nobody(value, refused),
        "locked": locked,
        "released": released,
        "releasable": may_be_released(contact.origins, name),
        "place": seen.place(entry["worksheet"]),
        "worksheet": entry["worksheet"],
        "why": bool(entry["origin"] or refused),
        "sentence": sentence(entry),
        "refused": [_refused(name, r, seen) for r in refused[:REFUSED_SHOWN]],
        "refused_count": len(refused),
        "more": max(len(refused) - REFUSED_SHOWN, 0),
        "open": opened == name,
    }


def _nobody(value: Any, refused: Iterable[Any]) -> str:
    return "" if value is not None else "offered, not taken" if refused else "nobody has sent one"


def _refused(name: str, entry: Mapping[str, Any], seen: Seen) -> dict[str, Any]:
    unread = split_row(entry["rule_code"])[0] in UNREAD
    takable = bool(seen.kind) and name not in NOT_TAKEN_BY_CLICK and not unread and bool(entry["value"])
    takable = takable and "merge" not in entry  # what a merged contact had is no arrival's offer
    takable = takable and str(entry["value"]) != str(getattr(seen.contact, name, ""))  # it stands already
    if takable and name == "lifecycle_stage":
        held = seen.stages.get(seen.contact.lifecycle_stage_id or "")
        takable = not refuse_stage(seen.stages, entry["value"], held, seen.kind)
    words = entry["rule"].partition(" (worksheet v")[0] if entry.get("worksheet") else entry["rule"]
    return {
        **entry,
        "place": seen.place(entry.get("worksheet")),
        "shown_rule": words,
        "when": story.moment(datetime.fromisoformat(entry["at"])),
        "takable": takable,
    }


def _mailbox_case(contact: Contact) -> int | None:
    """The open case that asks who writes from the address."""
    if not contact.shared_mailbox:
        return None
    waiting = Review.objects.filter(waiting_key=f"m:{contact.pk}", status=Review.Status.OPEN)
    return waiting.values_list("pk", flat=True).first()


def _merges(contact: Contact) -> list[Merge]:
    """Who became part of it, the newest first; one more than is shown."""
    found = Merge.objects.filter(kept_id=contact.pk, undone_at=None).order_by("-pk")
    return list(found.defer("before", "after", "moved", "verdicts")[: MERGES_SHOWN + 1])


def _addresses(contact: Contact) -> list[dict[str, Any]]:
    found = Address.objects.filter(contact=contact).order_by("-primary", "pk")
    return [{"row": a, "added": f"{a.added_by}, {story.day(a.added_at)}"} for a in found]


def _timeline(request: HttpRequest, contact: Contact, names: story.Names) -> dict[str, Any]:
    place = {key: writing.number(request.GET.get(key, "")) for key in ("h", "a")}
    found = timeline(contact.pk, names, place["h"], place["a"])
    lines = [{"line": line, "when": story.moment(line.at)} for line in found.lines]
    return {"lines": lines, "older": found.older, "newest": not any(place.values())}


@needs("contacts.view_historicalcontact")
def contact_history(request: HttpRequest, pk: int) -> HttpResponse:
    """Every row of the history: who, why, and each field from old to new."""
    contact = Contact.objects.filter(pk=pk).first()
    if contact is None:
        return writing.missing(request, pk)
    before = writing.number(request.GET.get("before", ""))
    events, older = story.events(pk, story.load_names(), HISTORY_SHOWN, before)
    rows = [{"event": e, "when": story.moment(e.at)} for e in events]
    context = {"contact": contact, "rows": rows, "older": older, "newest": before is None}
    trail = [*writing.trail(), (str(contact), reverse("hub:contact", args=[pk]))]
    return page(request, "hub/contact_history.html", "History", context, trail=trail)


urlpatterns = [
    path("contacts/add/", writing.contact_add, name="contact_add"),
    path("contacts/add/match/", writing.contact_match, name="contact_match"),
    path("contacts/<int:pk>/", contact_page, name="contact"),
    path("contacts/<int:pk>/edit/", writing.contact_edit, name="contact_edit"),
    path("contacts/<int:pk>/history/", contact_history, name="contact_history"),
    path("contacts/<int:pk>/take/", writing.contact_take, name="contact_take"),
    path("contacts/<int:pk>/release/", writing.contact_release, name="contact_release"),
    path("contacts/<int:pk>/addresses/", writing.contact_address, name="contact_address"),
]
