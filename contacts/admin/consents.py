"""Consent of one person: the card on the contact's page, the evidence, unsubscribing, erasure with two people."""

from __future__ import annotations

import json
from collections.abc import Iterable
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
from contacts.domain.consent import ALL, EMAIL, NEWS, Standing, of_person, standing
from contacts.models import Address, Contact, Erasure
from contacts.services import erasing, story
from contacts.services.consent import opt_in, purposes
from contacts.services.consent.evidence import of_subjects
from contacts.services.consent.keys import subjects_of
from contacts.services.consent.reading import entries_of
from contacts.services.consent.unsubscribing import MAY, unsubscribe_contact
from contacts.services.erasing.erasing import MAY as MAY_ERASE
from contacts.services.erasing.telling import person_file

SEE = "contacts.view_consentrecord"
WORDS = {
    "agreed": "agreed",
    "unproven": "said to have agreed, but without evidence: not mailed",
    "nothing": "nothing agreed, not mailed",
    "withdrawn": "unsubscribed",
    "complained": "complained: never mailed again",
    "erased": "erased: never mailed again",
    "cleaned": "cleaned by a MAP: not mailed",
    "bounced": "mail bounced: not mailed",
}


def card(addresses: Iterable[Address]) -> list[dict[str, Any]]:
    """What stands for each address of a contact, the primary one first, by purpose and in words; two queries."""
    shown = {a.key: a.shown for a in addresses}
    told, names = entries_of(shown), purposes.names()
    found = {slug: of_person({a: standing(told.get(a, ()), EMAIL, slug) for a in shown}) for slug in names}
    return [
        {
            "address": text,
            "news": found[NEWS][key],
            "lines": _lines({name: found[slug][key] for slug, name in names.items()}),
            "mailable": any(found[slug][key].mailable for slug in names),
            "stopped": all(found[slug][key].stops for slug in names),
        }
        for key, text in shown.items()
    ]


def opt_in_words(mail: list[dict[str, Any]], contact: Contact) -> str:
    """The contact's Opt-in as its page says it; "" where neither a yes nor a no stands."""
    shown = opt_in((line["news"] for line in mail), contact.lifecycle_stage_id)
    return "" if shown is None else "opted in" if shown else "opted out"


def _lines(by_purpose: dict[str, Standing]) -> list[str]:
    """A line for each purpose; one for all where they say the same."""
    words = {name: "; ".join(WORDS[w] for w in (s.stops or (s.agreement,))) for name, s in by_purpose.items()}
    if len(words) > 1 and len(set(words.values())) == 1:
        return [next(iter(words.values()))]
    return [f"{name}: {said}" for name, said in words.items()]


@needs(SEE)
@require_GET
def contact_consent(request: HttpRequest, pk: int) -> HttpResponse:
    """Every record of a contact's addresses with its evidence; the place to unsubscribe and to ask for an erasure."""
    contact = Contact.objects.filter(pk=pk).first()
    if contact is None:
        return writing.missing(request, pk)
    addresses = list(Address.objects.filter(contact=contact).order_by("-primary", "pk"))
    context = {
        "contact": contact,
        "cards": card(addresses),
        "purposes": purposes.names(),
        "records": of_subjects(subjects_of(a.key for a in addresses).values()),
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
    known = purposes.names()
    purpose = request.POST.get("purpose", "")
    purpose = purpose if purpose in known else ALL
    new = unsubscribe_contact(pk, user=request.user, note=note, at=timezone.now(), purpose=purpose)
    where = "everywhere" if purpose == ALL else f"from {known[purpose]}"
    messages.success(request, f"Unsubscribed {where}." if new else "They were unsubscribed already.")
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


urlpatterns = [
    path("contacts/<int:pk>/consent/", contact_consent, name="contact_consent"),
    path("contacts/<int:pk>/unsubscribe/", contact_unsubscribe, name="contact_unsubscribe"),
    path("contacts/<int:pk>/file/", contact_file, name="contact_file"),
    path("contacts/<int:pk>/erase/", contact_erase, name="contact_erase"),
]
