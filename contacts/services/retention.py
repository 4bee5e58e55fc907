"""Uploaded files that are not kept any longer: those that nobody imported, and those that no import names.

The first are people's lists that nobody wants any more; the second are what a killed process or a full disk
left behind. The file of an import that began stays: the rows it has not come to can still be asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction

from contacts.models import ImportBatch
from contacts.services import story, uploads

log = structlog.get_logger(__name__)
Status = ImportBatch.Status
#: States in which nothing happens to an import unless somebody asks for it.
AT_REST = (Status.MATCHING, Status.CHECKED, Status.STOPPED, Status.FAILED)
TOGETHER = 500
#: Ends the name of a file that was still being made.
UNFINISHED = ".part"


def tidy(at: datetime) -> None:
    """Remove what is older than ``UPLOADS_KEPT_DAYS`` at that moment."""
    before = at - timedelta(days=settings.UPLOADS_KEPT_DAYS)
    unstarted = 0
    while count := _remove_unstarted(before, at):
        unstarted += count
    nameless = _remove_nameless(before)
    if unstarted or nameless:
        log.info("uploads_removed", never_imported=unstarted, of_no_import=nameless)


def _remove_unstarted(before: datetime, at: datetime) -> int:
    """The oldest files of which no row was taken in; their imports say so. How many there were."""
    old = ImportBatch.objects.filter(status__in=AT_REST, done=0, created_at__lt=before).exclude(stored="")
    said = (
        f"The file was removed on {story.in_full(at)}, because it was not imported within "
        f"{settings.UPLOADS_KEPT_DAYS} days. To import it, upload it again."
    )
    with transaction.atomic():
        found = list(old.select_for_update().order_by("pk")[:TOGETHER])
        gone = ImportBatch.objects.filter(pk__in=[batch.pk for batch in found])
        gone.update(stored="", status=Status.FAILED, problem=said)
    for batch in found:  # only now: an import that began in between keeps its file
        uploads.discard_file(batch)
    return len(found)


def _remove_nameless(before: datetime) -> int:
    """Files that no import names, and unfinished uploads. How many there were."""
    old = list(_older(uploads.folder(), before))
    named = set()
    if old:
        for pk, stored in ImportBatch.objects.values_list("pk", "stored").iterator():
            named |= {_owner(Path(stored)), str(pk)}  # its upload with what lies beside, and its list of what was left
    old = [path for path in old if path.suffix == UNFINISHED or _owner(path) not in named]
    old += _older(Path(settings.FILE_UPLOAD_TEMP_DIR), before)
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _older(folder: Path, before: datetime) -> Iterator[Path]:
    """The files of a folder that nobody wrote to since then."""
    for path in folder.iterdir():
        if path.is_file() and path.stat().st_mtime < before.timestamp():
            yield path


def _owner(path: Path) -> str:
    """What the files of one import have in common: the first part of their names."""
    return path.name.partition(".")[0]
