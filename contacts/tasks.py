"""What workers do. Each task only looks at rows: it may run twice, late or never, and nothing is lost."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from contacts.models import ImportBatch
from contacts.services import imports, leases, sources


@shared_task
def sweep() -> None:
    """Find the imports that wait, or whose worker is gone, and arrivals whose source is registered by now."""
    for batch_id in leases.unfinished(timezone.now()):
        look_at_import.delay(batch_id)
    for source_id in sources.sources_with_waiting():
        run_waiting.delay(source_id)


@shared_task
def look_at_import(batch_id: int) -> None:
    """Work on an import: its dry run or the real run, as its row says."""
    status = ImportBatch.objects.filter(pk=batch_id).values_list("status", flat=True).first()
    if status == ImportBatch.Status.CHECKING:
        imports.check(batch_id)
    elif status is not None:
        imports.run(batch_id)


@shared_task
def run_waiting(source_id: int) -> None:
    """Run what a source sent before it was registered."""
    sources.run_waiting(source_id)
