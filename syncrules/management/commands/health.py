"""``manage.py health``: the four figures against their targets, worked out now and kept as a report."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from syncrules.domain.scorecard import TITLES, headline
from syncrules.models import HealthReport
from syncrules.services import health

BY = "the command line"
MARKS = {True: "met", False: "NOT MET", None: "can't be said yet"}
KEYS = ("value", "target", "passed", "sample")


class Command(BaseCommand):
    help = "Work health out: duplicate rate, attribution, stage consistency, overwrite incidents."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, metavar="N", help="Draw the samples with this seed; else today's date.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        seed = options["seed"]
        if seed is not None and not 0 <= seed < 2**63:
            raise CommandError("--seed is a whole number from 0 on.", returncode=2)
        started = health.start(BY, timezone.now(), seed)
        if not health.work(started.pk):
            raise CommandError(f"A worker took report {started.pk} over; it is kept there.", returncode=2)
        started.refresh_from_db()
        if started.status == HealthReport.Status.FAILED:
            raise CommandError(started.problem, returncode=2)
        figures = {name: started.figures[name] for name in TITLES}
        if options["json"]:
            said = {name: {key: one[key] for key in (*KEYS, "shown", "note")} for name, one in figures.items()}
            self.stdout.write(json.dumps(said | {"report": started.pk, "seed": started.seed, "day": started.day}))
        else:
            self._tell(started, figures)
        if any(one["passed"] is False for one in figures.values()):
            raise SystemExit(1)

    def _tell(self, report: HealthReport, figures: dict[str, dict[str, Any]]) -> None:
        for name, one in figures.items():
            note = f"; {one['note']}" if one["note"] else ""
            self.stdout.write(f"{TITLES[name]}: {one['shown']}, target {one['aim']}: {MARKS[one['passed']]}{note}")
        self.stdout.write(f"{headline(figures.values())}. Report {report.pk}, samples drawn with seed {report.seed}.")
