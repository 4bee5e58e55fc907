"""``manage.py person_file CONTACT --out FILE``: all that is known of one person, as JSON and as a page to read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string
from django.utils import timezone

from contacts.services.erasing.telling import person_file
from contacts.services.explain import find_contact


class Command(BaseCommand):
    help = "Write all that is known and proved of one person: FILE (JSON), and the same to read beside it (.html)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("contact", metavar="CONTACT", help="An e-mail address of the contact, or its number.")
        parser.add_argument("--out", required=True, metavar="FILE", help="Where the JSON goes.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        contact = find_contact(options["contact"])
        if contact is None:
            raise CommandError(f"There is no contact “{options['contact']}”.", returncode=2)
        told, out = person_file(contact, timezone.now()), Path(options["out"])
        text = json.dumps(told, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
        page = render_to_string("hub/person_file.html", {"contact": contact, "told": json.loads(text)})
        try:
            out.write_text(text, encoding="utf-8")
            out.with_suffix(".html").write_text(page, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{out} can't be written: {error.strerror or error}.", returncode=2) from None
        if options["json"]:
            self.stdout.write(json.dumps({"contact": contact.pk, "records": told["records"]}))
        else:
            self.stdout.write(
                f"{told['records']} records of contact #{contact.pk}: {out} and {out.with_suffix('.html')}"
            )
