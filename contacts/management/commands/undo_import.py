"""``manage.py undo_import BATCH``: take an import back, or say what that would do."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from contacts.models import ImportBatch
from contacts.services import story
from contacts.services.undo import CannotUndo, Undo, plan_undo, undo_import

BY = "the command line"
#: Lines of each kind that are printed for people; --json has all of what is left.
SHOWN = 20


class Command(BaseCommand):
    help = "Take an import back: remove what it made, empty what it filled, and list what stays and why."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("batch", metavar="BATCH", help="The number of the import.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen; write nothing.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        batch = _find(options["batch"])
        try:
            found = plan_undo(batch) if options["dry_run"] else undo_import(batch.pk, by=BY, at=timezone.now())
        except CannotUndo as error:
            raise CommandError(str(error), returncode=2) from None
        if options["json"]:
            self.stdout.write(json.dumps(_result(found), ensure_ascii=False))
        else:
            self._tell(batch, found, dry_run=options["dry_run"])

    def _tell(self, batch: ImportBatch, found: Undo, *, dry_run: bool) -> None:
        if found.done_before:
            self.stdout.write(f"Import {batch.pk} ({batch.filename}) was taken back already. Nothing was done.")
            return
        names = story.load_names()
        would = "would be " if dry_run else ""
        self.stdout.write(
            f"Import {batch.pk} ({batch.filename}): {len(found.removed):,} contacts {would}removed, "
            f"{len(found.emptied):,} values {would}emptied, {len(found.left):,} things left."
        )
        for item in found.left[:SHOWN]:
            what = f", {names.label(item.field)}" if item.field else ""
            self.stdout.write(f"  left: {item.who} (#{item.contact}){what}: {item.reason}")
        if len(found.left) > SHOWN:
            self.stdout.write(f"  and {len(found.left) - SHOWN:,} more (--json lists them all)")


def _find(text: str) -> ImportBatch:
    known = text.isascii() and text.isdigit() and len(text) < 19
    batch = ImportBatch.objects.filter(pk=int(text)).first() if known else None
    if batch is None:
        raise CommandError(f"There is no import “{' '.join(text.split())}”.", returncode=2)
    return batch


def _result(found: Undo) -> dict[str, Any]:
    """Counts under the names that stay; what was left, and why, in a list beside them."""
    return {
        "removed": len(found.removed),
        "emptied": len(found.emptied),
        "left": len(found.left),
        "reasons": [{"contact": i.contact, "field": i.field, "reason": i.reason} for i in found.left],
        "cases_closed": len(found.closed),
    }
