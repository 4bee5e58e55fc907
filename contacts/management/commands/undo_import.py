"""``manage.py undo_import BATCH``: take an import back, and say what was removed, emptied and left."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from contacts.models import ImportBatch
from contacts.services import story, undo

BY = "the command line"
#: At most this many of each kind are listed; all are counted.
LISTED = 1000


class Command(BaseCommand):
    help = "Take an import back: remove the contacts it created and empty what it filled, unless touched since."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("batch", metavar="BATCH", help="The number of the import.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen; write nothing.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        batch = _batch(options["batch"])
        shown = 0 if options["json"] else LISTED
        try:
            if options["dry_run"]:
                plan = undo.plan_undo(batch, shown=shown)
            else:
                tell = (lambda state: None) if options["json"] else self._progress
                plan = undo.undo_import(batch.pk, actor=BY, user_id=None, shown=shown, tell=tell)
        except undo.CannotUndo as error:
            raise CommandError(str(error), returncode=2) from None
        if options["json"]:
            self.stdout.write(json.dumps(dict(plan.counts)))
            return
        head = f"Dry run, nothing written: import {batch.pk}" if options["dry_run"] else f"Import {batch.pk} taken back"
        self.stdout.write("\n".join([f"{head} ({batch.filename}): {_totals(plan)}", *_lists(plan)]))

    def _progress(self, state: undo.State) -> None:
        self.stderr.write(f"{state.done:,} of {state.total:,} contacts", ending="\r")
        self.stderr.flush()


def _batch(text: str) -> ImportBatch:
    """The import of that number."""
    number = text.strip().removeprefix("#")
    known = number.isascii() and number.isdigit() and len(number) < 19
    batch = ImportBatch.objects.filter(pk=int(number)).first() if known else None
    if batch is None:
        raise CommandError(f"There is no import “{' '.join(text.split())}”.", returncode=2)
    return batch


def _totals(plan: undo.UndoPlan) -> str:
    counts = plan.counts
    said = f"{counts['removed']:,} contacts removed, {counts['emptied']:,} values emptied, {counts['left']:,} left."
    if plan.cases_closed:
        said += f" Review cases closed: {plan.cases_closed:,}."
    if plan.cases_left:
        said += f" Review cases that stay open, because other records wait in them too: {plan.cases_left:,}."
    return said


def _lists(plan: undo.UndoPlan) -> Iterator[str]:
    names = story.load_names()
    yield from _list("Removed", plan.counts["removed"], [f"{name}, contact #{pk}" for pk, name in plan.removed])
    emptied = [f"{e.name}, contact #{e.contact}: {names.label(e.field)}, was “{e.value}”" for e in plan.emptied]
    yield from _list("Emptied", plan.counts["emptied"], emptied)
    left = [(f"{names.label(e.field)}: " if e.field else "", e) for e in plan.left]
    lines = [f"{e.name}, contact #{e.contact}: {label}{e.reason}" for label, e in left]
    yield from _list("Left", plan.counts["left"], lines)


def _list(title: str, count: int, lines: Sequence[str]) -> Iterator[str]:
    if not count:
        return
    yield f"\n{title}:"
    yield from (f"  {line}" for line in lines)
    if count > len(lines):
        yield f"  and {count - len(lines):,} more"
