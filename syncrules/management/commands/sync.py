"""``manage.py sync CONNECTION [--full]``: one whole round with a MAP, in this process and to its end."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from syncrules.connectors.trouble import Trouble
from syncrules.models import Connection
from syncrules.services import calling
from syncrules.services.sync import pausing, rounds, runs
from syncrules.services.sync.counting import Counts
from syncrules.services.sync.deciding import NoWorksheet
from syncrules.services.sync.scope import WORKING

#: What the command's JSON holds.
KEYS = ("pulled", "pushed", "echoes", "kept", "refused", "held", "conflicts", "errors")


class Command(BaseCommand):
    help = "Pull what changed in a MAP and send what changed here. It needs no worker, and runs beside them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("connection", help="The short name of a connection, such as sandbox.")
        parser.add_argument("--full", action="store_true", help="Compare every record and every contact.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = _connection(options["connection"])
        pausing.try_now(connection, timezone.now())
        try:
            connector = calling.connector_for(connection)
            counts = rounds.whole_round(connection, connector, timezone.now, full=options["full"])
        except (Trouble, NoWorksheet, runs.AlreadyRunning) as problem:
            raise CommandError(str(problem), returncode=2) from None
        connection.refresh_from_db()
        if connection.trouble and not counts:
            raise CommandError(f"{connection.name} could not be called: {connection.trouble}", returncode=2)
        self._print(counts, options["json"])
        if connection.trouble:
            raise CommandError(f"It ended early: {connection.trouble}", returncode=1)
        if counts.errors:
            raise CommandError(f"{counts.errors:,} did not go through; see the errors of the connection.", returncode=1)

    def _print(self, counts: Counts, as_json: bool) -> None:
        done = {name: number for name, number in counts.as_json().items() if name in KEYS}
        words = "\n".join(f"{name:10}{number:>10,}" for name, number in done.items())
        self.stdout.write(json.dumps(done) if as_json else words)


def _connection(slug: str) -> Connection:
    """The connection of this name, live or in its pilot."""
    connection = Connection.objects.filter(slug=slug).first()
    if connection is None:
        known = ", ".join(Connection.objects.order_by("slug").values_list("slug", flat=True)) or "none"
        raise CommandError(f"There is no connection “{slug}”. There is: {known}.", returncode=2)
    if connection.state not in WORKING:
        why = f" {connection.state_reason}" if connection.state_reason else ""
        state = connection.get_state_display()
        raise CommandError(
            f"{connection.name} is {state}, so nothing is synced.{why} Its go-live page says what comes next.",
            returncode=2,
        )
    return connection
