"""``manage.py scan_duplicates``: search for contacts that look like one person, into the review queue."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from contacts.models import DuplicateScan
from contacts.services import duplicates

BY = "the command line"


class Command(BaseCommand):
    help = "Search for contacts that look like one person, and put them into the review queue."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--limit", type=int, metavar="N", help="Open at most N cases, the surest ones.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["limit"] is not None and options["limit"] < 0:
            raise CommandError("--limit is how many cases to open at most: 0 or more.", returncode=2)
        started = time.perf_counter()
        search = duplicates.start_scan(None, timezone.now(), BY)
        if not duplicates.run_scan(search.pk, limit=options["limit"]):
            raise CommandError(f"Another process is working on search {search.pk} already.", returncode=2)
        search.refresh_from_db()
        if search.status == DuplicateScan.Status.FAILED:
            raise CommandError(search.problem, returncode=2)
        seconds = round(time.perf_counter() - started, 2)
        if options["json"]:
            self.stdout.write(json.dumps({"pairs": search.pairs, "cases": search.cases, "seconds": seconds}))
            return
        self.stdout.write(
            f"{search.total:,} contacts: {search.pairs:,} likely pairs, {search.cases:,} new cases to review, "
            f"{search.settled:,} closed because they are no longer alike. {seconds} s."
        )
