"""What workers do. Each task only looks at rows: it may run twice, late or never, and nothing is lost."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from contacts.services import bulk_edit, duplicates, erasing, imports, leases, retention, sources, undo
from contacts.services.review import many


@shared_task
def sweep() -> None:
    """Find work that waits or whose worker is gone, and arrivals whose source is registered by now."""
    for batch_id in {*leases.unfinished(timezone.now()), *undo.unfinished(timezone.now())}:
        look_at_import.delay(batch_id)
    for source_id in sources.sources_with_waiting():
        run_waiting.delay(source_id)
    for scan_id in duplicates.unfinished(timezone.now()):
        look_at_scan.delay(scan_id)
    for bulk_id in many.unfinished(timezone.now()):
        look_at_bulk.delay(bulk_id)
    for edit_id in bulk_edit.unfinished(timezone.now()):
        look_at_edit.delay(edit_id)
    for erasure_id in erasing.unfinished():
        finish_erasure.delay(erasure_id)


@shared_task
def look_at_import(batch_id: int) -> None:
    """Work on an import, as its row says: its dry run, the real run, a look at taking it back, or that."""
    imports.check(batch_id)
    imports.run(batch_id)
    undo.look(batch_id)
    undo.undo(batch_id)


@shared_task
def run_waiting(source_id: int) -> None:
    """Run what a source sent before it was registered."""
    sources.run_waiting(source_id)


@shared_task
def look_at_scan(scan_id: int) -> None:
    """Work on a search for likely duplicates."""
    duplicates.run_scan(scan_id)


@shared_task
def look_at_bulk(bulk_id: int) -> None:
    """Work on one decision for many cases."""
    many.work(bulk_id)


@shared_task
def look_at_edit(edit_id: int) -> None:
    """Work on one edit of many contacts."""
    bulk_edit.work(edit_id)


@shared_task
def finish_erasure(erasure_id: int) -> None:
    """Remove what a killed process left behind of somebody who was forgotten."""
    erasing.finish(erasure_id, timezone.now())


@shared_task
def nightly() -> None:
    """Start the night's search for likely duplicates, once; the next sweep finds it."""
    duplicates.start_nightly(timezone.now())


@shared_task
def tidy_uploads() -> None:
    """Remove the uploads that nobody imported, and files that no import names."""
    retention.tidy(timezone.now())
