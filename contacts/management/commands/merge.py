"""``manage.py merge KEEP LOSE``: make two contacts one, or say what that would do."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from contacts.models import Contact
from contacts.services import merging
from contacts.services.explain import find_contact
from contacts.services.merging import relations
from contacts.services.merging.words import counted, listed, preview_lines


class Command(BaseCommand):
    help = "Merge the second contact into the first. Nothing is deleted, and “unmerge” takes it back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("keep", metavar="KEEP", help="The contact that stays: an e-mail address or a number.")
        parser.add_argument("lose", metavar="LOSE", help="The contact that becomes part of it.")
        parser.add_argument(
            "--take", metavar="FIELD", action="append", default=[], help="Take LOSE's value of this field. Repeatable."
        )
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen; write nothing.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        kept, lost = _contact(options["keep"]), _contact(options["lose"])
        if kept.pk == lost.pk:
            raise _impossible(f"“{options['keep']}” and “{options['lose']}” are one contact already, #{kept.pk}.")
        picks = dict.fromkeys(options["take"], lost.pk)
        try:
            preview = merging.preview(kept.pk, [lost.pk], picks)
            if options["dry_run"]:
                moved = relations.counts([lost.pk])
                done, counts = None, {key: found.get(lost.pk, 0) for key, found in moved.items()}
            else:
                done = merging.merge(kept.pk, [lost.pk], picks=picks, user=None, at=timezone.now())[0]
                counts = merging.moved(done)
        except merging.MergeRefused as error:
            raise _impossible(str(error)) from None
        if options["json"]:
            said = {"merge": done.pk if done else None, "kept": kept.pk, "lost": lost.pk, "moved": counts}
            self.stdout.write(json.dumps(said))
            return
        head = f"Merge {done.pk}" if done else "Dry run, nothing written"
        tail = [f"Moved: {listed(counted(counts))}. Take it back with: unmerge {done.pk}"] if done else []
        lines = list(preview_lines(preview))
        self.stdout.write("\n".join([f"{head}: {lines[0]}", *(lines[1:-1] if done else lines[1:]), *tail]))


def _contact(text: str) -> Contact:
    contact = find_contact(text)
    if contact is None:
        raise _impossible(f"There is no contact “{text}”.")
    return contact


def _impossible(text: str) -> CommandError:
    return CommandError(" ".join(text.split()), returncode=2)
