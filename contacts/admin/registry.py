"""What Django's own admin shows: people, groups and the hub's small tables, in unfold's looks.

Contacts are here for the command palette alone; their pages are ours.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from contacts.list_search import search_contacts
from contacts.models import Contact, CustomField, HubSettings, Source, SourceToken, Stage

#: The palette shows this many contacts, after looking at so many of each way to find them.
SHOWN, LOOKED_AT = 20, 100

for model in (User, Group):
    admin.site.unregister(model)


@admin.register(User)
class HubUserAdmin(UserAdmin, ModelAdmin):
    """People. Only a superuser makes superusers, changes one, or gives rights past the groups."""

    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm
    list_display = ("username", "first_name", "last_name", "in_groups", "is_active")
    list_filter = ("is_active", "groups")
    ordering = ("username",)

    @admin.display(description="Groups")
    def in_groups(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all()) or "none"

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        fixed = tuple(super().get_readonly_fields(request, obj))
        return fixed if request.user.is_superuser else (*fixed, "is_superuser", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return _may_touch(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return _may_touch(request, obj) and super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Deleting many at once would pass by the look at each of them."""
        return {name: act for name, act in super().get_actions(request).items() if name != "delete_selected"}


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    return user is None or request.user.is_superuser or not user.is_superuser


@admin.register(Group)
class HubGroupAdmin(GroupAdmin, ModelAdmin):
    """Groups and their rights; the page "Who may do what" says them in words."""


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        lines = [line.strip() for line in (super().clean(value) or "").splitlines()]
        return list(dict.fromkeys(line for line in lines if line))


class CustomFieldForm(forms.ModelForm):
    """A custom field with its choices as lines. Once it has values its type stays."""

    choices = LinesField(required=False, help_text="For a choice: one value a line, in order.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.instance.pk and "type" in self.changed_data and _has_values(self.instance):
            self.add_error("type", "Contacts have values in this field, so its type stays. Make another field.")
        return data


def _has_values(field: CustomField) -> bool:
    return Contact.objects.filter(custom__has_key=field.slug).exists()


@admin.register(CustomField)
class CustomFieldAdmin(ModelAdmin):
    """Fields that ops define. A slug stays, because files and tools name it."""

    form = CustomFieldForm
    fields = ("label", "slug", "type", "choices", "describes_person", "order")
    list_display = ("label", "slug", "type", "describes_person", "order")
    ordering = ("order", "label")

    def get_readonly_fields(self, request: HttpRequest, obj: CustomField | None = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: CustomField | None = None) -> bool:
        may = super().has_delete_permission(request, obj)
        return may and (obj is None or not _has_values(obj))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """One at a time, so that each is asked whether it has values."""
        return {name: act for name, act in super().get_actions(request).items() if name != "delete_selected"}


@admin.register(Stage)
class StageAdmin(ModelAdmin):
    """Stages are edited in the stage table, which is checked and versioned; every way to them leads there."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Stage | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Stage | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect("hub:stages")

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.changelist_view(request)

    def history_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.changelist_view(request)


class TokenForm(forms.ModelForm):
    """A token names one of the registered sources."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "source_slug" in self.fields:
            sources = Source.objects.exclude(status=Source.Status.RETIRED).values_list("slug", "name")
            self.fields["source_slug"] = forms.ChoiceField(
                label="Source", choices=list(sources), widget=UnfoldAdminSelectWidget
            )


@admin.register(SourceToken)
class SourceTokenAdmin(ModelAdmin):
    """Tokens. The secret is shown once, right after it is made; the hub keeps only its hash."""

    form = TokenForm
    list_display = ("source_slug", "label", "ends_with", "may_read", "active", "created_at", "created_by")
    list_filter = ("active", "source_slug")
    list_select_related = ("created_by",)
    actions = ("deactivate",)

    @admin.display(description="Ends with")
    def ends_with(self, token: SourceToken) -> str:
        return f"…{token.hint}"

    def get_fields(self, request: HttpRequest, obj: SourceToken | None = None) -> tuple[str, ...]:
        fields = ("source_slug", "label", "may_read")
        return (*fields, "active", "ends_with", "created_at", "created_by") if obj else fields

    def get_readonly_fields(self, request: HttpRequest, obj: SourceToken | None = None) -> tuple[str, ...]:
        return ("source_slug", "may_read", "ends_with", "created_at", "created_by") if obj else ()

    def save_model(self, request: HttpRequest, obj: SourceToken, form: Any, change: bool) -> None:
        secret = "" if change else obj.issue()
        if not change:
            obj.created_by = request.user
        super().save_model(request, obj, form, change)
        if secret:
            words = "Copy this token now, it can't be shown again: {}"
            messages.warning(request, format_html(words, format_html("<code>{}</code>", secret)))

    @admin.action(description="Switch off the selected tokens", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[SourceToken]) -> None:
        done = queryset.filter(active=True).update(active=False)
        messages.success(request, f"{done} switched off: from now on the API answers them with 401.")


@admin.register(HubSettings)
class HubSettingsAdmin(ModelAdmin):
    """The one row of settings, opened straight away."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: HubSettings | None = None) -> bool:
        return False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> HubSettings | None:
        return HubSettings.load() if object_id == "1" else None

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return redirect(reverse("admin:contacts_hubsettings_change", args=[1]))


@admin.register(Contact)
class ContactPalette(ModelAdmin):
    """Finds contacts for the command palette; everything else about them has its own pages."""

    search_fields = ("sort_key",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[list[Contact], bool]:
        """By the beginning of a name, an address, a company or a phone, as the list of contacts searches."""
        found: dict[int, Contact] = {}
        for way in search_contacts(search_term).ways:
            rows = Contact.objects.filter(pk__in=way.ids[:LOOKED_AT]).filter(way.checked)
            found |= {contact.pk: contact for contact in rows[:SHOWN]}
        return list(found.values())[:SHOWN], False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Contact | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Contact | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect("hub:contacts")

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect(reverse("hub:contacts")) if not object_id.isdecimal() else redirect("hub:contact", object_id)

    def history_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.change_view(request, object_id)
