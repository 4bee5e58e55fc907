"""Imports: the list, and the first step, where a file and its source are chosen. The other steps stand beside."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods

from contacts.admin import import_access as access
from contacts.admin import import_files, import_match, import_run, import_undo
from contacts.admin.import_show import bar
from contacts.admin.pages import needs, page
from contacts.models import ImportBatch, Source
from contacts.readers import UnreadableFile
from contacts.services import uploads
from contacts.services.undo.state import being_undone

PAGE = 50
SUFFIXES = ".csv,.tsv,.txt,.xlsx"
TOO_LARGE = "The file is larger than {}. Split it, and import the parts."


@needs(access.UPLOAD, access.SEE)
@require_GET
def imports(request: HttpRequest) -> HttpResponse:
    """The imports that somebody may see, the newest first."""
    before = request.GET.get("before", "")
    found = access.visible(request.user)
    rows = found.filter(pk__lt=int(before)) if before.isascii() and before.isdigit() and len(before) < 19 else found
    batches = list(rows.order_by("-id")[: PAGE + 1])
    context = {
        "lines": [_line(request.user, b) for b in batches[:PAGE]],
        "next_before": batches[PAGE - 1].pk if len(batches) > PAGE else None,
        "first_page": not before,
        "all": access.sees_all(request.user),
    }
    return page(request, "hub/imports.html", "Imports", context)


def _line(user: Any, batch: ImportBatch) -> dict[str, Any]:
    """One import in the list. The next step of one that is not finished is where its name leads."""
    mine = access.may_open(user, batch) and user.has_perm(access.UPLOAD)
    where = "import"
    if mine and batch.status == ImportBatch.Status.MATCHING:
        where = "import_match"
    elif mine and batch.status in (ImportBatch.Status.CHECKING, ImportBatch.Status.CHECKED):
        where = "import_check"
    parts = bar(batch.counts)
    told = ", ".join(f"{part['count']:,} {part['label']}" for part in parts if part["count"])
    return {"batch": batch, "link": reverse(f"hub:{where}", args=[batch.pk]), "bar": parts, "told": told,
            "being_undone": being_undone(batch)}  # fmt: skip


@needs(access.UPLOAD)
@require_http_methods(["GET", "POST"])
@csrf_exempt
def import_new(request: HttpRequest) -> HttpResponse:
    """Choose source and file. The token is checked inside, so that a file above the cap gets its sentence."""
    try:
        with uploads.room_or_sentence():
            request.POST  # noqa: B018 (reading it takes in the upload)
    except RequestDataTooBig:
        return _not_taken_in(request, TOO_LARGE.format(_cap()), 413)
    except uploads.NoRoom as error:
        return _not_taken_in(request, str(error), 507)
    return _import_new(request)


def _not_taken_in(request: HttpRequest, problem: str, status: int) -> HttpResponse:
    """The form again, for an upload that broke off: nothing of it can be read any more."""
    request.POST = QueryDict()  # type: ignore[misc]
    return _form(request, problem=problem, status=status)


@csrf_protect
def _import_new(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _form(request, source=request.GET.get("source", ""))
    chosen, file = request.POST.get("source", ""), request.FILES.get("file")
    source = _sources().filter(slug=chosen).first()
    if source is None:
        return _form(request, source=chosen, problem="Choose the source that the file comes from.", status=400)
    if file is None or not file.name:
        return _form(request, source=chosen, problem="Choose a file: CSV or XLSX.", status=400)
    return _take_file(request, source, file)


def _take_file(request: HttpRequest, source: Source, file: UploadedFile) -> HttpResponse:
    if file.size and file.size > settings.MAX_UPLOAD_BYTES:
        return _form(request, source=source.slug, problem=TOO_LARGE.format(_cap()), status=413)
    try:
        batch, _ = uploads.open_batch(file, file.name or "", source, at=timezone.now(), user=request.user)
    except UnreadableFile as error:
        problem = f"“{file.name}” was not taken. {error}"
        return _form(request, source=source.slug, problem=problem, status=400)
    except uploads.NoRoom as error:
        return _form(request, source=source.slug, problem=str(error), status=507)
    return redirect("hub:import_match", batch.pk)


def _form(request: HttpRequest, *, source: str = "", problem: str = "", status: int = 200) -> HttpResponse:
    context = {
        "sources": _sources(),
        "chosen": source,
        "problem": problem,
        "cap": _cap(),
        "cap_bytes": settings.MAX_UPLOAD_BYTES,
        "suffixes": SUFFIXES,
        "kept_days": settings.UPLOADS_KEPT_DAYS,
        "step": 1,
    }
    return page(request, "hub/import_new.html", "New import", context, trail=access.trail(), status=status)


def _sources() -> QuerySet[Source]:
    in_use = Source.objects.exclude(status=Source.Status.RETIRED)
    return in_use.select_related("entry_stage", "owner").order_by("name")


def _cap() -> str:
    return filesizeformat(settings.MAX_UPLOAD_BYTES)


urlpatterns = [
    path("imports/", imports, name="imports"),
    path("imports/new/", import_new, name="import_new"),
    path("imports/<int:pk>/match/", import_match.match, name="import_match"),
    path("imports/<int:pk>/preview/", import_match.preview, name="import_preview"),
    path("imports/<int:pk>/read-again/", import_match.read_again, name="import_read_again"),
    path("imports/<int:pk>/check/", import_run.check, name="import_check"),
    path("imports/<int:pk>/", import_run.batch_page, name="import"),
    path("imports/<int:pk>/stop/", import_run.stop, name="import_stop"),
    path("imports/<int:pk>/resume/", import_run.resume, name="import_resume"),
    path("imports/<int:pk>/undo/", import_undo.take_back, name="import_undo"),
    path("imports/<int:pk>/left.csv", import_undo.left, name="import_left"),
    path("imports/<int:pk>/outcomes.csv", import_files.outcomes, name="import_outcomes"),
    path("imports/<int:pk>/not-taken.csv", import_files.not_taken, name="import_not_taken"),
    path("imports/<int:pk>/rows-left.csv", import_files.rows_left, name="import_rows_left"),
]
