"""``manage.py erase CONTACT --reason TEXT``: forget a person."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from contacts.services.erasing import Refused, erase
from contacts.services.explain import find_contact
from contacts.services.merging.planning import COMMAND_LINE


class Command(BaseCommand):
    help = "Remove a person from the hub. The suppression entry and the record that it was done stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("contact", metavar="CONTACT", help="An e-mail address of the contact, or its number.")
        parser.add_argument("--reason", required=True, metavar="TEXT", help="Why. It stays: don't name the person.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        contact = find_contact(options["contact"])
        if contact is None:
            raise CommandError(f"There is no contact “{options['contact']}”.", returncode=2)
        try:
            done = erase(contact.pk, reason=options["reason"], by=COMMAND_LINE, at=timezone.now())
        except Refused as error:
            raise CommandError(str(error), returncode=2) from None
        if options["json"]:
            self.stdout.write(json.dumps({"erased": done.contact_id, "connections": done.connections}))
        else:
            told = f" {', '.join(done.connections)} will delete them too." if done.connections else ""
            self.stdout.write(f"Contact #{done.contact_id} is forgotten (erasure {done.pk}).{told}")
