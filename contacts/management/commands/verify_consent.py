"""``manage.py verify_consent``: is every consent record there, unaltered and in its place?"""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from contacts.services.consent.checking import verify


class Command(BaseCommand):
    help = "Check the chain of consent records: altered, missing and misplaced ones are named."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        found = verify()
        if options["json"]:
            told = {"records": found.records, "broken": found.broken, "problems": found.problems, "head": found.head}
            self.stdout.write(json.dumps(told))
        else:
            self.stdout.write(f"{found.records:,} records, {len(found.broken):,} broken. Last hash: {found.head}")
            for problem in found.problems:
                self.stdout.write(problem)
            if found.broken:
                self.stdout.write(f"Broken: {', '.join(map(str, found.broken[:50]))}")
        if not found.whole:
            sys.exit(1)
