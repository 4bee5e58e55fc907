"""``manage.py unmerge MERGE``: take a merge back, and say what could not be placed."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from contacts.services import merging, story
from contacts.services.merging.words import parting_lines


class Command(BaseCommand):
    help = "Take a merge back: both people as they were, and what happened since on the side it belongs to."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("merge", metavar="MERGE", help="The number of the merge.")
        parser.add_argument(
            "--place",
            metavar="WHAT=SIDE",
            action="append",
            default=[],
            help="Where something new since the merge belongs: kept or lost. Without it, it stays. Repeatable.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen; write nothing.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        number, place = _number(options["merge"]), dict(map(_placed, options["place"]))
        try:
            plan = merging.plan_unmerge(number, place)
            if not options["dry_run"]:
                merging.unmerge(number, place=place, user=None, at=timezone.now())
        except merging.MergeRefused as error:
            raise _impossible(str(error)) from None
        if options["json"]:
            merge = plan.merge
            said = {"merge": merge.pk, "kept": merge.kept_id, "lost": merge.lost_id, "moved": plan.counts}
            unplaced = [part.name for part in plan.unplaced if part.name not in place]
            self.stdout.write(json.dumps(said | {"unplaced": unplaced}))
            return
        head = "Dry run, nothing written" if options["dry_run"] else f"Merge {number} taken back"
        first, *rest = parting_lines(plan, story.load_names())
        self.stdout.write("\n".join([f"{head}: {first}", *rest]))


def _number(text: str) -> int:
    text = text.strip().removeprefix("#")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise _impossible(f"There is no merge “{text}”.")
    return int(text)


def _placed(text: str) -> tuple[str, str]:
    name, equals, side = text.partition("=")
    if not equals:
        raise _impossible(f"“{text}” places nothing: write it as job_title=lost.")
    return name.strip(), side.strip()


def _impossible(text: str) -> CommandError:
    return CommandError(" ".join(text.split()), returncode=2)
