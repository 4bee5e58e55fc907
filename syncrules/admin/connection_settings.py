"""A connection's settings, what was changed of it, and turning it on."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from contacts.admin.pages import needs, page
from contacts.models import Source
from contacts.services import story
from syncrules.admin.state import moment
from syncrules.admin.syncing import framed
from syncrules.admin.worksheet import connection_of, trail
from syncrules.connectors.trouble import Trouble
from syncrules.models import Connection
from syncrules.services import changes, connections, map_secrets
from syncrules.services import connection_settings as settings
from syncrules.services.hub_fields import hub_fields
from syncrules.services.shown.standing import standing

VIEW, EDIT = "syncrules.view_connection", "syncrules.change_connection"
#: A version of an API: v3, or a month as HubSpot dates them.
VERSION = re.compile(r"v\d{1,2}|20\d\d-(0[1-9]|1[0-2])")
#: Kinds whose address is not asked for: they are called where they run.
HERE = frozenset({"sandbox"})
HELP = {
    "base_url": "Empty for the usual one. It has to be https, and a host that this hub may call.",
    "api_version": "Empty for the one that the hub was tried with; else such as v3 or 2026-09.",
    "connect_timeout": "seconds",
    "read_timeout": "seconds; a slower answer counts as none",
    "calls": "that the MAP allows in 10 seconds, until its answers say more",
    "searches": "that it allows in a second",
    "share": "percent that the hub takes; the rest is left to other programs",
    "poll_every": "seconds, where no webhook tells sooner",
}


class SettingsForm(forms.Form):
    """Everything of a connection that is no worksheet and no threshold; bounded as ``services`` says."""

    name = forms.CharField(max_length=120)
    fed_by = forms.ModelMultipleChoiceField(Source.objects.none(), required=False,
                                            widget=forms.CheckboxSelectMultiple)  # fmt: skip
    base_url = forms.URLField(max_length=200, required=False, assume_scheme="https")
    api_version = forms.CharField(max_length=20, required=False)
    connect_timeout = forms.FloatField()
    read_timeout = forms.FloatField()
    calls = forms.IntegerField()
    searches = forms.IntegerField()
    share = forms.IntegerField()
    poll_every = forms.IntegerField()
    reason = forms.CharField(max_length=changes.LONGEST, required=False, label="Why it changes")
    was = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, connection: Connection, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connection = connection
        self.fields["fed_by"].queryset = Source.objects.exclude(kind=Source.Kind.MAP).order_by("name")
        self.fields["fed_by"].help_text = "Sources whose records live in this MAP, such as its forms."
        for name, words in settings.LABELS.items():
            if name in self.fields:
                self.fields[name].label = words
                self.fields[name].help_text = HELP.get(name, self.fields[name].help_text)
        for name, (least, most) in settings.BOUNDS.items():
            self._bound(self.fields[name], least, most)
        if connection.kind in HERE:
            del self.fields["base_url"], self.fields["api_version"]
        if connection.state == Connection.State.DRAFT:
            del self.fields["reason"]

    def _bound(self, field: forms.Field, least: float, most: float) -> None:
        words = f"Between {least:,} and {most:,}."
        field.validators += [forms.fields.validators.MinValueValidator(least, words),
                             forms.fields.validators.MaxValueValidator(most, words)]  # fmt: skip
        field.widget.attrs |= {"min": least, "max": most}

    def clean_api_version(self) -> str:
        version = self.cleaned_data["api_version"]
        if version and not VERSION.fullmatch(version):
            raise forms.ValidationError("Write it as v3 or as 2026-09, or leave it empty.")
        return version

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get("base_url"):
            try:
                settings.check_address(self.connection, said["base_url"], said.get("api_version", ""))
            except Trouble as problem:
                self.add_error("base_url", f"{problem} Whoever runs the hub can allow a host: MAP_HOSTS.")
        return said

    @property
    def values(self) -> dict[str, Any]:
        """By column, what was typed; what is not asked for stays as it is."""
        return {name: self.cleaned_data.get(name, getattr(self.connection, name)) for name in settings.COLUMNS}


@needs(VIEW)
@require_http_methods(["GET", "POST"])
def connection_settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Name, address, limits and pace of a connection; and of what its secrets are called."""
    connection = connection_of(slug)
    may = request.user.has_perm(EDIT)
    if request.method == "POST" and not may:
        raise PermissionDenied
    form = SettingsForm(connection, request.POST) if request.method == "POST" else _form_of(connection)
    if request.method == "POST" and form.is_valid() and _store(connection, form, request):
        return redirect("rules:connection_settings", slug)
    context = framed(standing(connection, timezone.now()), request) | {
        "form": form,
        "may_change": may,
        "kind": connections.KINDS.get(connection.kind),
        "current": _shown(connection),
        "secrets": _secrets(connection),
    }
    return page(request, "hub/connection_settings.html", "Settings", context, trail=_steps(connection))


@needs(VIEW)
@require_GET
def change_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything that people changed of a connection, the newest first."""
    connection = connection_of(slug)
    asked = request.GET.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 19 else None
    lines, older = changes.lines(connection, hub_fields(), settings.LABELS, before)
    context = framed(standing(connection, timezone.now()), request) | {"lines": lines, "older": older, "whole": True}
    return page(request, "hub/connection_changes.html", "Changes", context, trail=_steps(connection))


def _steps(connection: Connection) -> list[tuple[str, str]]:
    return [*trail(), (connection.name, reverse("rules:connection", args=[connection.slug]))]


def _form_of(connection: Connection) -> SettingsForm:
    now = settings.current(connection)
    initial = now | {"fed_by": connection.fed_by.all(), "was": changes.mark(now)}
    return SettingsForm(connection, initial=initial)


def _store(connection: Connection, form: SettingsForm, request: HttpRequest) -> bool:
    """Whether it was stored; if not, the form says why and keeps what was typed."""
    said = form.cleaned_data
    by = story.person_name(request.user)
    try:
        different = settings.store(
            connection, form.values, said["fed_by"], said["was"], by, said.get("reason", ""), timezone.now()
        )
    except changes.NeedsReason as problem:
        form.add_error("reason", str(problem))
        return False
    except changes.Stale as stale:
        when = f" ({moment(stale.at)})" if stale.at else ""
        text = f"{stale.by or 'Somebody'} changed these settings{when} while you had them open. Nothing of yours was "
        form.add_error(None, f"{text}saved: open the page again to see theirs.")
        return False
    messages.success(request, "The settings are saved." if different else "It stands so already: nothing was changed.")
    return True


def _shown(connection: Connection) -> list[tuple[str, str]]:
    """The settings for somebody who may not change them."""
    now = settings.current(connection)
    texts = {name: ", ".join(v) if isinstance(v, list) else str(v) for name, v in now.items()}
    return [(settings.LABELS[name], texts[name] or "–") for name in texts]


def _secrets(connection: Connection) -> list[tuple[str, str]]:
    """What its secrets are for and what they are called; never what they are."""
    if connection.kind in HERE:
        return []
    return [
        ("Token", map_secrets.name_for(map_secrets.TOKEN, connection.slug)),
        ("Secret of its webhooks", map_secrets.name_for(map_secrets.WEBHOOK_SECRET, connection.slug)),
    ]


urlpatterns = [
    path("connections/<slug:slug>/settings/", connection_settings, name="connection_settings"),
    path("connections/<slug:slug>/changes/", change_list, name="connection_changes"),
]
