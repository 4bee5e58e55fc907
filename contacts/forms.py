"""The forms in which people write contacts. What is typed is judged by the services, not here."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib.auth import get_user_model

from contacts.domain.changes import CustomType
from contacts.domain.lifecycle import StageTable, refuse
from contacts.models import Source
from contacts.services import story
from contacts.services.people import READ, SET_SALES, actor_kind

#: Before the name of a custom field's input, so that its slug can't be taken for a field of ours.
CUSTOM = "custom-"
#: Before the name of the hidden input that says what the field held when the form was opened.
WAS = "was-"
PLAIN = {"autocomplete": "off", "spellcheck": "false"}
HINTS = {
    "phone": "With its country code, or as it is dialled in the contact’s country.",
    "company_domain": "Such as acme.example. A link or an address will do.",
    "country": "A name or a code.",
}
KEYBOARD = {"phone": "tel", "email": "email", "lead_score": "numeric"}
DEFAULT_SOURCE = "outbound-prospecting"
Choices = list[tuple[str, str]]


class Chosen(forms.ChoiceField):
    """A choice that the services judge, so that a refusal names its rule."""

    def valid_value(self, value: Any) -> bool:
        return True


class ContactForm(forms.Form):
    """Text inputs for the fields that are read like arrivals', and one for each custom field."""

    read: tuple[str, ...] = READ

    def __init__(self, *args: Any, custom: Mapping[str, CustomType], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slugs = {CUSTOM + slug: slug for slug in custom}
        for name in self.read:
            self.fields[name] = _text(story.HUB_LABELS[name], HINTS.get(name, ""), KEYBOARD.get(name, ""))
        for slug, kind in custom.items():
            now = self.initial.get(CUSTOM + slug, "")
            self.fields[CUSTOM + slug] = _custom(kind, now)

    def field_of(self, name: str) -> str:
        """The hub's field of an input."""
        return self.slugs.get(name, name)

    def name_of(self, field: str) -> str | None:
        """The input of a field of the hub; None where the form has none."""
        return field if field in self.fields else next((n for n, s in self.slugs.items() if s == field), None)

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """Put each sentence beside its input."""
        for field, words in errors.items():
            self.add_error(self.name_of(field), words)


class AddForm(ContactForm):
    """A new record, typed in. The token makes a double click one delivery."""

    read = ("email", *READ)

    def __init__(self, *args: Any, user: Any, stages: StageTable, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"token": uuid.uuid4().hex})
        super().__init__(*args, **kwargs)
        sources = list(Source.objects.exclude(status=Source.Status.RETIRED))
        self.sources = {str(s.pk): s for s in sources}
        offered = [(pk, s.name) for pk, s in self.sources.items()]
        self.fields["source"] = forms.ChoiceField(
            label="Lead source",
            choices=[("", "Choose…"), *offered],
            help_text="Where you know this person from. It is set once.",
            error_messages={"required": "Choose the lead source."},
        )
        usual = next((s for s in sources if s.slug == DEFAULT_SOURCE), None)
        if usual is not None and user.has_perm(SET_SALES):
            self.initial.setdefault("source", str(usual.pk))
        choices = stage_choices(stages, actor_kind(user))
        self.fields["lifecycle_stage"] = _choice("Lifecycle stage", [("", "The source’s entry stage"), *choices])
        self.fields["token"] = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
        self.order_fields(["source", *self.read, "lifecycle_stage"])

    def typed(self) -> dict[str, str]:
        """Field to text, as it was typed."""
        names = (*self.read, "lifecycle_stage", *self.slugs)
        return {self.field_of(n): text for n in names if (text := self.data.get(n, "")).strip()}

    def source(self) -> Source | None:
        """The chosen source."""
        return self.sources.get(self.data.get("source", ""))


class EditForm(ContactForm):
    """A contact's values. Only what differs from what the person was shown is a change."""

    def __init__(
        self, *args: Any, user: Any, stages: StageTable, values: Mapping[str, Any], custom: Any, **kwargs: Any
    ) -> None:
        shown = {f: story.as_text(v) for f, v in values.items()}
        initial = {CUSTOM + f if f in custom else f: text for f, text in shown.items()}
        kwargs["initial"] = initial | kwargs.get("initial", {})
        super().__init__(*args, custom=custom, **kwargs)
        now = initial.get("lifecycle_stage", "")
        offered = stage_choices(stages, actor_kind(user), now)
        self.fields["lifecycle_stage"] = _choice("Lifecycle stage", offered if now else [("", ""), *offered])
        self.fields["owner"] = _choice("Owner", [("", "nobody"), *people(initial.get("owner", ""))])
        in_use = Source.objects.exclude(status=Source.Status.RETIRED)
        sources = [(str(pk), name) for pk, name in in_use.values_list("pk", "name")]
        self.fields["source"] = _choice("Lead source", _with(sources, initial.get("source", ""), "retired"))
        self.fields["source"].help_text = "Set once. To change it, say why below."
        self.fields["reason"] = _text("Reason", "Kept in the history. Needed to change the lead source.")
        self.writable = [n for n in self.fields if n != "reason"]
        for name in ("version", "seen"):
            self.fields[name] = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def was(self, name: str) -> str:
        """What the field held when the person opened the form."""
        return self.data.get(WAS + name, self.initial.get(name, "")) if self.is_bound else self.initial.get(name, "")

    def changes(self) -> dict[str, str]:
        """Field to text, for the fields that the person changed."""
        return {self.field_of(n): self.data[n] for n in self.writable if n in self.data and self.data[n] != self.was(n)}


def stage_choices(stages: StageTable, kind: str, now: str = "") -> Choices:
    """The stages that this kind of actor may set, and the present one."""
    rows = sorted(stages.rows, key=lambda row: row.rank)
    return [(r.slug, r.label) for r in rows if not refuse(stages, kind, now, r.slug)]


def people(now: str) -> Choices:
    """Who can own a contact."""
    staff = get_user_model().objects.filter(is_staff=True, is_active=True).order_by("first_name", "username")
    return _with([(str(u.pk), story.person_name(u)) for u in staff], now, "a former user")


def _with(choices: Choices, now: str, words: str) -> Choices:
    """The choices, with the present one where it is not among them any more."""
    if not now or any(value == now for value, _ in choices):
        return choices
    return [(now, words), *choices]


def _text(label: str, hint: str = "", keyboard: str = "") -> forms.CharField:
    attrs = PLAIN | ({"inputmode": keyboard} if keyboard else {})
    return forms.CharField(
        label=label, help_text=hint, required=False, strip=False, widget=forms.TextInput(attrs=attrs)
    )


def _choice(label: str, choices: Choices) -> forms.ChoiceField:
    return Chosen(label=label, choices=choices, required=False)


def _custom(kind: CustomType, now: str) -> forms.Field:
    if kind.type == "boolean":
        return _choice(kind.label, [("", ""), ("yes", "yes"), ("no", "no")])
    if kind.type == "choice":
        return _choice(kind.label, _options(kind.choices, now))
    if kind.type == "date":
        return forms.CharField(label=kind.label, required=False, widget=forms.DateInput(attrs=PLAIN | {"type": "date"}))
    return _text(kind.label, "", "decimal" if kind.type == "number" else "")


def _options(values: Iterable[str], now: str) -> Choices:
    return [("", ""), *_with([(v, v) for v in values], now, now)]
