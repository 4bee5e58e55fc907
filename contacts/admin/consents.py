"""Consent: the card on a contact's page, its evidence, unsubscribing, erasure with two people, and the reports."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts.admin import contact_writing as writing
from contacts.admin.pages import needs, page
from contacts.domain.consent import NEWS, of_person, purpose_words
from contacts.models import Address, Contact, Erasure
from contacts.services import erasing, story
from contacts.services.consent import of_addresses, reports
from contacts.services.consent.evidence import of_subjects
from contacts.services.consent.keys import subjects_of
from contacts.services.consent.unsubscribing import MAY, unsubscribe_contact
from contacts.services.erasing.erasing import MAY as MAY_ERASE
from contacts.services.erasing.telling import person_file

SEE = "contacts.view_consentrecord"
SHOWN = 100
WORDS = {
    "agreed": "agreed",
    "unproven": "said to have agreed, but without evidence: not mailed",
    "nothing": "nothing agreed: not mailed",
    "withdrawn": "unsubscribed",
    "complained": "complained: never mailed again",
    "erased": "erased: never mailed again",
    "cleaned": "cleaned by a MAP: not mailed",
    "bounced": "mail bounced: not mailed",
}


def card(contact: Contact) -> list[dict[str, Any]]:
    """What stands for each address of a contact, in words."""
    rows = Address.objects.filter(contact=contact).order_by("-primary", "pk")
    shown = dict(rows.values_list("key", "shown"))
    standings = of_person(of_addresses(shown))
    return [
        {"address": shown[key], "mailable": s.mailable, "stopped": bool(s.stops),
         "words": "; ".join(WORDS[w] for w in (s.stops or (s.agreement,)))}
        for key, s in standings.items()
    ]  # fmt: skip


@needs(SEE)
@require_GET
def contact_consent(request: HttpRequest, pk: int) -> HttpResponse:
    """Every record of a contact's addresses with its evidence; the place to unsubscribe and to ask for an erasure."""
    contact = Contact.objects.filter(pk=pk).first()
    if contact is None:
        return writing.missing(request, pk)
    addresses = Address.objects.filter(contact=contact).values_list("key", flat=True)
    context = {
        "contact": contact,
        "cards": card(contact),
        "records": of_subjects(subjects_of(addresses).values()),
        "purpose": purpose_words(NEWS),
        "asked": Erasure.objects.filter(contact_id=pk, done_at=None).first(),
        "me": story.person_name(request.user),
    }
    trail = [*writing.trail(), (str(contact), reverse("hub:contact", args=[pk]))]
    return page(request, "hub/consent_contact.html", "What they agreed to", context, trail=trail)


@needs(MAY)
@require_POST
def contact_unsubscribe(request: HttpRequest, pk: int) -> HttpResponse:
    """The person said no to somebody who works with the hub."""
    if not Contact.objects.filter(pk=pk).exists():
        return writing.missing(request, pk)
    note = request.POST.get("note", "").strip()[:500]
    new = unsubscribe_contact(pk, user=request.user, note=note, at=timezone.now())
    messages.success(request, "Unsubscribed everywhere." if new else "They were unsubscribed already.")
    return redirect("hub:contact_consent", pk)


@needs(MAY_ERASE)
@require_GET
def contact_file(request: HttpRequest, pk: int) -> HttpResponse:
    """All that is known of a person, as a file for the person."""
    contact = Contact.objects.filter(pk=pk).first()
    if contact is None:
        return writing.missing(request, pk)
    text = json.dumps(person_file(contact, timezone.now()), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
    answer = HttpResponse(text, content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="contact-{pk}.json"'
    return answer


@needs(MAY_ERASE)
@require_POST
def contact_erase(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for an erasure, or agree to what somebody else asked for."""
    asked = Erasure.objects.filter(contact_id=pk, done_at=None).first()
    try:
        if request.POST.get("act") == "agree" and asked is not None:
            done = erasing.agree(asked.pk, user=request.user, at=timezone.now())
            messages.success(request, f"Contact #{done.contact_id} is forgotten (erasure {done.pk}).")
            return redirect("hub:contacts")
        erasing.ask(pk, reason=request.POST.get("reason", ""), user=request.user, at=timezone.now())
        messages.success(request, "Asked. It waits for a second person to agree.")
    except erasing.Refused as error:
        messages.error(request, str(error))
    return redirect("hub:contact_consent", pk)


@needs(SEE)
@require_GET
def consent_reports(request: HttpRequest) -> HttpResponse:
    """Who may be mailed right now, which agreements lack evidence, what changed this week."""
    count, mailed = reports.first(reports.mailable(), SHOWN)
    unproven, lacking = reports.unproven(SHOWN)
    changed, newest = reports.since(timezone.now(), SHOWN)
    context = {
        "purpose": purpose_words(NEWS), "mailable": count, "mailed": mailed, "unproven": unproven, "lacking": lacking,
        "changed": changed, "newest": newest, "erasures": Erasure.objects.all()[:SHOWN],
    }  # fmt: skip
    return page(request, "hub/consent_reports.html", "Consent", context)


urlpatterns = [
    path("contacts/<int:pk>/consent/", contact_consent, name="contact_consent"),
    path("contacts/<int:pk>/unsubscribe/", contact_unsubscribe, name="contact_unsubscribe"),
    path("contacts/<int:pk>/file/", contact_file, name="contact_file"),
    path("contacts/<int:pk>/erase/", contact_erase, name="contact_erase"),
    path("consent/", consent_reports, name="consents"),
]
