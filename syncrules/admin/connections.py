"""The connections: which MAPs there are, what state their worksheets are in, and what was overwritten by mistake."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods

from contacts.admin.pages import needs, page
from contacts.models import Contact, Source
from syncrules.admin.worksheet import trail
from syncrules.models import Connection
from syncrules.services import connections, incidents
from syncrules.services.audit import HUB
from syncrules.services.hub_fields import hub_fields

VIEW = "syncrules.view_connection"
#: Incidents on the page.
MOST = 200


class ConnectionForm(forms.ModelForm):
    """What can be changed of a connection."""

    fed_by = forms.ModelMultipleChoiceField(
        Source.objects.all(), required=False, label="Fed by", widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Connection
        fields = ["name", "fed_by"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fed_by"].queryset = Source.objects.exclude(kind=Source.Kind.MAP).order_by("name")
        self.fields["fed_by"].help_text = "Sources whose records live in this MAP, such as its forms."


class NewConnectionForm(ConnectionForm):
    """A connection that is added, with what stays from then on."""

    kind = forms.ChoiceField(choices=list(connections.KINDS.items()))
    source = forms.ModelChoiceField(
        Source.objects.none(), required=False, empty_label="make one for it", label="Lead source of its records"
    )

    class Meta(ConnectionForm.Meta):
        fields = ["name", "slug", "kind", "source", "fed_by"]
        labels = {"slug": "Short name"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        taken = Connection.objects.values("source")
        self.fields["source"].queryset = Source.objects.filter(kind=Source.Kind.MAP).exclude(pk__in=taken)
        self.fields["slug"].required = False
        self.fields[
            "slug"
        ].help_text = "Used in addresses and on the command line, and stays. Made from the name if left empty."

    def clean_slug(self) -> str:
        """What was typed, else what the name makes; a short name that is taken is an error either way."""
        slug = self.cleaned_data["slug"] or slugify(self.cleaned_data.get("name", ""))[:60]
        if not slug:
            raise forms.ValidationError("The name has no letter that an address can have. Write a short name.")
        if slug == HUB:
            raise forms.ValidationError(f"“{HUB}” is the hub itself. Write another short name.")
        if Connection.objects.filter(slug=slug).exists():
            raise forms.ValidationError(f"There is a connection “{slug}” already. Write another short name.")
        return slug


@needs(VIEW)
@require_GET
def connection_list(request: HttpRequest) -> HttpResponse:
    """Every connection with its worksheet, its links and its last pull."""
    context = {
        "lines": connections.lines(timezone.now()),
        "incidents": connections.incident_count(timezone.now()),
        "may_add": request.user.has_perm("syncrules.add_connection"),
        "may_see_worksheet": request.user.has_perm("syncrules.view_worksheetversion"),
    }
    return page(request, "hub/connections.html", "Connections", context)


@needs("syncrules.add_connection")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A connection and its empty worksheet."""
    form = NewConnectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        fed_by = list(values.pop("fed_by"))
        try:
            connection = connections.add(values, fed_by, request.user, timezone.now())
        except IntegrityError:
            form.add_error("slug", "Somebody added this one a moment ago.")
        else:
            messages.success(request, f"{connection.name} is added. Its worksheet is an empty draft: fill it here.")
            return redirect("rules:worksheet", connection.slug)
    return page(request, "hub/connection_form.html", "Add a connection", {"form": form}, trail=trail())


@needs(VIEW)
@require_GET
def incident_list(request: HttpRequest) -> HttpResponse:
    """Values that something automatic overwrote without a rule that allows it."""
    now = timezone.now()
    found = incidents.find(now - connections.WINDOW, MOST)
    names = {c.pk: str(c) for c in Contact.objects.filter(pk__in={i.contact for i in found})}
    labels = {name: f.label for name, f in hub_fields().items()}
    shown = [{"incident": i, "name": names.get(i.contact, ""), "field": labels.get(i.field, i.field)} for i in found]
    context = {"incidents": shown, "count": connections.incident_count(now), "most": MOST, "checked": now,
               "may_see_contacts": request.user.has_perm("contacts.view_contact")}  # fmt: skip
    return page(request, "hub/connection_incidents.html", "Incidents", context, trail=trail())


urlpatterns = [
    path("connections/", connection_list, name="connections"),
    path("connections/add/", add, name="connection_add"),
    path("incidents/", incident_list, name="incidents"),
]
