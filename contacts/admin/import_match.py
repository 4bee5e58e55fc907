"""Step 2 of an import: which column is which field, with the first rows as the hub would read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from contacts.admin import import_access as access
from contacts.admin import import_show as show
from contacts.admin.import_work import CHECKED_AT_ONCE, wake_a_worker
from contacts.admin.pages import needs, page
from contacts.models import ImportBatch
from contacts.readers import UnreadableFile
from contacts.services import imports, uploads
from contacts.services.consent import purposes
from contacts.services.consent.imported import ASKED, answer_from


@needs(access.UPLOAD)
@require_http_methods(["GET", "POST"])
def match(request: HttpRequest, pk: int) -> HttpResponse:
    """Match the columns; posting the matching begins the dry run."""
    batch = access.own(request.user, pk)
    if not access.may_match(batch):
        return redirect(access.step_of(batch), batch.pk)
    if request.method != "POST":
        return _page(request, batch, batch.mapping)
    mapping = show.mapping_from(batch.columns, request.POST)
    problems, agreed = uploads.check_mapping(batch.columns, mapping), {}
    try:
        told = (request.POST.get(f"agreed_{name}", "") for name in ASKED)
        agreed = answer_from(*told, purpose=request.POST.get("agreed_purpose", ""))
    except ValueError as error:
        problems.append(str(error))
    if problems:
        return _page(request, batch, mapping, problems=problems, status=400)
    return _begin(request, batch, mapping, agreed)


def _begin(request: HttpRequest, batch: ImportBatch, mapping: dict[str, str], agreed: dict[str, str]) -> HttpResponse:
    """Ask for the dry run, unless the import went on in another window meanwhile."""
    with transaction.atomic():
        batch = ImportBatch.objects.select_for_update().get(pk=batch.pk)
        if not access.may_match(batch):
            return redirect(access.step_of(batch), batch.pk)
        batch.mapping, batch.agreed = mapping, agreed
        if request.POST.get("remember"):
            uploads.remember(batch, timezone.now())
        imports.ask_to_check(batch)
        if batch.rows > CHECKED_AT_ONCE:
            wake_a_worker(batch.pk)
    if batch.rows <= CHECKED_AT_ONCE:
        imports.check(batch.pk)
    return redirect("hub:import_check", batch.pk)


@needs(access.UPLOAD)
@require_POST
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The first rows under the matching as it stands on the page. Stores nothing."""
    batch = access.own(request.user, pk)
    if not access.may_match(batch):
        return HttpResponse(status=204)
    batch.mapping = show.mapping_from(batch.columns, request.POST)
    try:
        context = {"batch": batch, "swap": True, "before": show.delivered_before(batch)}
        context |= _first_rows(batch, batch.mapping)
    except UnreadableFile as error:
        context = {"batch": batch, "preview_problem": str(error)}
    return render(request, "hub/import_preview.html", context)


@needs(access.UPLOAD)
@require_POST
def read_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the file in another encoding, with another separator, or another of its sections or sheets."""
    batch = access.own(request.user, pk)
    if not access.may_match(batch):
        return redirect(access.step_of(batch), batch.pk)
    try:
        found = uploads.read_again(batch, **_reading(batch, request.POST))
    except UnreadableFile as error:
        messages.error(request, f"The file stays as it was read. {error}")
        return redirect("hub:import_match", batch.pk)
    batch.mapping = uploads.one_name({m.column: m.field for m in uploads.matches(batch, found)})
    batch.status = ImportBatch.Status.MATCHING
    with transaction.atomic():
        if access.may_match(ImportBatch.objects.select_for_update().get(pk=batch.pk)):
            batch.save(update_fields=["layout", "survey", "columns", "rows", "sha256", "mapping", "status"])
    return redirect("hub:import_match", batch.pk)


def _reading(batch: ImportBatch, posted: Mapping[str, str]) -> dict[str, str | None]:
    """What a person chose by hand; what was only found out is found out again."""
    layout = uploads.layout_of(batch)
    encoding = posted.get("encoding") or (layout.encoding if layout.encoding_sure else None)
    if sheet := posted.get("sheet"):
        return {"sheet": sheet}
    if layout.format != "csv":
        return {"section": posted.get("section") or layout.section or None, "sheet": layout.sheet or None}
    return {
        "encoding": encoding,
        "delimiter": posted.get("delimiter") or layout.delimiter,
        "section": posted.get("section") or layout.section or None,
    }


def _page(
    request: HttpRequest,
    batch: ImportBatch,
    mapping: Mapping[str, str],
    *,
    problems: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    batch.mapping = dict(mapping)
    context: dict[str, Any] = {"batch": batch, "problems": problems or [], "step": 2}
    try:
        found = uploads.survey_of(batch)
        columns = show.column_rows(batch, found, mapping)
        context |= show.facts(batch, found) | _first_rows(batch, mapping)
        context["before"] = show.delivered_before(batch)
    except UnreadableFile as error:
        messages.error(request, str(error))
        return redirect("hub:imports")
    context |= {
        "columns": columns,
        "agreed": {
            name: request.POST.get(f"agreed_{name}", batch.agreed.get(name, "")) for name in (*ASKED, "purpose")
        },
        "purposes": purposes.names(),
        "choices": show.field_choices(),
        "mapped": sum(bool(c["field"]) for c in columns),
        "kept": sum(not c["field"] for c in columns),
        "unsure": sum(c["sure"] == "guess" for c in columns),
        "saved": any(c["why"] == "used last time" for c in columns),
    }
    return page(request, "hub/import_match.html", batch.filename, context, trail=access.trail(), status=status)


def _first_rows(batch: ImportBatch, mapping: Mapping[str, str]) -> dict[str, Any]:
    """The first rows, or why they can't be shown: a matching may name a field that is gone."""
    if not any(mapping.values()):
        return {"preview_problem": "No column is matched to a field yet, so there is nothing to show."}
    return {"preview": show.first_rows(batch, mapping)}
