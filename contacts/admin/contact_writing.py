"""Where people write contacts: add with the match while typing, edit, addresses, and taking a refused value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from contacts.admin.pages import needs, page
from contacts.domain.changes import Plan
from contacts.forms import CUSTOM, WAS, AddForm, EditForm
from contacts.models import Arrival, Contact, Merge, Refusal
from contacts.queries import stage_table
from contacts.services import story, typed
from contacts.services.addresses import add_address, make_primary, remove_alias
from contacts.services.explain import explain_contact, offered_value, refused_value, values_of
from contacts.services.merged import living_id, way_out
from contacts.services.people import CHANGE, Conflict, Invalid, edit_contact
from contacts.services.records import storable
from contacts.services.release import release, take_back
from contacts.services.stored import custom_types

ADD = "contacts.add_contact"
MEANWHILE = "Somebody changed this contact while you had it open. Nothing was saved; what you typed is below."


def trail() -> list[tuple[str, str]]:
    """The path to every page of a contact."""
    return [("Contacts", reverse("hub:contacts"))]


def number(text: str) -> int | None:
    """A number out of an address; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def missing(request: HttpRequest, pk: int) -> HttpResponse:
    """The page for a number that no contact has; one that was merged leads to the contact that it is part of."""
    left, home = way_out(pk), living_id(pk)
    if left is not None and home is not None:
        return _lead_home(request, left, home)
    return page(request, "hub/contact_missing.html", f"No contact #{pk}", {"pk": pk}, trail=trail(), status=404)


def _lead_home(request: HttpRequest, left: Merge, home: int) -> HttpResponse:
    """To the same page of the contact that stayed, with a line that says so. What was sent is not stored."""
    where = reverse("hub:merge_show", args=[left.pk])
    on = story.day(left.merged_at)
    words = '#{} {} was merged into this contact by {}, {} (<a href="{}">merge {}</a>).'
    said = format_html(words, left.lost_id, left.lost_name, left.merged_by_name, on, where, left.pk)
    if request.method == "POST":
        messages.warning(request, format_html("{} Nothing of what you sent was stored.", said))
        return redirect("hub:contact", home)
    messages.info(request, said)
    return redirect(request.resolver_match.view_name, home)


def _add_form(request: HttpRequest) -> AddForm:
    return AddForm(request.POST or None, user=request.user, stages=stage_table(), custom=custom_types())


@needs(ADD)
@require_http_methods(["GET", "POST"])
def contact_add(request: HttpRequest) -> HttpResponse:
    """Type in a record: it goes the way of every arrival, and never makes a second contact of a person."""
    form = _add_form(request)
    if request.method == "POST" and form.is_valid():
        values, token = form.typed(), form.cleaned_data["token"]
        record = typed.typed(values, form.source(), request.user, timezone.now(), token)
        faults = typed.faults(record)
        if not faults:
            return _lead_on(request, typed.take(record))
        typed.note_refused(record)
        form.show_errors(faults)
    context = {"form": form, "match": _match(request, form) if form.is_bound else None}
    return page(request, "hub/contact_add.html", "Add a contact", context, trail=trail())


