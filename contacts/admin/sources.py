"""The lead source audit: what is undeclared, what each source says, what really comes, and the worksheet."""

from __future__ import annotations

from typing import Any

import structlog
from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts.admin.pages import needs, page
from contacts.domain.audit import COUNTED
from contacts.models import Purpose, Source
from contacts.queries import stage_table
from contacts.services import source_worksheet, sources
from contacts.services.source_audit import audit_sources
from contacts.services.stored import custom_types

TRAIL = ("Lead sources", "hub:sources")
log = structlog.get_logger(__name__)


class OwnerChoice(forms.ModelChoiceField):
    """People by the name that others know them by."""

    def label_from_instance(self, user: User) -> str:
        return user.get_full_name() or user.get_username()


class SourceForm(forms.ModelForm):
    """A source's declaration. Its slug is asked for only where nothing has fixed it yet."""

    owner = OwnerChoice(queryset=User.objects.none(), required=False, empty_label="nobody yet")
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Source
        fields = [
            "name", "kind", "record_creator", "data_captured", "sync_method", "cadence", "entry_stage", "region",
            "purpose", "owner", "status",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"].queryset = Purpose.objects.filter(in_use=True)
        self.fields["purpose"].empty_label = "product news"
        self.fields["owner"].queryset = User.objects.filter(is_staff=True, is_active=True).order_by("first_name")
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    def clean_region(self) -> str:
        region = self.cleaned_data["region"].strip().upper()
        if region and not (len(region) == 2 and region.isalpha()):
            raise forms.ValidationError("Two letters, such as US or DE.")
        return region


class RegisterForm(SourceForm):
    """A new source, with the short name that its tokens and links will use."""

    class Meta(SourceForm.Meta):
        fields = ["slug", *SourceForm.Meta.fields]
        labels = {"slug": "Short name"}


@needs("contacts.view_source")
@require_GET
def sources_page(request: HttpRequest) -> HttpResponse:
    """Declared beside real, for every source; the undeclared ones first."""
    context = {"audit": audit_sources(timezone.now()), "may_change": request.user.has_perm("contacts.change_source")}
    context["may_register"] = request.user.has_perm("contacts.register_source")
    return page(request, "hub/sources.html", "Lead sources", context)


@needs("contacts.register_source")
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Register a source; one that sent records already has its slug, and they are run at once."""
    slug = slugify(request.GET.get("slug", ""))[:60]
    waiting = sources.waiting_count(slug) if slug else 0
    initial = {"slug": slug, "name": slug.replace("-", " ").capitalize(), "owner": request.user.pk}
    form = RegisterForm(request.POST or None, initial=initial | {"entry_stage": stage_table().first.slug})
    if waiting:
        form.fields["slug"].disabled = True
    if request.method == "POST" and form.is_valid():
        try:
            source = sources.save_source(form.save(commit=False), user=request.user, reason="registered")
        except IntegrityError:
            form.add_error("slug", "Somebody registered this one a moment ago.")
        else:
            _run(request, source, f"{source.name} is registered.")
            return redirect("hub:sources")
    context = {"form": form, "slug": slug, "waiting": waiting}
    return page(request, "hub/source_register.html", "Register a source", context, trail=_trail())


def _run(request: HttpRequest, source: Source, done: str) -> None:
    """Run what waits for a source: now where it is little, else by a worker, and say which."""
    waiting = sources.waiting_count(source.slug)
    if not waiting:
        messages.success(request, done)
    elif waiting <= sources.AT_ONCE:
        outcomes = sources.run_waiting(source.pk)
        counts = ", ".join(f"{n:,} {outcome}" for outcome, n in outcomes.items())
        messages.success(request, f"{done} {sum(outcomes.values()):,} records that waited were run: {counts}.")
    else:
        _hand_over(source)
        messages.success(request, f"{done} {waiting:,} records that waited are being run by a worker.")


def _hand_over(source: Source) -> None:
    """The message only says "look": without a broker the sweep finds the rows by itself."""
    from contacts.tasks import run_waiting

    try:
        run_waiting.delay(source.pk)
    except Exception as error:
        log.warning("run_waiting_not_sent", source=source.slug, error=str(error))


@needs("contacts.register_source")
@require_POST
def run(request: HttpRequest, slug: str) -> HttpResponse:
    """Take up a retired source again, or go on with a run that was cut short."""
    source = get_object_or_404(Source, slug=slug)
    done = f"{source.name} is in use."
    if source.retired:
        source.status = Source.Status.OPEN
        sources.save_source(source, user=request.user, reason="taken up again")
        done = f"{source.name} is in use again, with its audit open."
    _run(request, source, done)
    return redirect("hub:sources")


@needs("contacts.view_source")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """One source: its declaration to change, and who changed what."""
    source = get_object_or_404(Source.objects.select_related("owner", "entry_stage"), slug=slug)
    may_change = request.user.has_perm("contacts.change_source")
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    form = SourceForm(request.POST or None, instance=source, initial={"version": sources.version_of(source)})
    if request.method == "POST" and form.is_valid() and _saved(request, form):
        return redirect("hub:sources")
    name = Source.objects.values_list("name", flat=True).get(pk=source.pk)
    context = {"form": form, "source": source, "may_change": may_change, "changes": _changes(source)}
    return page(request, "hub/source_edit.html", name, context, trail=_trail())


def _saved(request: HttpRequest, form: SourceForm) -> bool:
    source, status = form.save(commit=False), form.cleaned_data["status"]
    try:
        sources.save_source(source, user=request.user, reason="", version=form.cleaned_data["version"])
    except sources.ChangedMeanwhile as error:
        form.add_error(None, f"{error} Nothing was saved: open the source again to see what it says now.")
        return False
    reopened = status == Source.Status.AUDITED and source.status == Source.Status.OPEN
    words = " Its audit is open again, because what it declares changed." if reopened else ""
    messages.success(request, f"{source.name} is saved.{words}")
    return True


def _changes(source: Source) -> list[dict[str, Any]]:
    """The newest changes first, each with who, when, and from what to what."""
    rows = list(source.history.select_related("history_user").order_by("-history_id")[:21])
    said = []
    for row, before in zip(rows, [*rows[1:], None], strict=True):
        changes = row.diff_against(before, foreign_keys_are_objs=True).changes if before else []
        shown = [(Source._meta.get_field(c.field).verbose_name, c.old, c.new) for c in changes]
        user = row.history_user
        who = (user.get_full_name() or user.get_username()) if user else "the hub"
        said.append({"who": who, "at": row.history_date, "why": row.history_change_reason or "", "changes": shown,
                     "made": row.history_type == "+"})  # fmt: skip
    return said[:20]


@needs("contacts.change_source")
@require_POST
def mend(request: HttpRequest, slug: str) -> HttpResponse:
    """A finding's fix in one click: another entry stage, or fields that come without being declared."""
    source = get_object_or_404(Source, slug=slug)
    if request.POST.get("act") == "first-stage":
        source.entry_stage_id = stage_table().first.slug
        done = f"{source.name} enters as {stage_table().first.label} from now on."
    elif request.POST.get("act") == "declare":
        allowed = {*COUNTED, *custom_types()}
        sources.declare(source, [f for f in request.POST.getlist("field") if f in allowed])
        done = f"{source.name} declares {source.data_captured}."
    else:
        raise PermissionDenied
    if len(source.data_captured) > Source._meta.get_field("data_captured").max_length:
        messages.error(request, "That is more than the declaration can hold: shorten it by hand first.")
        return redirect("hub:source", slug=slug)
    was = Source.objects.values_list("status", flat=True).get(pk=source.pk)
    sources.save_source(source, user=request.user, reason="mended from the audit page")
    reopened = was == Source.Status.AUDITED and source.status != was
    messages.success(request, done + (" Its audit is open again." if reopened else ""))
    return redirect("hub:sources")


@needs("contacts.view_source")
@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """The worksheet as CSV, with a mark that makes spreadsheets read it as UTF-8."""
    response = HttpResponse("\ufeff" + source_worksheet.export_csv(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="lead_sources_{timezone.localdate():%Y-%m-%d}.csv"'
    return response


@needs("contacts.change_source")
@require_http_methods(["GET", "POST"])
def import_worksheet(request: HttpRequest) -> HttpResponse:
    """Choose a file, look at what it would change, apply exactly that."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            text = _worksheet_text(request)
            plan = source_worksheet.plan_import(text)
        except source_worksheet.NotAWorksheet as error:
            context["problem"] = str(error)
        else:
            if _applied(request, plan):
                return redirect("hub:sources")
            context = {"plan": plan, "text": text, "changed_meanwhile": bool(request.POST.get("shown"))}
    return page(request, "hub/source_import.html", "Import worksheet", context, trail=_trail())


def _worksheet_text(request: HttpRequest) -> str:
    if "text" in request.POST:
        return request.POST["text"]
    upload = request.FILES.get("file")
    if upload is None:
        raise source_worksheet.NotAWorksheet("No file was chosen.")
    return source_worksheet.read_csv(upload.read(source_worksheet.LARGEST + 1))


def _applied(request: HttpRequest, plan: source_worksheet.WorksheetPlan) -> bool:
    """Apply the plan if it is the one that was shown, without an error."""
    if plan.errors or request.POST.get("shown") != plan.fingerprint:
        return False
    if plan.new and not request.user.has_perm("contacts.add_source"):
        raise PermissionDenied
    source_worksheet.apply_import(plan, user=request.user)
    messages.success(request, f"Worksheet imported: {plan.new} new, {plan.changed} changed.")
    return True


def _trail() -> list[tuple[str, str]]:
    return [(TRAIL[0], reverse(TRAIL[1]))]


urlpatterns = [
    path("sources/", sources_page, name="sources"),
    path("sources/register/", register, name="source_register"),
    path("sources/export/", export, name="sources_export"),
    path("sources/import/", import_worksheet, name="sources_import"),
    path("sources/<slug:slug>/", edit, name="source"),
    path("sources/<slug:slug>/mend/", mend, name="source_mend"),
    path("sources/<slug:slug>/run/", run, name="source_run"),
]
