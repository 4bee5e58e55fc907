"""``manage.py audit_duplicates crm|CONNECTION``: how many contacts are too many, in the hub or in a MAP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from syncrules.models import Audit, Connection
from syncrules.services import audit
from syncrules.services.audit import plan_file

BY = "the command line"


class Command(BaseCommand):
    help = "Audit the duplicates of the hub (crm) or of a connection's MAP, and plan their merges."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("subject", metavar="crm|CONNECTION", help="crm for the hub, else a connection.")
        parser.add_argument("--plan", metavar="OUT.csv", help="Write the plan to this file: a row for each record.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            connection = audit.subject(options["subject"])
        except Connection.DoesNotExist:
            known = ", ".join([audit.HUB, *Connection.objects.order_by("slug").values_list("slug", flat=True)])
            raise _impossible(f"There is no “{options['subject']}” to audit. There is: {known}.") from None
        found = self._audit(connection)
        if options["plan"]:
            _write(found, Path(options["plan"]))
        rate = found.before
        if options["json"]:
            said = {"contacts": rate.contacts, "groups": rate.groups, "duplicates": rate.duplicates, "rate": rate.share}
            self.stdout.write(json.dumps(said | {"target": found.target / 100, "audit": found.pk}))
        else:
            self.stdout.write(
                f"{rate.contacts:,} contacts: {rate.groups:,} groups with {rate.duplicates:,} too many, "
                f"{rate.share:.2%}; the target is under {found.target:g}%."
            )
        if not rate.met(found.target):
            raise SystemExit(1)

    def _audit(self, connection: Connection | None) -> Audit:
        started = audit.start(connection, BY, timezone.now())
        if not audit.work(started.pk):
            raise _impossible("Another process is working on an audit of it. Wait until it is done.")
        started.refresh_from_db()
        if started.finished_at is None:
            raise _impossible(started.problem)
        return started


def _write(found: Audit, path: Path) -> None:
    try:
        plan_file.write(found, path)
    except OSError as error:
        raise _impossible(f"{path} can't be written: {error.strerror or error}.") from None


def _impossible(text: str) -> CommandError:
    return CommandError(text, returncode=2)