def _lead_on(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Say what became of the record, and go where it went."""
    earlier, case = plan.earlier, plan.case
    contact = plan.person.id if plan.person else earlier and earlier.contact_id
    review = case.id if case else earlier and earlier.review_id
    heads = {
        "created": "Saved as a new contact.",
        "filled": "The address is known, so no second contact was made.",
        "unchanged": "The address is known, so nothing was written.",
        "held": "Held for a reviewer: no contact was made.",
        "repeated": "This was saved a moment ago.",
    }
    say = messages.success if plan.outcome in ("created", "filled") else messages.warning
    say(request, f"{heads[plan.outcome]} {plan.reason.removeprefix('Nothing matched.').strip()}".strip())
    if contact:
        return redirect("hub:contact", contact)
    if review and request.user.has_perm("contacts.view_review"):
        return redirect("hub:review", review)
    return redirect("hub:arrival", earlier.arrival_id if earlier else plan.incoming.arrival_id)


@needs(ADD)
@require_POST
def contact_match(request: HttpRequest) -> HttpResponse:
    """What saving would do now, for the panel beside the form. Reads only."""
    return render(request, "hub/contact_match.html", {"match": _match(request, _add_form(request))})


def _match(request: HttpRequest, form: AddForm) -> typed.Match | None:
    """The match for what is typed so far; until a source is chosen, as if it were any."""
    source = form.source() or next(iter(form.sources.values()), None)
    values = form.typed()
    if source is None or not set(values) - {"lifecycle_stage"}:
        return None
    return typed.find_matches(typed.typed(values, source, request.user, timezone.now()))


@needs(CHANGE)
@require_http_methods(["GET", "POST"])
def contact_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change values by hand. A second editor is told what happened meanwhile, and keeps what was typed."""
    contact = Contact.objects.filter(pk=pk).first()
    if contact is None:
        return missing(request, pk)
    form = _edit_form(request.user, contact, request.POST if request.method == "POST" else None)
    meanwhile: list[story.Event] = []
    if request.method == "POST" and form.is_valid():
        try:
            return _save(request, contact, form)
        except Invalid as error:
            form.show_errors(error.errors)
        except Conflict:
            contact.refresh_from_db()
            meanwhile = story.events_since(pk, story.load_names(), form.cleaned_data["seen"] or 0)
            form = _rebased(request, contact, form)
            form.add_error(None, MEANWHILE)
        except Contact.DoesNotExist:
            return missing(request, pk)
    told = explain_contact(contact)["fields"]
    context = {"contact": contact, "rows": _edit_rows(form, told), "form": form, "meanwhile": meanwhile}
    way = [*trail(), (str(contact), reverse("hub:contact", args=[pk]))]
    return page(request, "hub/contact_edit.html", "Edit", context, trail=way)


def _edit_form(user: Any, contact: Contact, data: Any) -> EditForm:
    return EditForm(
        data,
        user=user,
        stages=stage_table(),
        custom=custom_types(),
        values=values_of(contact),
        initial={"version": contact.version, "seen": story.newest_event(contact.pk)},
    )


def _save(request: HttpRequest, contact: Contact, form: EditForm) -> HttpResponse:
    done = edit_contact(
        contact.pk,
        form.changes(),
        user=request.user,
        reason=form.cleaned_data["reason"],
        version=form.cleaned_data["version"] or 0,
        at=timezone.now(),
    )
    if done.fields:
        labels = [form.fields[form.name_of(f)].label for f in done.fields]
        messages.success(request, " ".join([f"Saved: {', '.join(labels)}.", *done.notes]))
    else:
        messages.info(request, "Nothing was different, so nothing was written.")
    return redirect("hub:contact", contact.pk)


def _rebased(request: HttpRequest, contact: Contact, old: EditForm) -> EditForm:
    """The form on the contact as it is now: what was typed stays, what was not touched is up to date."""
    fresh = _edit_form(request.user, contact, None)
    data = {WAS + n: fresh.initial.get(n, "") for n in fresh.writable}
    data |= {n: fresh.initial.get(n, "") for n in ("version", "seen", *fresh.writable)}
    data |= {n: old.data[n] for n in old.writable if n in old.data and old.data[n] != old.was(n)}
    data["reason"] = old.data.get("reason", "")
    rebased = _edit_form(request.user, contact, data)
    rebased.is_valid()
    return rebased


def _edit_rows(form: EditForm, told: dict[str, Any]) -> list[dict[str, Any]]:
    """Each input with who wrote its value last."""
    order = [CUSTOM + f if CUSTOM + f in form.fields else f for f in told]
    rows = []
    for name in [n for n in order if n in form.fields]:
        entry = told[form.field_of(name)]
        by = story.written_by(entry["origin"], entry["at"])
        rows.append({"input": form[name], "was": form.was(name), "by": by, "locked": entry["by"] == "person"})
    return rows


@needs(CHANGE)
@require_POST
def contact_take(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a value that was offered and not taken: read from the log of what was offered, not from the form."""
    field = request.POST.get("field", "")
    value, why = _offered(request, pk, field)
    if value is None:
        messages.error(request, "No such value was offered.")
        return redirect("hub:contact", pk)
    done = f"“{value}” is the value now. It stays until a person changes it."
    return _done_about(request, pk, field, done, lambda how: edit_contact(pk, {field: value}, reason=why, **how))


def _offered(request: HttpRequest, pk: int, field: str) -> tuple[str | None, str]:
    """The value that an arrival or a connection offered for a field, and the reason to note when it is taken."""
    if refused := number(request.POST.get("refusal", "")):
        refusal = Refusal.objects.filter(pk=refused, contact_id=pk).first()
        return (refused_value(refusal, field), f"Took the value of {refusal.who}.") if refusal else (None, "")
    arrival = Arrival.objects.filter(pk=number(request.POST.get("arrival", "")), contact_id=pk).first()
    return (offered_value(arrival, field), f"Took the value of arrival #{arrival.pk}.") if arrival else (None, "")


@needs(CHANGE)
@require_POST
def contact_release(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the connections decide about a value that a person wrote, or take that back."""
    field, back = request.POST.get("field", ""), request.POST.get("act") == "back"
    act = take_back if back else release
    done = "It is protected again." if back else "Released. The connections may write it from now on."
    return _done_about(request, pk, field, done, lambda how: act(pk, field, **how))


def _done_about(
    request: HttpRequest, pk: int, field: str, done: str, act: Callable[[dict[str, Any]], Any]
) -> HttpResponse:
    """Do something about one field as it was shown, say what came of it, and show the field again."""
    how = {"user": request.user, "version": number(request.POST.get("version", "")) or 0, "at": timezone.now()}
    try:
        act(how)
        messages.success(request, done)
    except Conflict:
        messages.warning(request, "Somebody changed this contact meanwhile. Look again, and do it then.")
    except Invalid as error:
        messages.error(request, str(error))
    except Contact.DoesNotExist:
        return missing(request, pk)
    page_of = reverse("hub:contact", args=[pk])
    return redirect(f"{page_of}?why={field}#why-{field}" if field.isidentifier() else page_of)


@needs(CHANGE)
@require_POST
def contact_address(request: HttpRequest, pk: int) -> HttpResponse:
    """Add an address, make one primary, or take an alias away."""
    if not Contact.objects.filter(pk=pk).exists():
        return missing(request, pk)
    how = {
        "user": request.user,
        "reason": storable(request.POST.get("reason", ""))[:500],
        "at": timezone.now(),
    }
    act, which = request.POST.get("act"), number(request.POST.get("address", "")) or 0
    try:
        if act == "add":
            add_address(pk, request.POST.get("text", ""), **how)
        elif act in ("primary", "remove"):
            (make_primary if act == "primary" else remove_alias)(pk, which, **how)
        messages.success(request, "Saved.")
    except Invalid as error:
        if error.contact is None or error.contact.pk == pk:
            messages.error(request, str(error))
        else:
            return _belongs_to(request, pk, error)
    except Contact.DoesNotExist:
        return missing(request, pk)
    return redirect("hub:contact", pk)


def _belongs_to(request: HttpRequest, pk: int, error: Invalid) -> HttpResponse:
    """An address that another contact has: say whose, with the way there."""
    context = {"contact": Contact.objects.get(pk=pk), "other": error.contact, "words": str(error)}
    return page(request, "hub/contact_address.html", "Address taken", context, trail=trail(), status=409)
