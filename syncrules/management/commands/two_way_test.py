"""``manage.py two_way_test CONNECTION``: the eight checks of the playbook, Step 5, in this process, to their end."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from syncrules.connectors.trouble import Trouble
from syncrules.models import Connection, TwoWayTest
from syncrules.services import calling, two_way

BY = "the command line"


class Command(BaseCommand):
    help = "Try a connection out with test contacts on both sides: eight checks, and everything cleaned up after them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("connection", help="The short name of a connection, such as sandbox.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = Connection.objects.filter(slug=options["connection"]).first()
        if connection is None:
            known = ", ".join(Connection.objects.order_by("slug").values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no connection “{options['connection']}”. There is: {known}.", returncode=2)
        try:
            test = two_way.run_here(connection, BY, calling.connector_for(connection))
        except (Trouble, two_way.Refused) as problem:
            raise CommandError(str(problem), returncode=2) from None
        if not test.checks:
            raise CommandError(test.problem or "It was stopped.", returncode=2)
        passed = test.status == TwoWayTest.Status.PASSED
        self._print(test, passed, options["json"])
        if not passed:
            raise SystemExit(1)

    def _print(self, test: TwoWayTest, passed: bool, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"passed": passed, "checks": test.checks, "test": test.pk}))
            return
        for check in test.checks:
            said = check["evidence"]
            mark = "passed" if check["passed"] else "FAILED"
            self.stdout.write(
                f"{check['number']} {check['title']}: {mark}; expected {said['expected']}, {said['seen']}"
            )
            for case in said["cases"] if not check["passed"] else ():
                if not case["passed"]:
                    row = f", row {case['row']}" if case["row"] else ""
                    told = f"   {case['about']}, {case['field']}{row}: expected {case['expected']}, saw {case['seen']}"
                    self.stdout.write(told)
        if test.problem:
            self.stdout.write(test.problem)
