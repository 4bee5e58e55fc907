"""The files that come out of an import: sent while they are read, for who made it and for ops."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from contacts import exports
from contacts.admin import import_access as access
from contacts.admin.pages import needs
from contacts.models import ImportBatch
from contacts.readers import UnreadableFile
from contacts.services import outcomes as files


@needs(access.UPLOAD)
@require_GET
def outcomes(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Every row with its outcome."""
    batch = access.own(request.user, pk)
    rows = chain([files.OUTCOME_COLUMNS], ([str(c) for c in row] for row in files.outcome_rows(batch)))
    return send(request, batch, "outcomes", rows)


@needs(access.UPLOAD)
@require_GET
def not_taken(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The rejected rows in the upload's own columns, with the reason behind."""
    batch = access.own(request.user, pk)
    return send(request, batch, "not-taken", files.not_taken_rows(batch))


@needs(access.UPLOAD)
@require_GET
def rows_left(request: HttpRequest, pk: int) -> HttpResponse | StreamingHttpResponse:
    """The rows that have no outcome yet. A file that can't be read any more says so instead."""
    batch = access.own(request.user, pk)
    rows = files.rows_left(batch)
    try:
        first = [row for _, row in zip(range(2), rows, strict=False)]
    except UnreadableFile as error:
        messages.error(request, f"The rows left can’t be read any more. {error}")
        return redirect("hub:import", batch.pk)
    return send(request, batch, "rows-left", chain(first, rows))


def send(request: HttpRequest, batch: ImportBatch, what: str, rows: Iterable[list[str]]) -> StreamingHttpResponse:
    """Rows as a CSV that is named after the import's file; that somebody took it stands in the log."""
    about: dict[str, Any] = {"what": f"import {what}", "batch": batch.pk, "who": request.user.get_username()}
    answer = StreamingHttpResponse(exports.csv_lines(exports.noted(rows, **about)), content_type=exports.CSV_TYPE)
    stem = "".join(c for c in Path(batch.filename).stem if c.isprintable())
    answer["Content-Disposition"] = content_disposition_header(True, f"{stem}-{what}.csv")
    return answer
